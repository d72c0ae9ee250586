# SPDX-License-Identifier: GPL-2.0-or-later
"""Which functions may be entered while RCU is not watching."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from klprove.image import Functions
from klprove.scan.answers import CERTAIN, LIKELY, NOBODY, POSSIBLE, Step
from klprove.scan.code import Exit
from klprove.scan.graph import TAKEN
from klprove.scan.knowledge import Knowledge, matching
from klprove.scan.parts import Parts
from klprove.scan.pointers import Resolved
from klprove.scan.search import spread
from klprove.scan.windows import OFF, ON, Hooks, off_exits, states

_ENTRY_REGIONS = frozenset({"noinstr", "entry", "irqentry", "cpuidle"})


@dataclass(frozen=True, slots=True)
class Unwatched:
    """The answer, and what it leaves open."""

    steps: Mapping[int, Step]
    unresolved: int
    """Indirect calls in functions that are certainly or likely entered so, whose targets are not
    known."""


def hooks(functions: Functions, known: Knowledge) -> Hooks:
    """The hooks of this image. Where one body at one address has names of both kinds, it is
    neither: what calls it is a hook, too."""
    off, on, restore = (matching(functions, known.rcu[each]) for each in ("off", "on", "restore"))
    return Hooks(off - on, on - off, restore - on - off)


def unwatched(have: Parts, regions: Sequence[str]) -> Unwatched:
    """Every function that may be entered with RCU off, with the way there; `regions`: the part of
    the text that each function is in."""
    search = _Search(have)
    steps = spread(search.roots(regions), search.onward)
    return Unwatched(steps, search.unresolved(steps))


class _Search:
    def __init__(self, have: Parts) -> None:
        functions, known = have.functions, have.known
        self._functions, self._graph, self._code = functions, have.graph, have.code
        self._pointers, self._hooks = have.pointers, hooks(functions, known)
        self._every = self._hooks.every()
        reports = [*known.reports, *(f"__SCT__{each}" for each in known.reports)]
        self._reports = matching(functions, reports)
        self._entries = matching(functions, known.rcu["entries"])
        self._unknown: dict[int, int] = {}

    def roots(self, regions: Sequence[str]) -> Iterator[tuple[int, Step]]:
        """What is called inside the windows, and the entries, which begin with RCU off."""
        openers = {int(each) for hook in self._hooks.off for each in self._graph.callers(hook)}
        for opener in sorted(openers - self._every):
            where = f"called with RCU off in {self._functions.names[opener]}"
            for exit in off_exits(self._code.body(opener), ON, self._hooks):
                yield from self._leave(opener, exit, CERTAIN, 0, where)
        for index, region in enumerate(regions):
            if region == "cpuidle" and index not in self._every:
                how = "in the section of idle code (__cpuidle); by its section alone"
                yield index, Step(POSSIBLE, 0, NOBODY, how, 0)
        for entry in sorted(self._entries - self._every):
            if regions[entry] in _ENTRY_REGIONS:
                how = "an entry of the kernel: RCU may be off until its first hook"
                yield entry, Step(CERTAIN, 0, NOBODY, how, 0)

    def onward(self, function: int, step: Step) -> Iterator[tuple[int, Step]]:
        """Where a function that is entered with RCU off goes on to."""
        if function in self._every:
            return
        grade = POSSIBLE if function in self._reports else step.grade
        if self._functions.fragment(function):
            grade = POSSIBLE
        if grade == POSSIBLE and not self._turns(function):
            yield from self._by_graph(function, step)
            return
        body = self._code.body(function)
        if body.addresses and not states(body, OFF, self._hooks)[0] & OFF:
            return
        for exit in off_exits(body, OFF, self._hooks):
            yield from self._leave(function, exit, grade, step.hops, "")

    def _turns(self, function: int) -> bool:
        return any(target in self._every for target, _, _ in self._graph.edges(function))

    def _by_graph(self, function: int, step: Step) -> Iterator[tuple[int, Step]]:
        for target, kind, site in self._graph.edges(function):
            if kind != TAKEN and target not in self._code.quiet and self._entered(target):
                yield target, Step(POSSIBLE, step.hops + 1, function, "called", site)

    def _leave(
        self, function: int, exit: Exit, grade: int, hops: int, said: str
    ) -> Iterator[tuple[int, Step]]:
        """The steps that one call or jump makes."""
        if exit.target < 0:
            found = self._pointers.indirect(function, exit)
            if found is None:
                self._unknown[function] = self._unknown.get(function, 0) + 1
                return
            yield from self._resolved(found, function, exit, max(grade, LIKELY), hops)
            return
        if exit.target in self._reports or self._functions.fragment(exit.target):
            grade = POSSIBLE
        behind = self._pointers.static_call(exit.target)
        if behind is not None:
            yield from self._resolved(behind, function, exit, max(grade, LIKELY), hops)
        if self._entered(exit.target):
            how = said or ("jumped to (a tail call)" if exit.tail else "called")
            trampoline = self._functions.names[exit.target].startswith("__SCT__")
            further = hops if trampoline or self._functions.fragment(exit.target) else hops + 1
            yield exit.target, Step(grade, further, function, how, exit.site)

    def _resolved(
        self, found: Resolved, function: int, exit: Exit, grade: int, hops: int
    ) -> Iterator[tuple[int, Step]]:
        for low, targets in ((grade, found.targets), (POSSIBLE, found.others)):
            for target in targets:
                if self._entered(target):
                    yield target, Step(low, hops + 1, function, found.how, exit.site)

    def _entered(self, target: int) -> bool:
        """False for hooks, and for what turns RCU off itself on every way: there it is on."""
        if target in self._every or target in self._code.quiet or target in self._code.thunks:
            return False
        if not self._turns(target):
            return True
        body = self._code.body(target)
        return not body.addresses or bool(states(body, OFF, self._hooks)[0] & OFF)

    def unresolved(self, steps: Mapping[int, Step]) -> int:
        """Indirect calls that the answer does not follow, where it is sure or likely."""
        return sum(
            number
            for function, number in self._unknown.items()
            if function not in steps or steps[function].grade < POSSIBLE
        )
