/*
 * Callers and what they call, for the tests of calls held against an image: a real call, a copy, a
 * part, a clone, a pointer. Names of a #MC's path are the kernel's, bodies are made up.
 */

#define apart __attribute__((noinline, used))
#define inside inline __attribute__((always_inline))
#define quiet apart __attribute__((no_instrument_function))

volatile int seen;
int (*pointer)(int);

apart int mce_gen_pool_add(int x) { return seen = x; }

/* It has code of its own, too, as a global function has. */
extern int mce_log(int x);
#ifdef CALLED
apart int mce_log(int x) { return mce_gen_pool_add(x + 1) + 1; }
#else
inside int mce_log(int x) { return mce_gen_pool_add(x + 1) + 1; }
#endif

int code_of_its_own(int x) __asm__("mce_log");
apart int of_both(int x) { return mce_log(x) + code_of_its_own(x); }
apart int calls_its_code(int x) { return code_of_its_own(x) + 14; }
apart int round_about(int x) { return mce_log(x) + calls_its_code(x) + 15; }

static inside int scan_banks(int x) { return mce_log(x) + 2; }
quiet int do_machine_check(int x) { return scan_banks(x) + 3; }
apart int of_another(int x) { return mce_log(x) - 1; }

/* A function of which only a part is called, as gcc leaves it where it splits one. */
apart int part_of_it(int x) __asm__("nmi_handle.part.0");
apart int part_of_it(int x) { return seen = x + 4; }
extern int nmi_handle(int x);
inside int nmi_handle(int x) { return x ? part_of_it(x) : 0; }
quiet int default_do_nmi(int x) { return nmi_handle(x) + 5; }

/* What has no site is no place to patch, under its name or a clone's. */
quiet int closed(int x) { return seen = x + 6; }
quiet int clone_of_it(int x) __asm__("cloned.isra.0");
quiet int clone_of_it(int x) { return seen = x + 7; }
apart int calls_what_is_closed(int x) { return closed(x) + clone_of_it(x) + 8; }

/* The caller is a clone; the caller is a copy in another function; it jumps to its last call. */
apart int clone_of_the_caller(int x) __asm__("caller.constprop.0");
apart int clone_of_the_caller(int x) { return mce_gen_pool_add(x) + 9; }
static inside int put_into_another(int x) { return mce_gen_pool_add(x * 3) + 10; }
apart int another(int x) { return put_into_another(x) + 11; }
apart int jumps(int x) { asm volatile("jmp mce_gen_pool_add"); return x; }

apart int calls_itself(int x) { return x > seen ? calls_itself(x - 1) * x : seen; }
apart int by_pointer(int x) { return pointer(x) + 12; }
apart int by_another(int x) { return another(x) + 13; }
