"""The litmus shapes, each as one line a thread, and what the published model says of them.

A thread is a row of instructions: `x=1` stores, `x` loads into the thread's next register, `mb` is
mfence, `x<-1` a locked exchange, and `x+1` an add without a lock prefix. The question about a
shape is whether its one relaxed outcome can be seen: `0:0` is register 0 of thread 0, `x` the last
value of x.

Names and verdicts: SB, MP, LB, S, R, 2+2W, IRIW, WRC as in Alglave, Maranget, Sarkar and Sewell,
"Litmus: running tests against hardware" (TACAS 2011); iwp, amd and n as in Owens, Sarkar and
Sewell (TPHOLs 2009), who took them from the Intel White Paper and the manuals of Intel and AMD.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.litmus.machine import Op, Outcome

LOCATIONS = {"x": 0, "y": 4, "z": 8}
SIZE = 12


@dataclass(frozen=True)
class Shape:
    """One litmus test."""

    name: str
    how: str
    """What stands between the accesses, or instead of the stores."""
    threads: tuple[str, ...]
    relaxed: Mapping[str, int]
    is_allowed: bool
    """By the published model of x86-TSO."""

    def ops(self) -> list[list[Op]]:
        """The instructions of every thread."""
        return [[op(word) for word in thread.split()] for thread in self.threads]

    def is_relaxed(self, outcome: Outcome) -> bool:
        """True where `outcome` is the one that the question is about."""
        registers, memory = outcome
        for name, wanted in self.relaxed.items():
            if name in LOCATIONS:
                at = LOCATIONS[name]
                found = int.from_bytes(memory[at : at + 4], "little")
            else:
                thread, _, register = name.partition(":")
                found = registers[int(thread)][int(register)]
            if found != wanted:
                return False
        return True


def op(word: str) -> Op:
    """The instruction that `word` stands for."""
    if word == "mb":
        return Op("fence")
    for sign, kind in (("<-", "xchg"), ("=", "store"), ("+", "inc")):
        name, found, value = word.partition(sign)
        if found:
            return Op(kind, LOCATIONS[name], int(value))
    return Op("load", LOCATIONS[word])


def _shape(name: str, threads: str, relaxed: Mapping[str, int], plain: bool) -> list[Shape]:
    """A shape as it is, with a fence between all accesses, and with locked stores: the last two
    never allow it."""
    rows = tuple(each.strip() for each in threads.split("|"))
    fenced = tuple(" mb ".join(each.split()) for each in rows)
    # A locked exchange reads too; its register comes in between.
    locked = tuple(each.replace("=", "<-") for each in rows)
    moved = {_moved(key, rows): value for key, value in relaxed.items()}
    return [
        Shape(name, "", rows, relaxed, plain),
        Shape(name, "mfence", fenced, relaxed, False),
        Shape(name, "lock", locked, moved, False),
    ]


def _moved(key: str, rows: tuple[str, ...]) -> str:
    """The register that `key` names once every store before it fills one too."""
    if key in LOCATIONS:
        return key
    thread, register = map(int, key.split(":"))
    loads = -1
    for place, word in enumerate(rows[thread].split()):
        loads += "=" not in word
        if loads == register:
            return f"{thread}:{place}"
    raise ValueError(key)


SHAPES: tuple[Shape, ...] = (
    *_shape("SB", "x=1 y | y=1 x", {"0:0": 0, "1:0": 0}, True),
    Shape("SB", "mfence in one", ("x=1 mb y", "y=1 x"), {"0:0": 0, "1:0": 0}, True),
    Shape("SB", "lock in one", ("x<-1 y", "y=1 x"), {"0:1": 0, "1:0": 0}, True),
    Shape("SB", "add, no lock", ("x+1 y", "y+1 x"), {"0:1": 0, "1:1": 0}, True),
    *_shape("MP", "x=1 y=1 | y x", {"1:0": 1, "1:1": 0}, False),
    *_shape("LB", "x y=1 | y x=1", {"0:0": 1, "1:0": 1}, False),
    *_shape("R", "x=1 y=1 | y=2 x", {"y": 2, "1:0": 0}, True),
    Shape("R", "mfence in reader", ("x=1 y=1", "y=2 mb x"), {"y": 2, "1:0": 0}, False),
    *_shape("S", "x=2 y=1 | y x=1", {"1:0": 1, "x": 2}, False),
    *_shape("2+2W", "x=1 y=2 | y=1 x=2", {"x": 1, "y": 1}, False),
    *_shape("WRC", "x=1 | x y=1 | y x", {"1:0": 1, "2:0": 1, "2:1": 0}, False),
    *_shape("IRIW", "x=1 | y=1 | x y | y x", {"2:0": 1, "2:1": 0, "3:0": 1, "3:1": 0}, False),
    Shape("iwp2.4", "", ("x=1 x y", "y=1 y x"), {"0:0": 1, "0:1": 0, "1:0": 1, "1:1": 0}, True),
    Shape(
        "amd10",
        "mfence",
        ("x=1 mb x y", "y=1 mb y x"),
        {"0:0": 1, "0:1": 0, "1:0": 1, "1:1": 0},
        False,
    ),
    Shape("n6", "", ("x=1 x y", "y=2 x=2"), {"0:0": 1, "0:1": 0, "x": 1}, True),
    Shape("n5", "", ("x=1 x", "x=2 x"), {"0:0": 2, "1:0": 1}, False),
    Shape("n4b", "", ("x x=1", "x x=2"), {"0:0": 2, "1:0": 1}, False),
)


INTERRUPTED = """
static int x, y;
static int r, s, after;		/* ghost: 10 and more where it has been read */
__ghost static void report(void) { if (r == 10 && s == 10) finding("relaxed"); }
__ghost static void mark(void) { after = 1; }
__ghost static void got(int v) { if (after && !r) { r = v + 10; report(); } }
__ghost static void peer_got(int v) { s = v + 10; report(); }
__task(1) void peer(void) { y = 1; smp_mb(); peer_got(x); }
"""
"""SB with one half in or around an interrupt: `mark()` follows its store and `got()` takes its
load, which counts where it comes later. Both 0, `relaxed`, needs a store that waits meanwhile."""

INTERRUPTS: tuple[tuple[str, str, bool], ...] = (
    ("irq between", "x=1 [irq] y", False),
    ("load in irq", "x=1 [irq: y]", False),
    ("store in irq", "[irq: x=1] y", False),
    ("both in irq", "[irq: x=1 y]", True),
)
"""What happens on CPU 0, and whether the outcome is allowed: delivery and iret drain the buffer
(Intel SDM vol. 3A, "Store Buffer")."""


def interrupted(how: str) -> str:
    """The text of CPU 0 for an entry of `INTERRUPTS`, behind `INTERRUPTED`."""
    store, load = "x = 1; mark();", "got(y);"
    return {
        "irq between": f"""
            static int came;
            __ghost static void come(void) {{ if (after) came = 1; }}
            __ghost static void went(int v) {{ if (came) got(v); }}
            __task(0) void f(void) {{ {store} went(y); }}
            __irq(0) void h(void) {{ come(); }}""",
        "load in irq": f"__task(0) void f(void) {{ {store} }} __irq(0) void h(void) {{ {load} }}",
        "store in irq": f"__task(0) void f(void) {{ {load} }} __irq(0) void h(void) {{ {store} }}",
        "both in irq": f"__task(0) void f(void) {{ }} __irq(0) void h(void) {{ {store} {load} }}",
    }[how]
