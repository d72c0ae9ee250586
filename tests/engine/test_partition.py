"""A search in parts against the reference engine, also where parts are lost."""

import os
import signal
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from klprove.engine import Limits
from klprove.engine.limits import Meter
from klprove.engine.machine import Machine
from klprove.engine.native import available
from klprove.engine.partition import Conductor, PartLost, Processes
from klprove.engine.partition.items import hashed, item, items, owner
from klprove.engine.partition.native import NativePartition
from klprove.engine.partition.partition import Partition
from klprove.engine.reference import Reference
from klprove.engine.replay import replayed
from klprove.engine.search import Search
from klprove.ir.program import Program
from tests.engine import rich
from tests.engine.generated import program

ARRIVALS = {"irq": 1, "nmi": 1, "exception": 1}


class Inline:
    """Parts in this process; `lose(method, index)` says when one is lost."""

    def __init__(
        self,
        made: Program,
        limits: Limits,
        count: int,
        folder: str | None = None,
        lose: Callable[[str, int], bool] = lambda method, index: False,
        kind: type[Partition] | type[NativePartition] = Partition,
    ) -> None:
        self.count, self.lasting = count, folder is not None
        self._make = lambda index: kind(made, limits, index, count, folder)
        self.parts = [self._make(index) for index in range(count)]
        self.lost = 0
        self._lose = lose

    def each(self, method: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """One after the other."""
        results, lost = [], None
        for index, given in enumerate(arguments):
            try:
                results.append(self.one(index, method, *given))
            except PartLost as error:
                lost = lost or error
        if lost:
            raise lost
        return results

    def one(self, index: int, method: str, *arguments: Any) -> Any:
        """Unless it is lost first."""
        if self._lose(method, index):
            self.lost += 1
            self.parts[index] = None  # type: ignore[call-overload]
            raise PartLost(index, "as if")
        return getattr(self.parts[index], method)(*arguments)

    def renew(self, index: int) -> None:
        """Empty."""
        self.parts[index] = self._make(index)


def outcome(search: Search) -> tuple[object, ...]:
    """What must be equal."""
    found = sorted(
        (each.notice.code, each.notice.span, each.notice.text, len(each.schedule))
        for each in search.discoveries
    )
    return (
        *(search.states, search.transitions, search.depth, found),
        *(sorted(search.witnesses), sorted(search.reasons)),
    )


def reference(made: Program, limits: Limits) -> Search:
    """The oracle's answer."""
    return Reference(Machine(made, limits), Meter(limits, None)).run()


@cache
def large() -> Program:
    """A generated program with some hundreds of states."""
    limits = Limits(arrivals=ARRIVALS)
    made = (program(seed) for seed in range(100))
    return next(each for each in made if 400 < reference(each, limits).states < 4000)


def conducted(machine: Machine, parts: Any) -> Search:
    """The answer of parts."""
    return Conductor(machine, Meter(machine.limits, None), parts).run()


KINDS = [
    Partition,
    pytest.param(
        NativePartition,
        marks=pytest.mark.skipif(not available(), reason="llvmlite is not installed"),
    ),
]
each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_any_number_of_parts_agrees_with_the_reference_engine(kind: Any, count: int) -> None:
    findings, schedules = 0, []
    for seed in range(60):
        made = program(seed) if seed % 2 else rich.program(seed)
        limits = Limits(arrivals=ARRIVALS)
        machine = Machine(made, limits)
        search = conducted(machine, Inline(made, limits, count, kind=kind))
        assert outcome(search) == outcome(reference(made, limits)), f"seed {seed}"
        for each in search.discoveries:
            replayed(machine, each)
            findings += 1
            schedules.append(each.schedule)
    assert findings > 40


@each_kind
def test_the_traces_do_not_depend_on_the_number_of_parts(kind: Any) -> None:
    limits = Limits(arrivals=ARRIVALS)
    for seed in range(12):
        made = program(seed)
        found = [
            {
                each.notice: tuple(each.schedule)
                for each in conducted(
                    Machine(made, limits), Inline(made, limits, n, kind=kind)
                ).discoveries
            }
            for n in (1, 2, 5)
        ]
        assert found[0] == found[1] == found[2]


def test_two_cpus_in_two_processes() -> None:
    limits = Limits(arrivals={"irq": 0, "nmi": 1, "exception": 0})
    for seed in (1000, 1003, 1007):
        made = program(seed, cpus=2)
        with Processes(made, limits, 2) as parts:
            search = conducted(Machine(made, limits), parts)
        assert outcome(search) == outcome(reference(made, limits))


@each_kind
def test_every_state_is_owned_once(kind: Any) -> None:
    limits = Limits(arrivals=ARRIVALS)
    made = large()
    parts = Inline(made, limits, 4, kind=kind)
    search = conducted(Machine(made, limits), parts)
    shares = [each.states for each in parts.parts]
    assert sum(shares) == search.states
    assert min(shares) * 4 > search.states * 0.5


@each_kind
@pytest.mark.parametrize("method", ["begin", "expand", "absorb", "settle", "rollback", "named"])
def test_a_part_lost_at_any_moment_is_made_anew(kind: Any, method: str, tmp_path: Path) -> None:
    limits = Limits(arrivals=ARRIVALS)
    made = large()
    wanted = outcome(reference(made, limits))
    moments = {0} if method in ("begin", "named") else {0, 1, 4}
    if method == "absorb":
        # Levels in which something is noted: it must be noted again.
        found = reference(made, limits).discoveries
        moments = {max(len(each.schedule) - 1, 0) for each in found}
    for moment in sorted(moments):
        lose = Losing(method, moment)
        folder = tmp_path / str(moment)
        folder.mkdir()
        parts = Inline(made, limits, 2, str(folder), lose, kind)
        assert outcome(conducted(Machine(made, limits), parts)) == wanted
        assert parts.lost >= 1


@each_kind
def test_deadlocks_outlast_a_lost_part(kind: Any, tmp_path: Path) -> None:
    limits = Limits(arrivals=ARRIVALS)
    compared = 0
    for seed in range(60):
        made = program(seed)
        wanted = reference(made, limits)
        deadlocks = [each for each in wanted.discoveries if each.notice.code == "deadlock"]
        if not deadlocks or not any(each.schedule for each in deadlocks):
            continue
        (tmp_path / str(seed)).mkdir()
        parts = Inline(made, limits, 1, str(tmp_path / str(seed)), Losing("deadlocks", 0), kind)
        assert outcome(conducted(Machine(made, limits), parts)) == outcome(wanted)
        assert parts.lost == 1
        compared += 1
    assert compared


@each_kind
def test_the_least_parent_leads_to_a_state_whatever_the_order(kind: Any) -> None:
    part = kind(large(), Limits(arrivals=ARRIVALS), 0, 1)
    part.begin()
    (batch,) = part.expand(0).batches
    size = part.record
    record = batch[:size]
    for order in ([7, 5, 9], [9, 7, 5], [5, 9, 7]):
        part.absorb(0, [item(record, parent) for parent in order])
        assert part.named(1, part.hash(record)) == [(record, 5)]
        part.rollback(0)


class Losing:
    """Loses part 0 in a call of `method`, the `moment`-th; for `rollback`, part 1 as well, so that
    there is something to roll back from."""

    def __init__(self, method: str, moment: int) -> None:
        self._method, self._left = method, 0 if method == "rollback" else moment
        self._first = method == "rollback"

    def __call__(self, method: str, index: int) -> bool:
        """Whether now."""
        if self._first and (method, index) == ("absorb", 1):
            self._first = False
            return True
        if (method, index) != (self._method, 0):
            return False
        self._left -= 1
        return self._left == -1


def test_a_process_killed_in_the_middle(tmp_path: Path) -> None:
    limits = Limits(arrivals=ARRIVALS)
    made = large()
    with Processes(made, limits, 2, str(tmp_path)) as parts:
        killed = []

        class Killing(Processes):
            def __init__(self) -> None:
                self.__dict__ = parts.__dict__
                self.levels = 0

            def each(self, method: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
                self.levels += method == "expand"
                if self.levels == 5 and not killed:
                    killed.append(self.pids[1])
                    os.kill(killed[0], signal.SIGKILL)
                return super().each(method, arguments)

        search = conducted(Machine(made, limits), Killing())
    assert killed
    assert outcome(search) == outcome(reference(made, limits))


@pytest.mark.parametrize("lasting", [True, False])
def test_a_part_lost_for_good_is_named(lasting: bool, tmp_path: Path) -> None:
    limits = Limits(arrivals=ARRIVALS)
    made = large()
    folder = str(tmp_path) if lasting else None
    levels = 0

    def lose(method: str, index: int) -> bool:
        nonlocal levels
        levels += method == "expand" and index == 0
        return levels > 5 and index == 1 and method in ("expand", "load")

    search = conducted(Machine(made, limits), Inline(made, limits, 3, folder, lose))
    assert len(search.reasons) == 1
    assert search.reasons[0].startswith("part 2 of 3 was lost at depth 5 ")
    full = {each.notice: len(each.schedule) for each in reference(made, limits).discoveries}
    for each in search.discoveries:
        assert full[each.notice] == len(each.schedule) <= 6


def test_batches_are_exact() -> None:
    batch = item(b"a" * 8, 5) + item(b"b" * 8, 1 << 63)
    assert list(items(batch, 8)) == [(b"a" * 8, 5), (b"b" * 8, 1 << 63)]
    shares = [owner(hashed(bytes([each])), 3) for each in range(250)]
    assert all(60 < shares.count(part) < 110 for part in range(3))
