"""`make litmus`: exported litmus tests against an axiomatic enumeration of SC, more than the tests
run."""

import sys
import tempfile
from pathlib import Path

from tests.litmus.axiomatic import candidates, finals, outcomes
from tests.litmus.exporting import KEPT, exported, shape_model
from tests.litmus.machine import outcomes as machine_outcomes
from tests.litmus.models import explored, found
from tests.litmus.programs import Made
from tests.litmus.reader import read
from tests.litmus.shapes import LOCATIONS, SIZE, Shape

PROGRAMS = 1000
_MOST = 20_000
"""Combinations of runs; an enumeration of more is not done."""


def same_shape(shape: Shape, folder: Path) -> bool:
    """True where the exported shape has the outcomes of the SC machine."""
    test = read(exported(folder / "shape.c", shape_model(shape)))
    wanted = set()
    for registers, memory in machine_outcomes(shape.ops(), SIZE, buffers=False):
        values = [value for thread in registers for value in thread]
        for name in test.locations:
            if name in LOCATIONS:
                at = LOCATIONS[name]
                values.append(int.from_bytes(memory[at : at + 4], "little"))
        wanted.add(tuple(values))
    return outcomes(test) == wanted


def same_outcomes(made: Made, folder: Path) -> tuple[bool, int]:
    """Whether the exported program has the outcomes that klprove finds of it, and how many."""
    test = read(exported(folder / "model.c", made.text()))
    every = sorted(outcomes(test))
    text = made.reporting(test.locations, every)
    seen = found(folder / "reporting.c", text, every, "sc", "reference")
    return seen == (set(every), False), len(every)


def same_verdict(made: Made, folder: Path) -> tuple[bool, bool]:
    """Whether `exists` holds of some execution just where klprove finds an assert violated, and
    whether it does."""
    path = folder / "model.c"
    test = read(exported(path, made.asking(), observe=False))
    exists = any(map(test.exists, finals(test)))
    codes = {each.code for each in explored(path, "sc", "reference").findings}
    return ("assert" in codes) == exists, exists


def main() -> int:
    """Compare them all; 1 where one differs."""
    different: list[str] = []
    count = total = large = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for shape in KEPT:
            count += 1
            if not same_shape(shape, folder):
                different.append(f"{shape.name} {shape.how}")
        for seed in range(PROGRAMS):
            made = Made(seed)
            if candidates(read(exported(folder / "model.c", made.text()))) > _MOST:
                large += 1
                continue
            same, outcomes_ = same_outcomes(made, folder)
            count, total = count + 1, total + outcomes_
            if any(made.reads):
                same &= same_verdict(made, folder)[0]
            if not same:
                different.append(f"program {seed}")
    for each in different:
        print(f"{each}: DIFFERS")
    same_all = "the same" if not different else "not the same"
    print(
        f"{count} litmus tests, {total} outcomes of programs, verdicts of asserts: {same_all}; "
        f"{large} too large to enumerate"
    )
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
