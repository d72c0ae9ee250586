/* Structs, unions, bit-fields, arrays, initialisers, container_of. */
long long out[100];
static int at;
#define put(v)	(out[at++] = (long)(v))

struct list_head { struct list_head *next, *prev; };
#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define list_entry(p, t, m) container_of(p, t, m)
#define list_for_each_entry(pos, head, member) \
	for (pos = list_entry((head)->next, __typeof__(*pos), member); \
	     &pos->member != (head); \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))

struct item {
	char tag;
	int value;
	struct list_head node;
	union {
		unsigned long word;
		unsigned int half[2];
		struct { unsigned char low, high; };
	};
	unsigned int a : 3, b : 7, : 2, c : 20;
	signed int neg : 5;
	bool on : 1;
	unsigned long long wide : 40;
};

static struct list_head head = LIST_HEAD_INIT(head);
static struct item pool[3] = {
	[0] = { .tag = 'x', .value = 10, .a = 5, .neg = -3 },
	[1 ... 2] = { 'y', 20, .word = 0x1122334455667788UL, .b = 99, .c = 0xabcde },
};
static int matrix[2][3] = { { 1, 2 }, [1][1] = 7, 8 };
static int flat[2][3] = { 1, 2, 3, 4 };
static const char name[] = "klp";
static const char *const words[] = { "one", "three" };
static struct { int x; struct { short p[3]; long q; } in; int y; } elided = { 1, 2, 3, 4, 5, 6 };
static const int constants[4] = { [2] = 40, 50 };

static void list_add(struct list_head *new, struct list_head *to)
{
	struct list_head *next = to->next;

	next->prev = new;
	new->next = next;
	new->prev = to;
	to->next = new;
}

struct pair { long first; short second; };

static struct pair make(long a, short b)
{
	struct pair p = { a };

	p.second = b;
	return p;
}

static long sum(struct pair p)
{
	p.first += p.second;
	return p.first;
}

static void set(int *where, int v)
{
	*where = v;
}

static void swap(struct pair *a, struct pair *b)
{
	struct pair t = *a;

	*a = *b;
	*b = t;
}

static struct pair saved;

__task(0) void run(void)
{
	struct item *pos;
	struct pair one = make(5, -2), two = { .second = 9, .first = 1 };
	int local = 3, array[4] = { 1, 2 };
	unsigned char bytes[8];
	union { unsigned long l; unsigned int i[2]; unsigned short s[4]; unsigned char c[8]; } u;
	struct item mine = { 'm', .neg = 7, .on = 1 };
	int i;

	for (i = 0; i < 3; i++)
		list_add(&pool[i].node, &head);
	list_for_each_entry(pos, &head, node)
		put(pos->value);
	put(pool[0].a);
	put(pool[0].neg);
	put(pool[1].b);
	put(pool[2].c);
	put(pool[2].high);
	put(pool[1].half[1]);
	pool[0].a += 6;
	put(pool[0].a);
	pool[0].b = 200;
	put(pool[0].b);
	pool[0].neg = 17;
	put(pool[0].neg);
	put(pool[0].neg = 30);
	put(++pool[0].neg);
	pool[0].on = 2;
	put(pool[0].on);
	pool[0].wide = 0x123456789abcdefUL;
	put(pool[0].wide);
	put(pool[0].c);
	pool[1].low = 0xff;
	put(pool[1].word);
	put(matrix[0][1] * 100 + matrix[1][1] * 10 + matrix[1][2]);
	put(flat[1][0]);
	put(*(2 + words[1]) + 3[words[1]] + (words[0] + i - words[0]));
	put(name[2] + sizeof(name));
	put(words[1][4]);
	put(elided.in.p[2]);
	put(elided.in.q);
	put(elided.y);
	put(constants[2] + constants[3]);
	put(sum(one));
	put(one.first);
	put(sum(make(7, 8)));
	put(make(1, 2).second);
	swap(&one, &two);
	put(one.first * 100 + two.second);
	saved = one;
	put(saved.second);
	two = saved;
	put(two.first);
	set(&local, 12);
	put(local);
	set(&array[2], 77);
	put(array[0] + array[1] + array[2] + array[3]);
	bytes[0] = 1; bytes[1] = 2; bytes[2] = 0; bytes[3] = 0x80;
	put(*(int *)bytes);
	*(short *)(bytes + 1) = 0x1234;
	put(*(int *)bytes);
	u.l = 0x0102030405060708UL;
	put(u.i[1]);
	put(u.s[1]);
	put(u.c[7]);
	u.c[0] = 0xee;
	put(u.l);
	u.s[3] = 0xbeef;
	put(u.i[1]);
	put(mine.neg + mine.tag + mine.value);
	mine.neg -= 9;
	mine.c = 0x12345;
	put(mine.neg);
	put(mine.c);
	put(mine.on);
	pos = &pool[2];
	put(pos - pool);
	put((char *)pos - (char *)pool);
	put(&pool[3] > pos);
	put((pos - 1)->value + pos[-2].value);
	put(offsetof(struct item, node.prev));
	put(sizeof(struct item));
	put((&(struct pair){ 4, 5 })->second);
	put(container_of(&pos->node, struct item, node) == pos);
	put(*&*&local);
	put((local ? one : two).second);
	put(({ struct pair z = two; z; }).first);
	*(local > 3 ? &pool[0].value : &pool[1].value) = 44;
	put(pool[0].value);
	pos = pool;
	put((pos++)->value);
	put((*pos).value++);
	put((++pos)->value);
	put(pool[1].value);
}
