/* Calls through pointers, tables of functions, recursion, parameters that change, atomics. */
long long out[60];
static int at;
#define put(v)	(out[at++] = (long)(v))

typedef int (*operation)(int, int);

static int add(int a, int b) { return a + b; }
static int sub(int a, int b) { return a - b; }
static int mul(int a, int b) { a *= b; return a; }
static unsigned long other(void) { return 3; }

static operation table[] = { add, sub, mul };
static const struct ops { const char *name; operation run; } ops[] = {
	{ "sub", sub }, { .run = &mul, .name = "mul" },
};
static operation current_op = mul;
static unsigned long (*nobody)(void) = other;

static int factorial(int n)
{
	if (n < 2)
		return 1;
	return n * factorial(n - 1);
}

static int depth(int n)
{
	return n ? depth(n - 1) + 1 : 0;
}

static void twice(int *p) { *p *= 2; }

static int state(void)
{
	static int count = 3;

	return count++;
}

static const char *kind(int n)
{
	if (n < 0)
		return "negative";
	switch (n) {
	case 0:
		return "zero";
	}
	return "positive";
}

static inline long widen(unsigned char c, short s) { return c * 1000 + s; }

static int word = 5;
static atomic_t counter = ATOMIC_INIT(7);

struct box { int *where; long times; };

static void fill(struct box *b)
{
	*b->where += b->times;
}

__task(0) void run(void)
{
	int boxed = 4;
	struct box c = { .where = &boxed, .times = 3 };

	int i, v = 21;
	unsigned long flags;

	for (i = 0; i < 3; i++)
		put(table[i](7, 3));
	put(ops[0].run(1, 2));
	put((*ops[1].run)(5, 6));
	put(current_op(9, 9));
	current_op = add;
	put(current_op(9, 9));
	put(nobody());
	put(factorial(4));
	put(depth(3));
	twice(&v);
	put(v);
	put(state() * 10 + state());
	put(kind(-1)[0]);
	put(kind(0)[1]);
	put(kind(5)[2]);
	put(widen(300, 70000));
	put((add)(1, 2));
	put((&sub)(9, 2));
	put(add(add(1, 2), add(3, sub(5, 4))));
	put(__builtin_expect(word > 3, 1));
	put(__builtin_constant_p(5));
	fill(&c);
	fill(&c);
	put(boxed);
	put(__builtin_choose_expr(sizeof(int) == 4, 8, word));
	put(_Generic(word, int: 11, default: "no"));
	put(({ __typeof__(word) w = word; w > 3 ? w : -w; }));
	put(__builtin_types_compatible_p(int, long));
}
