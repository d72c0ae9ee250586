# SPDX-License-Identifier: GPL-2.0-or-later
"""Which functions may run in an interrupt, in an NMI."""

from collections.abc import Iterator, Sequence

from klprove.scan.answers import (
    CERTAIN,
    LIKELY,
    NOBODY,
    POSSIBLE,
    Step,
)
from klprove.scan.graph import TAKEN
from klprove.scan.knowledge import matching
from klprove.scan.parts import Parts
from klprove.scan.search import spread

_NEAR = 6
"""Calls from an entry up to which a path is believed."""


class Contexts:
    """The contexts of one image."""

    def __init__(self, have: Parts) -> None:
        self._functions, self._graph, self._code = have.functions, have.graph, have.code
        self._pointers, self._known = have.pointers, have.known
        self._seen: set[tuple[int, ...]] = set()
        self._reports = matching(have.functions, have.known.reports)
        user = matching(have.functions, have.known.user)
        self._ignored = user | have.code.quiet | frozenset(have.code.thunks)

    def entered(self, question: str) -> dict[int, Step]:
        """The functions that the entries of a context reach."""
        self.begin()
        return spread(self.roots(question), self.onward, _NEAR)

    def begin(self) -> None:
        """Forget what was followed before: another question is asked."""
        self._seen = set()

    def roots(self, question: str) -> Iterator[tuple[int, Step]]:
        """Where a context begins."""
        for context in self._known.contexts:
            if context["question"] != question:
                continue
            for each in sorted(matching(self._functions, context["names"])):
                yield each, Step(CERTAIN, 0, NOBODY, f"an entry of {question} context", 0)
            for each in sorted(matching(self._functions, context.get("possible", ()))):
                yield each, Step(POSSIBLE, 0, NOBODY, f"may be entered in {question} context", 0)
            for member in context["members"]:
                yield from self._registered(member, LIKELY)
            for member in context.get("generic", ()):
                yield from self._registered(member, POSSIBLE)

    def _registered(self, member: str, grade: int) -> Iterator[tuple[int, Step]]:
        """What may be registered in a member that a context calls through."""
        found = self._pointers.member(member)
        how = f"called through {member} (by type)"
        for each in found.targets if found else ():
            yield each, Step(grade, 1, NOBODY, how, 0)
        for each in found.others if found else ():
            yield each, Step(POSSIBLE, 1, NOBODY, how, 0)

    def onward(self, function: int, step: Step) -> Iterator[tuple[int, Step]]:
        """What a function that is reached so calls, and what its pointers lead to."""
        grade = step.grade
        if function in self._reports or self._functions.fragment(function):
            grade = POSSIBLE
        for target, kind, site in self._graph.edges(function):
            if kind == TAKEN or target in self._ignored:
                continue
            low = self.low(target)
            yield (
                target,
                Step(POSSIBLE if low else grade, step.hops + 1, function, "called", site),
            )
        yield from self._indirect(function, step._replace(grade=grade))

    def _indirect(self, function: int, step: Step) -> Iterator[tuple[int, Step]]:
        """What the indirect calls of a function lead to; from where nothing is sure, only what is
        likely there: all that has the prototype would connect everything."""
        for site, found in self._pointers.every(function):
            low = max(step.grade, LIKELY)
            for target in found.targets:
                if target not in self._ignored:
                    grade = POSSIBLE if self.low(target) else low
                    yield target, Step(grade, step.hops + 1, function, found.how, site)
            for target in self._first(found.others) if low == LIKELY else ():
                if target not in self._ignored:
                    yield target, Step(POSSIBLE, step.hops + 1, function, found.how, site)

    def _first(self, others: Sequence[int]) -> Sequence[int]:
        """`others`, but nothing where the same came before, which was on a way as sure and as
        short."""
        key = tuple(others)
        new = key not in self._seen
        self._seen.add(key)
        return others if new else ()

    def low(self, target: int) -> bool:
        """It reports an error, or is a part that was moved away: what it does is not sure."""
        return target in self._reports or self._functions.fragment(target)
