/* The layout of objects: names, paths, initial bytes, what is read-only, freed, counts modulo. */
struct node { struct node *next; unsigned int gen __wraps(8); };
static struct node pool[2] = { { &pool[1], 1 } };
static const char text[] = "ab";
__wraps(4) unsigned long ticks;
int never_used = 3;
static struct node *head = pool;
static const struct { const char *name; void (*run)(void); } ops = { "run" };

__task(0) void f(void)
{
	static int calls = 2;
	struct node *first = head;

	calls += text[0];
	ticks++;
	head = first->next;
	kfree(first);
	if (ops.name[1] == 'u' && !ops.run)
		head = NULL;
}
