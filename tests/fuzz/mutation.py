"""Inputs made from good ones: bytes changed, pieces moved, copied, nested, hostile words put in."""

from collections.abc import Callable, Sequence
from random import Random

LARGEST = 1 << 16
"""Bytes of an input, most of the time."""

HOSTILE = (
    b"\x1b[2J\x1b]0;owned\x07", b"\x9b31m", b"\r", b"\n", b"\0", "\u202e".encode(),
    "\u2066".encode(), "\ufeff".encode(), b"\xff\xfe", b"\xed\xa0\x80",
    b"<script>alert(1)</script>", b"&lt;", b"*/", b"*\\/", b"*\\\n/", b"//", b'"', b"'", b"\\",
    b"\\\n", b"%s%n", b"{{{", b"}}}", b"../../../etc/passwd", b"/dev/zero", b"$(id)", b"`id`",
    b"; id", b"#include", b"#define", b"??/", b"@main", b"\\x1b", b"\\n",
)  # fmt: skip
"""What must not come out at the other end as it went in."""

NUMBERS = (
    b"0", b"-1", b"1", b"255", b"256", b"2147483647", b"2147483648", b"4294967295", b"4294967296",
    b"9223372036854775807", b"9223372036854775808", b"18446744073709551615",
    b"18446744073709551616",
    b"1e999", b"0x7fffffffffffffff", b"99999999999999999999999999999999999999999999",
)  # fmt: skip

Operation = Callable[[Random, bytes, Sequence[bytes]], bytes]


def _cut(random: Random, data: bytes, longest: int = 64) -> tuple[int, int]:
    start = random.randrange(len(data) + 1)
    return start, min(len(data), start + random.randrange(longest))


def _flip(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    if not data:
        return b"\0"
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]


def _delete(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _cut(random, data)
    return data[:start] + data[end:]


def _copy(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _cut(random, data)
    at = random.randrange(len(data) + 1)
    return data[:at] + data[start:end] * random.choice((1, 1, 2, 50)) + data[at:]


def _splice(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = random.choice(others)
    start, end = _cut(random, other, 400)
    at, to = _cut(random, data)
    return data[:at] + other[start:end] + data[to:]


def _word(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at, to = _cut(random, data, 8)
    return data[:at] + random.choice(HOSTILE) + data[to:]


def _number(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    places = [at for at in range(len(data)) if data[at : at + 1].isdigit()]
    if not places:
        return data
    at = random.choice(places)
    return data[:at] + random.choice(NUMBERS) + data[at + 1 :]


def _lines(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    one, two = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return b"\n".join(lines)


_PAIRS = ((b"(", b")"), (b"[", b"]"), (b"{", b"}"), (b"-", b""), (b"!", b""))


def _nest(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    opening, closing = random.choice(_PAIRS)
    start, end = _cut(random, data)
    deep = random.choice((2, 40, 400, 5000))
    return data[:start] + opening * deep + data[start:end] + closing * deep + data[end:]


_OPERATIONS: Sequence[Operation] = (
    _flip, _delete, _copy, _splice, _splice, _word, _word, _number, _lines, _lines, _nest,
)  # fmt: skip


def mutated(random: Random, seeds: Sequence[bytes]) -> bytes:
    """A new input from one of `seeds`, by one to six changes."""
    data = random.choice(seeds)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        data = random.choice(_OPERATIONS)(random, data, seeds)
    return data[:LARGEST]
