/* Per-CPU data is at a constant place for each CPU; ALL is one context a CPU. */
struct state { int depth; long seen[2]; };
DEFINE_PER_CPU(struct state, state) = { .depth = 1 };
__percpu static int plain;
int cpu;

__irq(ALL) void tick(void)
{
	struct state *mine = this_cpu_ptr(&state);

	mine->seen[1] = smp_processor_id();
	this_cpu_inc(plain);
	per_cpu(plain, 1) = 3;
	per_cpu(plain, cpu) = 4;
}

__task(1) void f(void)
{
	if (smp_processor_id() == 1)
		plain = 2;
	else
		cpu = 100;
}

invariant(deep, this_cpu(state).depth >= 0)
invariant(few, cpu < 2)
balanced(this_cpu(state).depth)
