/* A patched function begins with __fentry__; what that calls may be patched itself. */
struct regs { unsigned long ip; };
static unsigned long seen;
static int guard, work;

static void helper(void)
{
	work++;
}

static notrace void handler(struct regs *regs)
{
	if (guard)
		return;
	guard = 1;
	helper();
	regs->ip = 0;
	guard = 0;
}

void __fentry__(unsigned long ip)
{
	struct regs regs = { .ip = ip };

	handler(&regs);
	if (regs.ip == ip)
		seen = ip;
}

static void (*const call)(void) = helper;

__task(0) void f(void)
{
	call();
}
