/* Unions with holes, bit-fields of every type, strings that are no text: copied and read. */
struct padded { char a; long b; };
union holes { struct padded p; unsigned char raw[16]; };
struct holder { union holes u; int t; };
struct fields {
	unsigned long d : 29, e : 40;
	long s : 35;
	unsigned int f : 31;
	signed char c : 3;
	unsigned char : 0;
	unsigned short g : 9;
	bool q : 1;
	enum few { LESS = -1, MORE = 3 } few : 3;
	unsigned long w : 32;
	unsigned a$b : 5;
};
struct fields x = { 5, 0xffffffffffUL, -3, 0x7fffffff, -2, 300, 1, LESS, 0xffffffff, 9 };
union holes shared;
char bytes[] = "\xff\x80z\0q";
const char *text = "\xfe\0ab";
long long out[64];
static int n;

static void put(long long v) { out[n++] = v; }

static union holes bumped(union holes x) { x.raw[5]++; return x; }

__task(0) void run(void)
{
	union holes l, m;
	struct holder h, k;
	struct fields y;
	int i;

	for (i = 0; i < 16; i++)
		shared.raw[i] = i * 7;
	l = shared;
	put(l.raw[3]);
	put(l.raw[15]);
	m = l;
	put(m.raw[5]);
	h.u = m;
	h.t = 3;
	k = h;
	put(k.u.raw[6]);
	shared = bumped(k.u);
	put(shared.raw[5]);
	put(x.d - 6);
	put(x.d - 6 < 0);
	put((unsigned long)x.e + 1);
	put((unsigned long)x.e ^ -1);
	put(x.f - 0x7fffffff - 1 < 0);
	put(x.c);
	put(x.g << 24);
	put(x.q - 2);
	put(x.few < 0);
	put(-x.d < 0);
	put(sizeof(x));
	put(x.e++);
	put(x.e);
	put(x.d-- > 3);
	put(x.s -= 9);
	put(x.e = 0x1ffffffffffUL);
	put(x.e <<= 39);
	put(x.c += 5);
	put(x.s += x.f);
	put(x.w /= -1);
	put(x.w ? -1 : x.w);
	put(x.f /= -1);
	y = x;
	put(y.a$b);
	put(bytes[0]);
	put(bytes[1]);
	put(bytes[4]);
	put(sizeof(bytes));
	put(text[0]);
	put(text[2]);
	put('\xff');
}
