"""Reduced searches against the full one, on generated programs: `make agree`.

    python -m tests.engine.agree [FIRST [LAST]]

For every seed: the reference engine, then the reduced search in Python and in machine code, with
all reductions and with each of them off. Seeds that disagree are printed; the last line counts.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import chain

from klprove.engine.limits import Limits, Meter
from klprove.engine.machine import Machine
from klprove.engine.native import Native
from klprove.engine.reduction.names import REDUCTIONS
from klprove.engine.reduction.search import ReducedReference
from klprove.engine.reference import Reference
from klprove.engine.search import Search
from tests.engine.interleaved import AWAITS, arrivals, program
from tests.engine.interleavings import ONE_EACH, case
from tests.engine.twins import TWINS, Twins
from tests.engine.twins import arrivals as twin_arrivals

OFF: Sequence[frozenset[str]] = tuple(
    frozenset(each) for each in ((), *((name,) for name in REDUCTIONS))
)
"""Which reductions are off, in turn."""
MOST = 6000
"""States beyond which a program is left out."""


class Capped(Meter):
    """Ends a search of more than `most` states."""

    def __init__(self, limits: Limits, most: int) -> None:
        super().__init__(limits, None)
        self._most = most

    def exhausted(self, states: int, transitions: int, frontier: int, depth: int) -> str:
        """See Meter."""
        return "too large" if states > self._most else ""


@dataclass(slots=True)
class Comparison:
    """What came of one seed. `states`: of the full search, then of each reduced one."""

    seed: int | str
    states: list[int]
    codes: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


def said(machine: Machine, search: Search) -> tuple[object, ...]:
    """All that must not depend on reductions."""
    found = {
        (each.notice.code, each.notice.severity, each.notice.text, each.notice.span)
        for each in search.discoveries
    }
    return found, sorted(search.reasons), search.witnesses, machine.denied


def asked(seed: int | str) -> Machine:
    """The machine of a seed, or of a case."""
    if isinstance(seed, str):
        return Machine(case(seed), ONE_EACH)
    if seed >= TWINS:
        return Machine(Twins(seed).program(), Limits(arrivals=twin_arrivals(seed)))
    return Machine(program(seed), Limits(arrivals=arrivals(seed)))


def full(seed: int | str, most: int = MOST) -> tuple[Machine, Search] | None:
    """The full search of a seed's program; None where it is too large."""
    machine = asked(seed)
    limits = machine.limits
    search = Reference(machine, Capped(limits, most)).run()
    return None if "too large" in search.reasons else (machine, search)


def reduced(seed: int | str, off: frozenset[str], most: int = 10 * MOST) -> tuple[Machine, Search]:
    """The reduced search in Python of a seed's program."""
    machine = asked(seed)
    return machine, ReducedReference(machine, Capped(machine.limits, most), off).run()


def compiled(seed: int | str, off: frozenset[str]) -> tuple[Machine, Search]:
    """The reduced search in machine code of a seed's program."""
    machine = asked(seed)
    return machine, Native(machine, Meter(machine.limits, None), off=off).run()


def compare(seed: int | str, native: bool = True) -> Comparison | None:
    """One seed; None where its program is too large."""
    oracle = full(seed)
    if oracle is None:
        return None
    wanted = said(*oracle)
    result = Comparison(seed, [oracle[1].states])
    result.codes = {each.notice.code for each in oracle[1].discoveries} | oracle[0].denied
    for off in OFF:
        machine, search = reduced(seed, off)
        result.states.append(search.states)
        name = f"without {', '.join(off)}" if off else "all"
        if said(machine, search) != wanted:
            result.wrong.append(f"{name}: findings differ")
        if native and off == OFF[seed % len(OFF) if isinstance(seed, int) else 0]:
            other, twin = compiled(seed, off)
            figures = (search.states, search.transitions, search.depth, said(machine, search))
            if (twin.states, twin.transitions, twin.depth, said(other, twin)) != figures:
                result.wrong.append(f"{name}: machine code differs")
    return result


def main() -> int:
    """Compare, print, and say by the exit status whether all agree."""
    first, last = (*map(int, sys.argv[1:]), *(0, 2000)[len(sys.argv) - 1 :])
    states, applied, codes = Counter[int](), Counter[int](), Counter[str]()
    compared = wrong = 0
    with ProcessPoolExecutor() as pool:
        blocks = [range(first, last)]
        blocks += [
            range(start + first, start + first + (last - first) // 4) for start in (AWAITS, TWINS)
        ]
        for each in pool.map(compare, chain(*blocks), chunksize=10):
            if each is None:
                continue
            compared += 1
            for place, count in enumerate(each.states):
                states[place] += count
                applied[place] += count != each.states[1]
            codes.update(each.codes)
            if each.wrong:
                wrong += 1
                print(f"seed {each.seed}: {'; '.join(each.wrong)}", flush=True)
    print(", ".join(f"{code} {count}" for code, count in codes.most_common()))
    for place, off in enumerate(OFF, 1):
        name = f"without {', '.join(off)}" if off else "all reductions"
        apart = f", others in {applied[place]} programs" if off else ""
        print(f"{name}: {states[place]} states of {states[0]}{apart}")
    print("seeds", ", ".join(f"{each.start} to {each.stop - 1}" for each in blocks), end=": ")
    print(f"{compared} programs compared, {wrong} disagree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
