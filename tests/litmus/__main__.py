"""`make tso`: the litmus table, every line from two runs of klprove.

A line is right where klprove finds the same outcomes as the abstract machine (tests/litmus/
machine.py), all of them and no other, under both memory models, and where the relaxed outcome of
the shape is seen under TSO just where the published model allows it.
"""

import sys
import tempfile
from multiprocessing import Pool
from pathlib import Path

from tests.litmus.machine import Outcome, outcomes
from tests.litmus.models import explored, found, model
from tests.litmus.shapes import INTERRUPTED, INTERRUPTS, SHAPES, SIZE, Shape, interrupted

_HEAD = (
    "                                                      outcomes  relaxed one seen\n"
    "shape  fences           threads                        sc  tso  sc   tso  paper"
)
_ENGINE = "auto"


def line(shape: Shape) -> tuple[str, bool]:
    """One line of the table, and whether it is right."""
    ops = shape.ops()
    every = sorted(outcomes(ops, SIZE))
    seen = {}
    right = True
    with tempfile.TemporaryDirectory() as folder:
        path, text = Path(folder) / "shape.c", model(ops, SIZE, every)
        for memory in ("sc", "tso"):
            seen[memory], others = found(path, text, every, memory, _ENGINE)
            right &= not others and seen[memory] == outcomes(ops, SIZE, memory == "tso")
    text, agrees = row(shape, seen["sc"], seen["tso"])
    right &= agrees
    return f"{text} {'=' if right else 'DIFFERS'}", right


def row(shape: Shape, sc: set[Outcome], tso: set[Outcome]) -> tuple[str, bool]:
    """The line of `shape` for the outcomes under both models, but for its mark; and whether the
    relaxed one is among them just where it is allowed."""
    relaxed = [any(map(shape.is_relaxed, each)) for each in (sc, tso)]
    head = f"{shape.name:<7}{shape.how or '-':<17}{' | '.join(shape.threads):<29}"
    counts = f"{len(sc):>4}{len(tso):>5}"
    told = "".join(f"{_word(each):<5}" for each in (*relaxed, shape.is_allowed))
    return f"{head}{counts}  {told} ", relaxed == [False, shape.is_allowed]


def interrupt(entry: tuple[str, str, bool]) -> tuple[str, bool]:
    """The same for an interrupt in the middle of SB, where only the relaxed outcome is looked
    for."""
    how, threads, is_allowed = entry
    relaxed = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shape.c"
        path.write_text("#include <klprove.h>\n" + INTERRUPTED + interrupted(how))
        for memory in ("sc", "tso"):
            verdict = explored(path, memory, _ENGINE)
            relaxed[memory] = "relaxed" in {each.code for each in verdict.findings}
    right = relaxed["tso"] == is_allowed and not relaxed["sc"]
    words = f"{_word(relaxed['sc']):<5}{_word(relaxed['tso']):<5}{_word(is_allowed):<6}"
    head = f"{'SB':<7}{how:<17}{threads + ' | y=1 mb x':<29}{'':<9}"
    return f"{head}  {words} {'=' if right else 'DIFFERS'}", right


def _word(is_seen: bool) -> str:
    return "yes" if is_seen else "no"


def main() -> int:
    """Print the table; 1 where a line is not right."""
    print(_HEAD)
    right = True
    with Pool() as pool:
        for lines in (pool.imap(line, SHAPES), pool.imap(interrupt, INTERRUPTS)):
            for text, agrees in lines:
                print(text, flush=True)
                right &= agrees
    print(f"{len(SHAPES)} shapes; = all outcomes are those of the x86-TSO machine, and of SC")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
