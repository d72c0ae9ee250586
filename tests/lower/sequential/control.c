/* if, loops, switch with ranges and fall through, goto, statement expressions. */
long long out[80];
static int at;

static void put(long v)
{
	out[at++] = v;
}

static int classify(int c)
{
	switch (c) {
	case 0:
		return 100;
	case 1 ... 3:
		c += 10;
	case 20:
		c++;
		break;
	default:
		if (c < 0) {
	case 7:
			c = -c;
		}
		c *= 2;
	}
	return c;
}

static int find(const int *p, int n, int wanted)
{
	int i;

	for (i = 0; i < n; i++) {
		if (p[i] == wanted)
			goto found;
	}
	return -1;
found:
	return i;
}

static unsigned int gcd(unsigned int a, unsigned int b)
{
	while (b) {
		unsigned int t = a % b;

		a = b;
		b = t;
	}
	return a;
}

static int table[5] = { 3, 1, 4, 1, 5 };

static int calls;
static int counted(int v)
{
	calls++;
	return v;
}

static int duff(int count)
{
	int n = (count + 3) / 4, sum = 0;

	switch (count % 4) {
	case 0:	do {	sum += 1;
	case 3:		sum += 10;
	case 2:		sum += 100;
	case 1:		sum += 1000;
		} while (--n > 0);
	}
	return sum;
}

static void unused_result(int x)
{
	if (x > 3)
		return;
	put(x);
}

__task(0) void run(void)
{
	int i, j = 0;

	for (i = -9; i < 22; i += 3)
		put(classify(i));
	put(classify(20));
	put(classify(7));
	put(find(table, 5, 4));
	put(find(table, 5, 9));
	put(gcd(1071, 462));
	do {
		if (j == 2)
			continue;
		if (j == 5)
			break;
		put(j);
	} while (++j < 9);
	for (;;) {
		if (++j > 12)
			break;
	}
	for (; j < 20;)
		j += 3;
	put(j);
	for (i = 0, j = 100; i < j; i += 7, j -= 5)
		;
	put(i * 1000 + j);
	put(counted(0) && counted(1));
	put(calls);
	put(counted(1) && counted(5));
	put(counted(0) || counted(0));
	put(counted(3) || counted(1));
	put(calls);
	put(counted(2) ? counted(3) : counted(4));
	put(calls);
	put(({ int q = counted(7); q * q; }));
	put(counted(0) ?: counted(12));
	put(calls);
	i = 0;
again:
	if (i++ < 4)
		goto again;
	put(i);
	for (i = 0; i < 3; i++) {
		int fresh;
		int set = 5;

		fresh = i ? 2 : 1;
		set += fresh;
		put(set);
	}
	put(duff(7));
	put(duff(4));
	unused_result(2);
	unused_result(9);
	while (at < 60)
		put(at * 3);
	switch (at) {
	case 60: {
		int inner = 3;

		switch (inner) {
		case 60:
			put(1);
			break;
		case 3:
			put(2);
			/* falls out of the inner switch only */
		}
		put(3);
	}
	}
	put(!(i && j) || (at > 2 && at < 4));
	if (!(i == 3 && !(j < 0)) || at == 3)
		put(-1);
	else
		put(-2);
}
