"""The reduced search in Python: the specification of the compiled one, and its test."""

from klprove.engine.limits import Meter
from klprove.engine.machine import Machine, State
from klprove.engine.points import Noted
from klprove.engine.reduction.successors import Reduced
from klprove.engine.reference import Reference

_LOOK = 256
"""States between two looks at the clock."""


class ReducedReference(Reference):
    """The reference engine on the successors that suffice. `off`: reductions not to use."""

    def __init__(self, machine: Machine, meter: Meter, off: frozenset[str] = frozenset()) -> None:
        super().__init__(machine, meter)
        self.reduced = Reduced(machine, off)

    def _explore(self) -> None:
        search, parents = self._search, self._parents
        booted: list[tuple[int, Noted]] = []
        first = self._machine.initial(booted)
        for context, noted in booted:
            self._note(context, noted, None)
        parents[first] = None
        self._invariants(first)
        level, waiting = [first], list[State]()
        looked = 0
        while level:
            for state in level:
                found = self.reduced.expand(state)
                for walk in found.walks:
                    for choices, context, noted in walk.notes:
                        self._note(context, noted, (state, choices))
                    if walk.after is None:
                        continue
                    search.transitions += 1
                    if walk.after not in parents:
                        parents[walk.after] = (state, walk.choices)
                        waiting.append(walk.after)
                        self._invariants(walk.after)
                if found.blocked:
                    self._blocked.append(state)
                looked += 1
                if looked % _LOOK == 0:
                    reason = self._meter.exhausted(
                        len(parents), search.transitions, len(waiting), search.depth
                    )
                    if reason:
                        search.reasons.append(reason)
                        return
                if self._machine.limits.first and self._violated():
                    search.reasons.append("stopped at the first violation")
                    return
            if waiting:
                search.depth += 1
            level, waiting = waiting, []
