"""Every operator at every width, against arithmetic on Python's integers.

Each model ends in a finding, so that the interpreter replays all of it as well: a search that
computes otherwise than the interpreter fails on its own trace.
"""

import random
from pathlib import Path

import pytest

from klprove.c import parse
from klprove.engine import Limits, explore
from klprove.lower import Options, lower

TYPES = {
    "signed char": 8, "short": 16, "int": 32, "long": 64,
    "unsigned char": -8, "unsigned short": -16, "unsigned int": -32, "unsigned long": -64,
}  # fmt: skip
"""C types with their width; negative for the unsigned ones."""


def wrapped(value: int, width: int) -> int:
    """`value` as a type of that width holds it."""
    bits = abs(width)
    value &= (1 << bits) - 1
    return value - (1 << bits) if width > 0 and value >> (bits - 1) else value


def promoted(width: int) -> int:
    """The type that arithmetic on a type of that width is done in."""
    return 32 if abs(width) < 32 else width


def quotient(a: int, b: int) -> int:
    """Division as C does it: towards zero."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


OPERATORS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": quotient,
    "%": lambda a, b: a - b * quotient(a, b),
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << b,
    ">>": lambda a, b: a >> b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "&&": lambda a, b: bool(a and b),
    "||": lambda a, b: bool(a or b),
}


def operands(width: int, operator: str, seed: int) -> list[tuple[int, int]]:
    """Pairs of values: the edges of the type, some between them, equal ones."""
    random.seed(f"{width} {operator} {seed}")
    bits = abs(width)
    edges = [0, 1, 2, (1 << (bits - 1)) - 1, 1 << (bits - 1), (1 << bits) - 1, 5, 1 << (bits // 2)]
    pairs = [(random.choice(edges), random.choice(edges)) for _ in range(6)]
    pairs += [(random.getrandbits(bits), random.getrandbits(bits)) for _ in range(4)]
    pairs += [(value := random.getrandbits(bits), value)]
    pairs = [(wrapped(a, width), wrapped(b, width)) for a, b in pairs]
    if operator in ("/", "%"):
        lowest = wrapped(1 << (abs(promoted(width)) - 1), width)
        pairs = [(a, b) for a, b in pairs if b and not (b == -1 and a == lowest)]
    if operator in ("<<", ">>"):
        pairs = [(a, b % abs(promoted(width))) for a, b in pairs]
        pairs = [(a, wrapped(b, width)) for a, b in pairs if b < 1 << (bits - 1)]
    return pairs


def literal(value: int, name: str) -> str:
    """`value` in C; the lowest one has no literal of its own."""
    return f"(({name}){value & (1 << 64) - 1:#x}UL)"


def model(name: str, width: int, wrong: int | None = None) -> tuple[str, int]:
    """A task that computes everything; assertion number `wrong` expects another value."""
    lines: list[str] = []
    for operator, meaning in OPERATORS.items():
        for a, b in operands(width, operator, 1):
            value = wrapped(int(meaning(a, b)), promoted(width))
            if operator in ("==", "!=", "<", "<=", ">", ">=", "&&", "||"):
                value = int(meaning(a, b))
            value += len(lines) == wrong
            kind = "int" if abs(width) < 32 or value in (0, 1) else name
            lines.append(f"x = {literal(a, name)}; y = {literal(b, name)};")
            lines[-1] += f" assert((x {operator} y) == {literal(value, kind)});"
    for operator, meaning in {"-": int.__neg__, "~": int.__invert__, "!": lambda a: not a}.items():
        for a, _ in operands(width, operator, 2):
            value = wrapped(int(meaning(a)), promoted(width))
            kind = "int" if abs(width) < 32 or operator == "!" else name
            lines.append(f"x = {literal(a, name)}; assert({operator}x == {literal(value, kind)});")
    for other, bits in TYPES.items():
        for a, _ in operands(width, other, 3):
            value = wrapped(a, bits)
            lines.append(f"x = {literal(a, name)}; assert(({other})x == {literal(value, other)});")
            lines.append(f"assert((x ? 3 : 4) == {3 if a else 4});")
    body = "\n".join([f"static {name} x, y;", "__task(0) void t(void)", "{", *lines, "BUG();", "}"])
    return f"#include <klprove.h>\n{body}\n", len(lines)


def findings(text: str, engine: str, folder: Path) -> list[str]:
    """What was found in `text`: the text of each failed assertion."""
    (folder / "model.c").write_text(text)
    program = lower(parse([], user=folder / "model.c"), Options())
    verdict = explore(program, Limits(engine=engine))
    assert verdict.complete
    return [each.text for each in verdict.findings]


@pytest.mark.parametrize("engine", ["reference", "native"])
@pytest.mark.parametrize("name", TYPES)
def test_arithmetic(name: str, engine: str, tmp_path: Path) -> None:
    text, count = model(name, TYPES[name])
    assert count > 200
    assert findings(text, engine, tmp_path) == ["BUG()"]


def test_a_wrong_value_is_seen(tmp_path: Path) -> None:
    for wrong in (0, 100):
        text, _ = model("short", 16, wrong)
        (found,) = findings(text, "reference", tmp_path)
        assert found.startswith("(x ")
