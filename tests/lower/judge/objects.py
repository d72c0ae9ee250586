"""Random programs over objects: structs, unions, bit-fields, pointers into them, lists, calls.

What C leaves open is avoided: padding is never read, nothing is read before it is set, and no
expression depends on the order in which its parts are evaluated.
"""

from dataclasses import dataclass

from tests.lower.generator import TYPES, Generator

_BITS = {
    "signed char": 8, "unsigned char": 8, "short": 16, "unsigned short": 16, "int": 32,
    "unsigned int": 32, "long": 64, "unsigned long": 64, "bool": 1, "enum few": 32,
}  # fmt: skip
_FUNCTIONS = 5

_LISTS = """
struct list { struct list *next, *prev; };
struct node { short tag; struct list link; %s data; struct list *back; };
struct list head = { &head, &head };
struct node pool[4];
static void add(struct list *new, struct list *at)
{
	at->next->prev = new;
	new->next = at->next;
	new->prev = at;
	at->next = new;
}
static void del(struct list *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
	entry->next = entry->prev = entry;
}
static long walk(void)
{
	struct list *at;
	long sum = 0;

	for (at = head.next; at != &head; at = at->next) {
		struct node *node = container_of(at, struct node, link);

		sum = sum * 3 + node->tag + (node - pool);
		if (node->back)
			sum ^= container_of(node->back, struct node, link)->tag;
	}
	return sum;
}
"""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar inside a record: its path, its type, the bits of a bit-field (0: it is none)."""

    path: str
    type: str
    width: int = 0

    def of(self, base: str) -> str:
        """The scalar in the record that `base` and a dot or an arrow stand for."""
        return base + self.path


class Objects(Generator):
    """One program a seed."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.records = ("l", "k")
        self.kinds: list[tuple[str, list[Leaf]]] = []
        self.taken: list[int] = []
        """Of each function: the number of the record that it takes."""

    def text(self) -> str:
        """The program."""
        parts = ["enum few { NONE, ONE, MANY = 70000, LESS = -3 };\nlong long out[64];\n"]
        parts.append("static int puts_;\nstatic void put(long v) { out[puts_++] = v; }\n")
        parts += [self._record(number) for number in range(4)]
        parts.append(_LISTS % self.random.choice(self.kinds)[0])
        for number, (name, leaves) in enumerate(self.kinds):
            first = self._initialiser(name, leaves)
            parts.append(f"{name} r{number} = {first};\n{name} a{number}[3];\n")
        parts += [f"{self.random.choice(TYPES)} g{n} = {self._number()};\n" for n in range(4)]
        parts += [self._function(number) for number in range(_FUNCTIONS)]
        parts.append(self._pointers())
        parts.append(f"__task(0) void run(void)\n{{\n\tint i;\n{self._body()}}}\n")
        return "".join(parts)

    def _number(self) -> int:
        return self.random.choice((-1, 0, 1, 127, 200, self.random.randint(-(2**31), 2**31 - 1)))

    # Types

    def _record(self, number: int) -> str:
        is_union = self.random.random() < 0.3
        name = f"{'union' if is_union else 'struct'} R{number}"
        leaves: list[Leaf] = []
        lines = ""
        for index in range(self.random.randint(2, 5)):
            member = f"m{index}"
            lines += self._member(member, leaves)
        self.kinds.append((name, leaves))
        return f"{name} {{\n{lines}}};\n"

    def _member(self, member: str, leaves: list[Leaf]) -> str:
        kind, pick = self.random.choice((*TYPES, "enum few")), self.random.random()
        if pick < 0.35 or kind == "bool":
            width = 32 if kind == "enum few" else self.random.randint(1, min(_BITS[kind], 40))
            leaves.append(Leaf(member, kind, width))
            gap = self.random.choice(("", "", "", "\tint : 0;\n", "\tunsigned char : 3;\n"))
            return f"{gap}\t{kind} {member} : {width};\n"
        if pick < 0.5 and self.kinds:
            name, inner = self.random.choice(self.kinds)
            count = self.random.choice((0, 2))
            at = "[1]" if count else ""
            leaves += [Leaf(f"{member}{at}.{each.path}", each.type, each.width) for each in inner]
            return f"\t{name} {member}{f'[{count}]' if count else ''};\n"
        if pick < 0.6:
            leaves += [Leaf(f"{member}a", kind), Leaf(f"{member}b[1]", "unsigned char")]
            form = self.random.choice(("struct", "union"))
            return f"\t{form} {{ {kind} {member}a; unsigned char {member}b[3]; }};\n"
        if pick < 0.75:
            leaves += [Leaf(f"{member}[{index}]", kind) for index in range(3)]
            return f"\t{kind} {member}[3];\n"
        leaves.append(Leaf(member, kind))
        return f"\t{kind} {member};\n"

    def _initialiser(self, name: str, leaves: list[Leaf]) -> str:
        count = 1 if name.startswith("union") else 3
        chosen = self.random.sample(leaves, min(count, len(leaves)))
        tops: dict[str, Leaf] = {}
        for each in chosen:
            tops.setdefault(each.path[:2], each)
        return "{ " + ", ".join(f".{e.path} = {self._number()}" for e in tops.values()) + " }"

    # Values

    def _value(self, base: str, leaf: Leaf) -> str:
        """To gcc and clang a wide bit-field is not the same in arithmetic: it is cast."""
        return f"({leaf.type}){leaf.of(base)}" if leaf.width > 32 else leaf.of(base)

    # Functions

    def _function(self, number: int) -> str:
        which = self.random.randrange(len(self.kinds))
        self.taken.append(which)
        name, leaves = self.kinds[which]
        leaf, plain = self.random.choice(leaves), [each for each in leaves if not each.width]
        kinds = [self.random.choice(TYPES) for _ in range(3)]
        body = f"\t{kinds[1]} x = q;\n\t{kinds[2]} y = {self._value('p->', leaf)};\n"
        body += f"\t{name} l = *p, k = r{which};\n\tint i;\n"
        places = ["x", "y", "q", "g0", "g1", "g2", "g3"]
        if plain:
            target = self.random.choice(plain)
            body += f"\t{target.type} *t = &p->{target.path}, *u = &l.{target.path};\n"
            places += ["(*t)", "(*u)", "t[0]"]
        for base in ("p->", "l.", "k.", f"r{which}.", f"a{which}[1].", f"a{which}[q & 1]."):
            shown = self.random.sample(leaves, min(3, len(leaves)))
            places += [each.of(base) for each in shown if each.width <= 32]
        self.places = tuple(places)
        body += "".join(self._statement(which, leaves) for _ in range(5))
        head = f"static long f{number}({name} *p, {kinds[0]} q)"
        finish = self.random.choice(("", "\t*p = l;\n", "\tl = k;\n\t*p = l;\n"))
        return f"{head}\n{{\n{body}{finish}\treturn {self.expression(3)};\n}}\n" + self._by_value(
            number, which
        )

    def _by_value(self, number: int, which: int) -> str:
        name, leaves = self.kinds[which]
        leaf = self.random.choice(leaves)
        return (
            f"static {name} v{number}({name} s, long q)\n{{\n\ts.{leaf.path} += q;\n"
            f"\tif (q & 1)\n\t\treturn s;\n\tr{which} = s;\n\treturn a{which}[q & 1];\n}}\n"
            f"static long w{number}(long q) {{ return f{number}(&a{which}[(q >> 3) & 1], q); }}\n"
        )

    def _statement(self, which: int, leaves: list[Leaf]) -> str:
        pick = self.random.random()
        wide = [each for each in leaves if each.width > 32]
        if wide and pick < 0.2:
            operator = self.random.choice(("=", "+=", "-=", "*=", "&=", "|=", "^="))
            return f"\tl.{self.random.choice(wide).path} {operator} {self.expression(1)};\n"
        if pick < 0.3:
            source = self.random.choice(("l", "k", "*p", f"r{which}", f"a{which}[2]"))
            target = self.random.choice(("l", "k", "*p", f"r{which}", f"a{which}[x & 1]"))
            return f"\t{target} = {source};\n" if source != target else "\tx++;\n"
        if pick < 0.36:
            return f"\tmemcpy(&l, &a{which}[1], sizeof(l));\n"
        if pick < 0.4:
            return f"\tmemset(&k, {self.random.choice((0, 1))}, sizeof(k));\n"
        return self.statement(2)

    def _pointers(self) -> str:
        names = ", ".join(f"w{number}" for number in range(3))
        return f"static long (*const table[3])(long) = {{ {names} }};\n"

    def _body(self) -> str:
        lines = []
        for number in range(4):
            at = self.random.choice(("&head", "head.prev", f"&pool[{max(number - 1, 0)}].link"))
            lines.append(f"pool[{number}].tag = {self.random.randint(-99, 99)};")
            lines.append(f"add(&pool[{number}].link, {at if number else '&head'});")
            if self.random.random() < 0.5:
                lines.append(f"pool[{number}].back = &pool[{self.random.randrange(4)}].link;")
        for number in range(_FUNCTIONS):
            lines.append(f"put(w{number}({self._number()}));")
        lines.append(f"del(&pool[{self.random.randrange(4)}].link);")
        lines.append("put(walk());")
        count = self.random.randint(1, 3)
        lines.append(f"for (i = 0; i < {count}; i++)\n\t\tput(table[i](i * 5));")
        for number in range(_FUNCTIONS):
            lines.append(self._through(number))
        for number, (name, leaves) in enumerate(self.kinds):
            for base in (f"r{number}.", f"a{number}[{self.random.randrange(2)}]."):
                lines += [f"put({each.of(base)});" for each in self.random.sample(leaves, 1)]
            lines.append(f"put(sizeof({name}));")
        lines += [f"put(g{number});" for number in range(4)]
        return "".join(f"\t{line}\n" for line in lines)

    def _through(self, number: int) -> str:
        which = self.taken[number]
        leaf = self.random.choice(self.kinds[which][1])
        return f"put(v{number}(r{which}, {self._number()}).{leaf.path});"
