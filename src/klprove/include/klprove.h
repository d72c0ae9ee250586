/* klprove.h - the words of the klprove model language.
 *
 * A model is ordinary GNU C (gnu11, x86-64) plus this header; see
 * docs/language.md.  gcc -fsyntax-only accepts it too: everything that only
 * klprove understands is an attribute that gcc does not see, or a call of one
 * of the functions __klprove_*() declared here, which have no body.
 */
#ifndef KLPROVE_H
#define KLPROVE_H

#ifdef __clang__
#define __klprove_note(text)	__attribute__((annotate("klprove:" text)))
#else
#define __klprove_note(text)
#endif
#define __klprove_str1(x)	#x
#define __klprove_str(x)	__klprove_str1(x)
#define __klprove_cat1(a, b)	a##b
#define __klprove_cat(a, b)	__klprove_cat1(a, b)

/* ---- contexts ---------------------------------------------------------- */

#define ALL			(-1)	/* as a cpu: one instance on every CPU */

#define __task(cpu)		__klprove_note("context:task:" __klprove_str(cpu))
#define __softirq(cpu)		__klprove_note("context:softirq:" __klprove_str(cpu))
#define __irq(cpu)		__klprove_note("context:irq:" __klprove_str(cpu))
#define __nmi(cpu)		__klprove_note("context:nmi:" __klprove_str(cpu))
#define __exception(cpu)	__klprove_note("context:exception:" __klprove_str(cpu))

void iret_reenables_nmi(void);

/* The CPU's interrupt flag.  flags is an unsigned long lvalue. */
void local_irq_disable(void);
void local_irq_enable(void);
unsigned long __klprove_irq_save(void);
void __klprove_irq_restore(unsigned long flags);
int irqs_disabled(void);
#define local_irq_save(flags)	do { (flags) = __klprove_irq_save(); } while (0)
#define local_irq_restore(flags) __klprove_irq_restore(flags)
#define raw_local_irq_disable()	local_irq_disable()
#define raw_local_irq_enable()	local_irq_enable()
#define raw_local_irq_save(flags)	local_irq_save(flags)
#define raw_local_irq_restore(flags)	local_irq_restore(flags)
#define arch_local_irq_disable() local_irq_disable()
#define arch_local_irq_enable()	local_irq_enable()
#define raw_irqs_disabled()	irqs_disabled()

/* Several tasks on a CPU: the place where another one may run. */
void schedule(void);

/* ---- objects ----------------------------------------------------------- */

#define __percpu		__klprove_note("percpu")
#define DEFINE_PER_CPU(type, name)	__percpu __typeof__(type) name
#define DECLARE_PER_CPU(type, name)	extern __percpu __typeof__(type) name

/* Counts modulo 2^bits: an assumption that the verdict names. */
#define __wraps(bits)		__klprove_note("wraps:" __klprove_str(bits))

/* With every read of the object, right after it, hook() runs in the same step. */
#define __on_read(hook)		__klprove_note("on_read:" #hook)

int smp_processor_id(void);
#define raw_smp_processor_id()	smp_processor_id()

void *__klprove_this_cpu(const volatile void *copy0);
void *__klprove_per_cpu(const volatile void *copy0, int cpu);
#define this_cpu(x)		(*(__typeof__(&(x)))__klprove_this_cpu(&(x)))
#define per_cpu(x, cpu)		(*(__typeof__(&(x)))__klprove_per_cpu(&(x), (cpu)))
#define this_cpu_ptr(p)		((__typeof__(p))__klprove_this_cpu(p))
#define raw_cpu_ptr(p)		this_cpu_ptr(p)
#define per_cpu_ptr(p, cpu)	((__typeof__(p))__klprove_per_cpu((p), (cpu)))
#define get_cpu_var(x)		this_cpu(x)
#define put_cpu_var(x)		do { } while (0)
#define this_cpu_read(x)	this_cpu(x)
#define __this_cpu_read(x)	this_cpu(x)
#define raw_cpu_read(x)		this_cpu(x)
#define this_cpu_write(x, v)	(this_cpu(x) = (v))
#define __this_cpu_write(x, v)	(this_cpu(x) = (v))
/* One instruction, hence one step; without a lock prefix, so its write goes through the store buffer. */
#define this_cpu_add(x, v)	((void)__klprove_cpu_add(&this_cpu(x), sizeof(x), (unsigned long)(v)))
#define this_cpu_sub(x, v)	((void)__klprove_cpu_add(&this_cpu(x), sizeof(x), -(unsigned long)(v)))
#define this_cpu_inc(x)		this_cpu_add(x, 1)
#define this_cpu_dec(x)		this_cpu_sub(x, 1)
#define this_cpu_or(x, v)	((void)__klprove_cpu_or(&this_cpu(x), sizeof(x), (unsigned long)(v)))
#define this_cpu_and(x, v)	((void)__klprove_cpu_and(&this_cpu(x), sizeof(x), (unsigned long)(v)))
#define __this_cpu_add(x, v)	this_cpu_add(x, v)
#define __this_cpu_sub(x, v)	this_cpu_sub(x, v)
#define __this_cpu_inc(x)	this_cpu_inc(x)
#define __this_cpu_dec(x)	this_cpu_dec(x)
#define raw_cpu_add_4(x, v)	this_cpu_add(x, v)

/* The object that p points to, sizeof(*p) bytes, is gone. */
void __klprove_kfree(const volatile void *p, unsigned long size);
#define kfree(p)		__klprove_kfree((p), sizeof(*(p)))

/* ---- accesses ---------------------------------------------------------- */

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define ACCESS_ONCE(x)		(*(volatile __typeof__(x) *)&(x))
#define smp_load_acquire(p)	READ_ONCE(*(p))
#define smp_store_release(p, v)	WRITE_ONCE(*(p), (v))

/* Each takes the old value, zero-extended from size bytes; one step each. */
unsigned long __klprove_xchg(volatile void *p, unsigned long size, unsigned long v);
unsigned long __klprove_cmpxchg(volatile void *p, unsigned long size,
				unsigned long old, unsigned long new_);
unsigned long __klprove_add(volatile void *p, unsigned long size, unsigned long v);
unsigned long __klprove_and(volatile void *p, unsigned long size, unsigned long v);
unsigned long __klprove_or(volatile void *p, unsigned long size, unsigned long v);
unsigned long __klprove_xor(volatile void *p, unsigned long size, unsigned long v);
/* The same without a lock prefix: one instruction, atomic towards its own CPU only. */
unsigned long __klprove_cpu_xchg(volatile void *p, unsigned long size, unsigned long v);
unsigned long __klprove_cpu_cmpxchg(volatile void *p, unsigned long size,
				    unsigned long old, unsigned long new_);
unsigned long __klprove_cpu_add(volatile void *p, unsigned long size, unsigned long v);
unsigned long __klprove_cpu_and(volatile void *p, unsigned long size, unsigned long v);
unsigned long __klprove_cpu_or(volatile void *p, unsigned long size, unsigned long v);

#define xchg(p, v)		((__typeof__(*(p)))__klprove_xchg((p), sizeof(*(p)), (unsigned long)(v)))
#define cmpxchg(p, o, n)	((__typeof__(*(p)))__klprove_cmpxchg((p), sizeof(*(p)), \
					(unsigned long)(o), (unsigned long)(n)))
#define this_cpu_xchg(x, v)	((__typeof__(x))__klprove_cpu_xchg(&this_cpu(x), sizeof(x), \
					(unsigned long)(v)))
#define this_cpu_cmpxchg(x, o, n) ((__typeof__(x))__klprove_cpu_cmpxchg(&this_cpu(x), sizeof(x), \
					(unsigned long)(o), (unsigned long)(n)))
#define set_bit(nr, p)		((void)__klprove_or((p), sizeof(*(p)), 1UL << (nr)))
#define clear_bit(nr, p)	((void)__klprove_and((p), sizeof(*(p)), ~(1UL << (nr))))
#define test_bit(nr, p)		((int)((READ_ONCE(*(p)) >> (nr)) & 1))
#define test_and_set_bit(nr, p)	((int)((__klprove_or((p), sizeof(*(p)), 1UL << (nr)) >> (nr)) & 1))
#define test_and_clear_bit(nr, p) ((int)((__klprove_and((p), sizeof(*(p)), ~(1UL << (nr))) >> (nr)) & 1))

/* p points to an int, an atomic_t or any integer object. */
typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic_long_t;
typedef atomic_long_t atomic64_t;
#define ATOMIC_INIT(i)		{ (i) }
#define __klprove_counter(p)	(*(int *)(p))
#define atomic_read(p)		(*(const volatile int *)(p))
#define atomic_set(p, v)	((void)(*(volatile int *)(p) = (v)))
#define atomic_fetch_add(v, p)	((int)__klprove_add((p), 4, (unsigned long)(v)))
#define atomic_add_return(v, p)	((int)(atomic_fetch_add(v, p) + (v)))
#define atomic_sub_return(v, p)	atomic_add_return(-(v), p)
#define atomic_inc_return(p)	atomic_add_return(1, p)
#define atomic_dec_return(p)	atomic_add_return(-1, p)
#define atomic_add(v, p)	((void)atomic_fetch_add(v, p))
#define atomic_sub(v, p)	((void)atomic_fetch_add(-(v), p))
#define atomic_inc(p)		atomic_add(1, p)
#define atomic_dec(p)		atomic_sub(1, p)
#define atomic_dec_and_test(p)	(atomic_dec_return(p) == 0)
#define atomic_inc_not_zero(p)	({ int __c; do { __c = atomic_read(p); } while (__c && \
					atomic_cmpxchg(p, __c, __c + 1) != __c); __c != 0; })
#define atomic_or(v, p)		((void)__klprove_or((p), 4, (unsigned long)(v)))
#define atomic_and(v, p)	((void)__klprove_and((p), 4, (unsigned long)(v)))
#define atomic_andnot(v, p)	((void)__klprove_and((p), 4, ~(unsigned long)(v)))
#define atomic_xchg(p, v)	((int)__klprove_xchg((p), 4, (unsigned int)(v)))
#define atomic_cmpxchg(p, o, n)	((int)__klprove_cmpxchg((p), 4, (unsigned int)(o), (unsigned int)(n)))

/* No step of their own under sequential consistency; smp_mb() is one under TSO. */
void smp_mb(void);
void smp_rmb(void);
void smp_wmb(void);
void barrier(void);
#define mb()			smp_mb()
#define rmb()			smp_rmb()
#define wmb()			smp_wmb()
#define smp_mb__before_atomic()	barrier()	/* as on x86: the lock prefix is a fence */
#define smp_mb__after_atomic()	barrier()
#define cpu_relax()		barrier()

/* Scalar by scalar: each is a step. The size is a small constant. */
void *memcpy(void *to, const void *from, unsigned long size);
void *memmove(void *to, const void *from, unsigned long size);
void *memset(void *to, int byte, unsigned long size);

/* ---- choice, blocking, properties -------------------------------------- */

void __klprove_await(_Bool cond);
void __klprove_assume(_Bool cond);
int choose(int n);			/* any of 0 .. n-1 */
#define await(cond)		__klprove_await(!!(cond))	/* one step; await(0) halts */
#define assume(cond)		__klprove_assume(!!(cond))

void __klprove_assert(_Bool cond, const char *text);
#define assert(cond)		__klprove_assert(!!(cond), #cond)
#define BUG_ON(cond)		__klprove_assert(!(cond), "!(" #cond ")")
#define BUG()			__klprove_assert(0, "BUG()")

void __klprove_warned(const char *text);
#define WARN_ON(cond)		({ int __w = !!(cond); if (__w) __klprove_warned(#cond); __w; })
#define WARN_ON_ONCE(cond)	WARN_ON(cond)
#define WARN(cond, ...)		WARN_ON(cond)
#define WARN_ONCE(cond, ...)	WARN_ON(cond)

void __klprove_reach(const char *name);
#define reach(name)		__klprove_reach(#name)

/* Report a finding of this code here; the run goes on. */
void finding(const char *code);

/* At file scope; the condition, the expression are evaluated at one instant. */
#define invariant(name, cond)	\
	__klprove_note("invariant:" #name) \
	static inline _Bool __klprove_cat(__klprove_invariant_, name)(void) { return !!(cond); }
/* From every state on, one in which cond holds can still come. */
#define eventually(name, cond)	\
	__klprove_note("eventually:" #name) \
	static inline _Bool __klprove_cat(__klprove_eventually_, name)(void) { return !!(cond); }
#define balanced(x)	\
	__klprove_note("balanced:" #x) \
	static inline long __klprove_cat(__klprove_balanced_, __COUNTER__)(void) { return (long)(x); }

/* ---- functions --------------------------------------------------------- */

#define notrace			__klprove_note("notrace")
#define noinstr			__klprove_note("notrace")
#define __ghost			__klprove_note("ghost")
#define __on_warn		__klprove_note("on_warn") __ghost	/* runs where a warning fires */
#define noinline		__attribute__((noinline))
#define __always_inline		inline __attribute__((always_inline))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)

#ifndef offsetof
#define offsetof(type, member)	__builtin_offsetof(type, member)
#endif
#define container_of(ptr, type, member)	\
	((type *)((char *)(ptr) - __builtin_offsetof(type, member)))

#ifndef __bool_true_false_are_defined
typedef _Bool bool;
enum { false, true };
#define __bool_true_false_are_defined 1
#endif
#define NULL			((void *)0)
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;

#ifdef __KLPROVE_LITMUS
#include <klprove-litmus.h>
#endif

#endif
