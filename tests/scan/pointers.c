/*
 * Indirect calls, for the tests of what is known of them. Each function says in its name how its
 * pointer comes to it. Nothing here is the kernel's text.
 */

#define apart __attribute__((noinline, noipa))

struct operations {
	int (*open)(int);
	int (*close)(int);
	void (*release)(void *);
};

struct device {
	long count;
	const struct operations *operations;
	union {
		int (*one)(int);
		long number;
	};
	union {
		struct operations *either;
		struct device *or;
	};
	struct operations own[2];
};

struct outer {
	long id;
	struct device device;
};

apart int opens(int x) { return x + 1; }
apart int closes(int x) { return x + 2; }
apart int given(int x) { return x + 3; }
apart int strange(int x) { return x + 4; }
apart void *never(void *x) { return x; }

const struct operations table = { opens, closes };
struct outer outer = { 7, { 1, &table, { 0 }, { 0 }, { { 0, closes } } } };
int (*elsewhere[3])(int) = { strange };
int (*variable)(int) = given;
struct device *a_device;

apart int takes(int (*one)(int)) { return one == given; }
apart int gives(void) { return takes(given); }

apart int by_parameter(struct device *device) { return device->operations->close(1) + 1; }
apart int by_second_parameter(long x, struct outer *outer)
{
	return outer->device.operations->open(x) + 1;
}
apart int by_embedding(struct outer *outer) { return outer->device.own[1].close(2) + 1; }
apart int by_tail_call(struct device *device) { return device->operations->open(1); }
apart int by_variable(void) { return variable(3) + 1; }
apart int by_argument(int (*one)(int)) { return one(4) + 1; }
apart int by_union(struct device *device) { return device->either->open(5) + 1; }
apart int by_no_type(void *any) { return (*(int (**)(int))any)(6) + 1; }
apart int by_unknown_device(void) { return a_device->operations->open(7) + 1; }

apart long early(long x) { return x + 5; }
apart long late(long x) { return x + 6; }
apart long copied(long x) { return x + 7; }
apart long at_hand(long x) { return x + 8; }
apart long takes_another(long (*one)(long)) { return one == at_hand; }
long (*held)(long);
long (*source)(long) = copied;
apart void stores(long x) { takes_another(at_hand); held = x ? early : late; }
apart void copies(void) { takes_another(at_hand); held = source; }
apart long by_held(void) { return held(13) + 1; }

apart void kept(void *x) { (void)x; }
union choice { int (*one)(int); long number; };
struct keeper { long id; void (*later)(void *); };
void (*keeps)(void *) = kept;
apart void stored_later(void *x) { (void)x; }
apart void stores_at(struct keeper *keeper) { keeper->later = stored_later; }
apart int by_unknown_close(void) { return a_device->operations->close(7) + 1; }
apart int chosen(union choice *choice) { return choice->number; }

apart struct device *find(long x) { return x ? a_device : 0; }
apart int by_result(long x) { return find(x)->operations->close(8) + 1; }

/* Over a call, in a register that calls keep, or on the stack. */
apart int over_a_call(struct device *device)
{
	opens(1);
	return device->operations->close(9) + 1;
}

apart int over_the_stack(struct device *device)
{
	asm volatile("" : : : "rbx", "rbp", "r12", "r13", "r14", "r15", "rax", "rcx", "rdx", "rsi",
		     "rdi", "r8", "r9", "r10", "r11");
	return device->operations->close(9) + 1;
}

apart int either_way(struct device *device, struct outer *outer, long which)
{
	if (which)
		device = &outer->device;
	asm volatile("" : "+r"(which));
	return device->operations->close(10) + 1;
}

apart int same_in_a_loop(struct device *device, long n)
{
	int sum = 0;

	while (n--)
		sum += device->operations->close(sum);
	return sum;
}

apart int of_two_members(struct device *device, long which)
{
	int (*one)(int) = which ? device->operations->close : device->operations->open;

	asm volatile("" : "+r"(which));
	return one(11) + 1;
}

__attribute__((cold, noipa)) int reports(int x) { return x; }
apart int in_a_fragment(struct device *device, long x)
{
	if (__builtin_expect(x == 77, 0)) {
		reports(1);
		return device->operations->close(12) + 1;
	}
	return 0;
}

#ifdef SWITCH
volatile int seen;
apart int behind_a_switch(struct device *device, int which)
{
	switch (which) {
	case 0: seen = 10; break;
	case 1: seen = 12; asm volatile(""); break;
	case 2: seen = 17; break;
	case 3: seen = 11; opens(1); break;
	case 4: seen = 19; break;
	case 5: seen = 13; closes(1); break;
	}
	return device->operations->close(12) + 1;
}
#endif

#define thunk(register) \
	asm(".globl __x86_indirect_thunk_" #register "\n.type __x86_indirect_thunk_" #register \
	    ", @function\n__x86_indirect_thunk_" #register ":\n\tjmp *%" #register \
	    "\n.size __x86_indirect_thunk_" #register ", . - __x86_indirect_thunk_" #register)
thunk(rax); thunk(rbx); thunk(rcx); thunk(rdx); thunk(rsi); thunk(rdi); thunk(rbp);
thunk(r8); thunk(r9); thunk(r10); thunk(r11); thunk(r12); thunk(r13); thunk(r14); thunk(r15);
