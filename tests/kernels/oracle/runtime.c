/* runtime.c - runs a kernel model natively, under every sequence of arrivals.
 *
 * An oracle that shares nothing with klprove's front end, IR and engines. gcc
 * compiles the model with -fsanitize=thread, which puts a call before every
 * access to memory; this file answers those calls. On one CPU an interrupt is a
 * nested call, so "any may arrive at any step" is: at each access to the
 * model's data choose none, or call one. The choices are enumerated depth
 * first, by running the task again from boot with the next sequence.
 *
 * Prints the number of runs and each finding with the how often it was met.
 * Arguments: most irqs, NMIs, exceptions in a run; passes of the idle loop.
 */
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IRQ, NMI, EXCEPTION, KINDS };
void common_interrupt(void), nmi(void), paranoid_idtentry(void);
void cpu_startup_entry(void);
static void (*const enter[KINDS])(void) = { common_interrupt, nmi, paranoid_idtentry };

/* From the model, see oracle.py. */
extern char __start_model[], __stop_model[];
void model_was_read(const volatile void *where), model_warned(void);

static jmp_buf run_ends;
static unsigned char chosen[4096], choices[4096];
static int at, known;		/* choices made in this run, known from the last one */
static int left[KINDS], depth[KINDS];
static const int deepest[KINDS] = { 1 << 20, 1, 2 };
static bool irqs_on;
static int passes, passes_wanted;

static int pick(int count)
{
	if (count == 1)
		return 0;
	if (at == known) {
		chosen[at] = 0;
		choices[at] = count;
		known++;
	}
	return chosen[at++];
}

static void step(void)
{
	for (;;) {
		int kinds[KINDS + 1], count = 0, kind;
		bool flag = irqs_on;

		kinds[count++] = KINDS;
		for (kind = 0; kind < KINDS; kind++)
			if (left[kind] && depth[kind] < deepest[kind] && (kind != IRQ || flag))
				kinds[count++] = kind;
		kind = kinds[pick(count)];
		if (kind == KINDS)
			return;
		left[kind]--;
		depth[kind]++;
		irqs_on = false;
		enter[kind]();
		irqs_on = flag;
		depth[kind]--;
	}
}

/* What the sanitizer calls. Locals of the model are nobody's business. */
static bool shared(const volatile void *where)
{
	return (char *)where >= __start_model && (char *)where < __stop_model;
}

static void reads(void *where)
{
	if (shared(where)) {
		step();
		model_was_read(where);
	}
}

static void writes(void *where)
{
	if (shared(where))
		step();
}

#define ACCESSES(size) \
	void __tsan_read##size(void *p) { reads(p); } \
	void __tsan_write##size(void *p) { writes(p); } \
	void __tsan_volatile_read##size(void *p) { reads(p); } \
	void __tsan_volatile_write##size(void *p) { writes(p); }
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
void __tsan_init(void) { }
void __tsan_func_entry(void *p) { }
void __tsan_func_exit(void) { }

/* The words of klprove.h. */
static unsigned long load(volatile void *p, unsigned long size)
{
	unsigned long value = 0;

	memcpy(&value, (void *)p, size);
	return value;
}

#define UPDATE(name, value) \
	unsigned long __klprove_##name(volatile void *p, unsigned long size, unsigned long v) \
	{ \
		unsigned long old, new; \
		step(); \
		old = load(p, size); \
		new = value; \
		memcpy((void *)p, &new, size); \
		return old; \
	}
UPDATE(xchg, v)
UPDATE(add, old + v)
UPDATE(and, old & v)
UPDATE(or, old | v)
UPDATE(cpu_xchg, v)
UPDATE(cpu_add, old + v)
UPDATE(cpu_and, old & v)
UPDATE(cpu_or, old | v)

static void set_irqs(bool on)
{
	step();
	irqs_on = on;
}

void local_irq_disable(void) { set_irqs(false); }
void local_irq_enable(void) { set_irqs(true); }
void __klprove_irq_restore(unsigned long flags) { set_irqs(flags); }
unsigned long __klprove_irq_save(void)
{
	bool flag = irqs_on;

	set_irqs(false);
	return flag;
}
int irqs_disabled(void) { return !irqs_on; }

int smp_processor_id(void) { return 0; }
void *__klprove_this_cpu(const volatile void *p) { return (void *)p; }
void smp_rmb(void) { }
void smp_wmb(void) { }
void smp_mb(void) { }
void barrier(void) { }

int choose(int count)
{
	step();
	return pick(count);
}

static void end_unless(bool go_on)
{
	if (!go_on)
		longjmp(run_ends, 1);
}
void __klprove_await(_Bool cond) { end_unless(cond); }
void __klprove_assume(_Bool cond) { end_unless(cond); }

static struct { const char *code; long times; } findings[64];

void finding(const char *code)
{
	int i = 0;

	while (findings[i].code && strcmp(findings[i].code, code))
		i++;
	findings[i].code = code;
	findings[i].times++;
}

void __klprove_assert(_Bool cond, const char *text)
{
	if (!cond)
		finding("assert");
	end_unless(cond);
}

void __klprove_warned(const char *text) { model_warned(); }

void __klprove_reach(const char *name)
{
	finding(name);
	if (!strcmp(name, "idle_pass_done"))
		end_unless(++passes < passes_wanted);
}

int main(int argc, char **argv)
{
	size_t size = __stop_model - __start_model;
	char *boot = memcpy(malloc(size), __start_model, size);
	long runs = 0;
	int i;

	if (argc != 5)
		return 2;
	passes_wanted = atoi(argv[4]);
	do {
		memcpy(__start_model, boot, size);
		for (i = 0; i < KINDS; i++) {
			left[i] = atoi(argv[1 + i]);
			depth[i] = 0;
		}
		at = passes = 0;
		irqs_on = true;
		if (!setjmp(run_ends))
			cpu_startup_entry();
		runs++;
		known = at;
		while (known && chosen[known - 1] + 1 == choices[known - 1])
			known--;
		if (known)
			chosen[known - 1]++;
	} while (known);
	printf("runs %ld\n", runs);
	for (i = 0; findings[i].code; i++)
		printf("%s %ld\n", findings[i].code, findings[i].times);
	return 0;
}
