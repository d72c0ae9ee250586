/* klprove-litmus.h - klprove.h reads it last where a model is exported as a litmus test.
 *
 * Sequential consistency needs no difference between READ_ONCE() and smp_load_acquire(); the kernel's
 * memory model does.  Here each word says its name right before its access.  The operand
 * is evaluated first, so nothing can come between the two.
 */
#ifndef KLPROVE_LITMUS_H
#define KLPROVE_LITMUS_H

void __klprove_word(const char *word);

#define __klprove_load(word, p)	({ __klprove_word(word); *(const volatile __typeof__(*(p)) *)(p); })
#define __klprove_store(word, p, v)	\
	({ __typeof__(*(p)) __v = (v); __klprove_word(word); \
	   *(volatile __typeof__(*(p)) *)(p) = __v; })
#define __klprove_update(op, word, p, v)	\
	({ int __v = (v); __klprove_word(word); (int)op((p), sizeof(*(p)), (unsigned long)__v); })
#define __klprove_swap(word, p, o, n)	\
	({ int __o = (o); int __n = (n); __klprove_word(word); \
	   (int)__klprove_cmpxchg((p), sizeof(*(p)), (unsigned long)__o, (unsigned long)__n); })

#undef READ_ONCE
#undef WRITE_ONCE
#undef ACCESS_ONCE
#undef smp_load_acquire
#undef smp_store_release
#define READ_ONCE(x)		__klprove_load("READ_ONCE", &(x))
#define WRITE_ONCE(x, v)	__klprove_store("WRITE_ONCE", &(x), v)
#define ACCESS_ONCE(x)	\
	(*(__klprove_word("ACCESS_ONCE"), (volatile __typeof__(x) *)&(x)))
#define smp_load_acquire(p)	__klprove_load("smp_load_acquire", p)
#define smp_store_release(p, v)	__klprove_store("smp_store_release", p, v)

#undef xchg
#undef cmpxchg
#define xchg(p, v)		__klprove_update(__klprove_xchg, "xchg", p, v)
#define cmpxchg(p, o, n)	__klprove_swap("cmpxchg", p, o, n)

#undef atomic_read
#undef atomic_set
#undef atomic_fetch_add
#undef atomic_add
#undef atomic_sub
#undef atomic_xchg
#undef atomic_cmpxchg
#define __klprove_int(p)	((int *)(p))
#define atomic_read(p)		__klprove_load("atomic_read", __klprove_int(p))
#define atomic_set(p, v)	((void)__klprove_store("atomic_set", __klprove_int(p), v))
#define atomic_fetch_add(v, p)	\
	__klprove_update(__klprove_add, "atomic_fetch_add", __klprove_int(p), v)
#define atomic_add(v, p)	\
	((void)__klprove_update(__klprove_add, "atomic_add", __klprove_int(p), v))
#define atomic_sub(v, p)	atomic_add(-(v), p)
#define atomic_xchg(p, v)	__klprove_update(__klprove_xchg, "atomic_xchg", __klprove_int(p), v)
#define atomic_cmpxchg(p, o, n)	__klprove_swap("atomic_cmpxchg", __klprove_int(p), o, n)

#undef smp_mb__before_atomic
#undef smp_mb__after_atomic
#define smp_mb()		__klprove_word("smp_mb")
#define smp_rmb()		__klprove_word("smp_rmb")
#define smp_wmb()		__klprove_word("smp_wmb")
#define barrier()		__klprove_word("barrier")
#define smp_mb__before_atomic()	__klprove_word("smp_mb__before_atomic")
#define smp_mb__after_atomic()	__klprove_word("smp_mb__after_atomic")

#endif
