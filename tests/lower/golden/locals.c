/* Locals are registers, also structs and what a pointer to them reaches. */
struct args { int in; struct { long out; char tag[2]; } r; };
int x;

static void fill(struct args *a, int *where)
{
	a->r.out = a->in + 1;
	a->r.tag[1] = 't';
	*where = a->r.tag[1];
}

static struct args *same(struct args *a)
{
	return container_of(&a->r, struct args, r);
}

__task(0) void f(void)
{
	struct args a = { .in = x };
	struct args *p;
	int got;

	p = same(&a);
	fill(p, &got);
	x = a.r.out + got;
	for (int i = 0; i < 3; i++) {
		int fresh = x;

		if (fresh == i)
			continue;
		x = fresh;
	}
}
