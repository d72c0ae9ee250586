"""Random sequential C: expressions and statements over locals, globals, members and bit-fields."""

import random

TYPES = (
    "signed char", "unsigned char", "short", "unsigned short", "int", "unsigned int", "long",
    "unsigned long", "bool",
)  # fmt: skip
BINARY = ("+", "-", "*", "&", "|", "^", "<", "<=", ">", ">=", "==", "!=", "&&", "||", ",")
ASSIGNING = ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=")

MEMBERS = tuple(
    f"{base}.{name}"
    for base in ("m", "shared")
    for name in ("tag", "a", "b", "c", "d", "e", "whole", "part[2]", "last")
)

HEAD = """
struct mixed {
	signed char tag;
	unsigned int a : 3, b : 11;
	int c : 9;
	unsigned long d : 29;
	bool e : 1;
	union { unsigned int whole; unsigned char part[4]; };
	short last;
};
long long out[COUNT];
struct mixed shared = { 1, 2, 3, -4, 5, 1, { 0x01020304 }, -7 };
"""


class Generator:
    """One program of `count` functions, each of which leaves a value in `out`."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.places = ("x", "y", "p", "q", "g0", "g1", "g2", "g3", *MEMBERS)
        self.records = ("m", "shared")

    def program(self, count: int) -> str:
        """The text of a program."""
        parts = [HEAD.replace("COUNT", str(2 * count))]
        for number in range(4):
            kind = self.random.choice(TYPES)
            parts.append(f"{kind} g{number} = {self.random.randint(-300, 300)};\n")
        parts += [self.function(number) for number in range(count)]
        calls = ""
        for n in range(count):
            arguments = f"{self.random.randint(-99, 99)}, {self.random.randint(-9, 999999)}"
            calls += f"\tout[{2 * n}] = f{n}({arguments});\n"
            calls += (
                f"\tout[{2 * n + 1}] = shared.d + g0 + g1 + g2 + g3 + shared.b + shared.whole;\n"
            )
        parts.append(f"__task(0) void run(void)\n{{\n{calls}}}\n")
        return "".join(parts)

    def function(self, number: int) -> str:
        """A function of two parameters with locals of its own."""
        kinds = [self.random.choice(TYPES) for _ in range(4)]
        result = self.random.choice(TYPES)
        body = f"\t{kinds[2]} x = p;\n\t{kinds[3]} y;\n"
        body += "\tstruct mixed m = shared;\n\tint i;\n\n\ty = x;\n"
        body += "".join(self.statement(2) for _ in range(4))
        head = f"static {result} f{number}({kinds[0]} p, {kinds[1]} q)"
        return f"{head}\n{{\n{body}\treturn {self.expression(3)};\n}}\n"

    def place(self) -> str:
        """Something that can be assigned."""
        return self.random.choice(self.places)

    def expression(self, depth: int) -> str:
        """An expression without undefined behaviour, and with effects only where order is fixed."""
        pick = self.random.random()
        if depth == 0 or pick < 0.15:
            if self.random.random() < 0.4:
                suffix = self.random.choice(("", "u", "L", "UL"))
                return f"{self.random.choice((0, 1, 2, 7, 255, 65536, 0x7FFFFFFF))}{suffix}"
            return self.place()
        inner = [self.expression(depth - 1) for _ in range(3)]
        if pick < 0.6:
            return f"({inner[0]} {self.random.choice(BINARY)} {inner[1]})"
        if pick < 0.68:
            return f"({inner[0]} {self.random.choice('/%')} (({inner[1]}) | 1u))"
        if pick < 0.76:
            return f"({inner[0]} {self.random.choice(('<<', '>>'))} (({inner[1]}) & 7))"
        if pick < 0.86:
            return f"{self.random.choice('-~!+')}({inner[0]})"
        if pick < 0.93:
            return f"({self.random.choice(TYPES)})({inner[0]})"
        return f"({inner[0]} ? {inner[1]} : {inner[2]})"

    def statement(self, depth: int) -> str:
        """A statement."""
        pick = self.random.random()
        if depth == 0 or pick < 0.55:
            value = self.expression(2)
            if self.random.random() < 0.15:
                return f"\t{self.place()}{self.random.choice(('++', '--'))};\n"
            operator = self.random.choice(ASSIGNING)
            if operator in ("/=", "%="):
                value = f"({value}) | {self.random.choice(('1', '1u', '-7'))}"
            return f"\t{self.place()} {operator} {value};\n"
        inner = [self.statement(depth - 1) for _ in range(2)]
        if pick < 0.7:
            return f"\tif ({self.expression(2)}) {{\n{inner[0]}\t}} else {{\n{inner[1]}\t}}\n"
        if pick < 0.8:
            # One counter for all: no loop inside a loop.
            count = self.random.randint(1, 3)
            return f"\tfor (i = 0; i < {count}; i++) {{\n{self.statement(0)}\t}}\n"
        if pick < 0.9:
            return (
                f"\tswitch (({self.expression(2)}) & 3) {{\n\tcase 0:\n{inner[0]}\t\tbreak;\n"
                f"\tcase 2 ... 3:\n{inner[1]}\tdefault:\n\t\tx ^= 3;\n\t}}\n"
            )
        one, other = self.records
        return f"\t{one} = {other};\n{inner[0]}\t{other} = {one};\n"
