"""Sequential consistency as an axiom: every candidate execution of a litmus test, and those kept.

An execution is what each thread does for some values of its reads, a write that each read takes
its value from (rf), and an order of the writes to each variable (co). It is sequentially consistent
where po, rf, co and fr = rf^-1;co together have no cycle: Alglave, Maranget, Tautschnig, "Herding
cats", TOPLAS 36(2), 2014, section 4. An atomic update is one event, both a read and a write.
Initial writes come first in co. Nothing of klprove is used.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, permutations, product
from math import prod
from typing import TypeAlias

from tests.litmus.reader import Event, Function, More, Run, Test

Final: TypeAlias = Mapping[str, int]
"""The values of the locals, `0:r1`, and of memory, `x`, at the end."""
_INITIAL = -1
"""The place of an initial write among the events."""


def finals(test: Test) -> Iterator[Final]:
    """The final state of every consistent execution, those that `filter` drops included."""
    for runs in product(*_threads(test)):
        events = [event for run in runs for event in run.events]
        written = {(event.place, event.written) for event in events}
        if any(
            event.read is not None
            and event.read != test.initial.get(event.place, 0)
            and (event.place, event.read) not in written
            for event in events
        ):
            continue
        order = [set[int]() for _ in events]
        number = 0
        for run in runs:
            for place in range(number + 1, number + len(run.events)):
                order[place - 1].add(place)
            number += len(run.events)
        places = sorted({event.place for event in events})
        choices = [list(_choices(test, events, place)) for place in places]
        for chosen in product(*choices):
            edges = [set(after) for after in order]
            for _, more in chosen:
                for before, after in more:
                    edges[before].add(after)
            if _acyclic(edges):
                final = dict(test.initial)
                for place, (last, _) in zip(places, chosen, strict=True):
                    final[place] = last
                for thread, run in enumerate(runs):
                    final |= {f"{thread}:{name}": value for name, value in run.locals.items()}
                yield final


def outcomes(test: Test) -> set[tuple[int, ...]]:
    """The values of `locations` in the executions that `filter` keeps."""
    return {
        tuple(each[place] if ":" in place else each.get(place, 0) for place in test.locations)
        for each in finals(test)
        if test.keeps(each)
    }


def candidates(test: Test) -> int:
    """How many combinations of runs `finals` has to look at."""
    return prod(len(runs) for runs in _threads(test))


def _threads(test: Test) -> list[list[Run]]:
    """Every run of each function, its reads taking any value that something writes."""
    domain: dict[str, set[int]] = {}
    for place, value in test.initial.items():
        domain[place] = {value}
    # A value that is really read has come through each write at most once.
    longest = 1
    while True:
        found = [list(_runs(function, domain)) for function in test.functions]
        events = [event for runs in found for run in runs for event in run.events]
        before = {place: set(values) for place, values in domain.items()}
        for event in events:
            values = domain.setdefault(event.place, {0})
            if event.written is not None:
                values.add(event.written)
        writes = sum(
            max((sum(e.written is not None for e in run.events) for run in runs), default=0)
            for runs in found
        )
        longest += 1
        if domain == before or longest > writes + 2:
            return found


def _runs(function: Function, domain: dict[str, set[int]]) -> Iterator[Run]:
    todo: list[tuple[int, ...]] = [()]
    while todo:
        values = todo.pop()
        try:
            yield function.run(values)
        except More as more:
            place = str(more)
            todo += [(*values, value) for value in domain.setdefault(place, {0})]


def _choices(
    test: Test, events: Sequence[Event], place: str
) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """For every rf and co of one variable: its last value, and the edges of rf, co and fr."""
    reads = [n for n, e in enumerate(events) if e.place == place and e.read is not None]
    writes = [n for n, e in enumerate(events) if e.place == place and e.written is not None]
    start = test.initial.get(place, 0)

    def value(write: int) -> int | None:
        return start if write == _INITIAL else events[write].written

    sources = [
        [write for write in (_INITIAL, *writes) if write != n and value(write) == events[n].read]
        for n in reads
    ]
    if not all(sources):
        return
    for co in permutations(writes):
        ranks = {write: rank for rank, write in enumerate((_INITIAL, *co))}
        last = value((_INITIAL, *co)[-1])
        assert last is not None
        for rf in product(*sources):
            edges = list(pairwise(co))
            for n, write in zip(reads, rf, strict=True):
                if write != _INITIAL:
                    edges.append((write, n))
                edges += [(n, w) for w in co if ranks[w] > ranks[write] and w != n]
            if _acyclic_edges(edges):
                yield last, edges


def _acyclic_edges(edges: Sequence[tuple[int, int]]) -> bool:
    after: dict[int, set[int]] = {}
    for a, b in edges:
        after.setdefault(a, set()).add(b)
        after.setdefault(b, set())
    names = {name: place for place, name in enumerate(after)}
    return _acyclic([{names[b] for b in after[a]} for a in after])


def _acyclic(after: Sequence[set[int]]) -> bool:
    """True where the graph has no cycle: nodes without successors are taken away until none is
    left."""
    left = set(range(len(after)))
    while left:
        ends = {node for node in left if not after[node] & left}
        if not ends:
            return False
        left -= ends
    return True
