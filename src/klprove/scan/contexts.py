"""Which functions may run in an interrupt, in an NMI, with interrupts off."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from klprove.image import Functions
from klprove.scan.answers import (
    CERTAIN,
    IRQS_OFF,
    LIKELY,
    NMI,
    NOBODY,
    POSSIBLE,
    RCU_OFF,
    Step,
)
from klprove.scan.code import Body, Code, Exit
from klprove.scan.graph import TAKEN, Graph
from klprove.scan.knowledge import Knowledge, matching
from klprove.scan.pointers import Pointers
from klprove.scan.search import spread
from klprove.scan.windows import WATCHING, Hooks, off_exits

_CLI, _STI = -2, -3
"""In the place of functions that turn interrupts off and on."""
_NEAR = 6
"""Calls from an entry up to which a path is believed."""


class Contexts:
    """The contexts of one image."""

    def __init__(
        self, functions: Functions, graph: Graph, code: Code, pointers: Pointers, known: Knowledge
    ) -> None:
        self._functions, self._graph, self._code = functions, graph, code
        self._pointers, self._known = pointers, known
        self._seen: set[tuple[int, ...]] = set()
        self._reports = matching(functions, known.reports)
        user = matching(functions, known.user)
        self._ignored = user | code.quiet | frozenset(code.thunks)

    def entered(self, question: str) -> dict[int, Step]:
        """The functions that the entries of a context reach."""
        self._seen = set()
        return spread(self._roots(question), self._onward, _NEAR)

    def _roots(self, question: str) -> Iterator[tuple[int, Step]]:
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

    def _onward(self, function: int, step: Step) -> Iterator[tuple[int, Step]]:
        grade = step.grade
        if function in self._reports or self._functions.fragment(function):
            grade = POSSIBLE
        for target, kind, site in self._graph.edges(function):
            if kind == TAKEN or target in self._ignored:
                continue
            low = self._low(target)
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
                    grade = POSSIBLE if self._low(target) else low
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

    def _low(self, target: int) -> bool:
        return target in self._reports or self._functions.fragment(target)

    def _bare(self) -> frozenset[int]:
        """Functions that may have a `cli` (fa) and what turns interrupts on again: `sti` (fb), or
        `popf` (9d); those with one byte by accident are found out when they are decoded."""
        found = [
            np.unique(self._functions.around(self._code.byte(each))) for each in (0xFA, 0xFB, 0x9D)
        ]
        both = np.intersect1d(found[0], np.union1d(found[1], found[2]))
        return frozenset(each for each in both.tolist() if each >= 0)

    def interrupts_off(self, others: Mapping[str, Mapping[int, Step]]) -> dict[int, Step]:
        """What runs with interrupts off: in NMIs, in the idle window, and between a lock that turns
        them off and its unlock. Softirqs run with interrupts on and are no reason."""

        def roots() -> Iterator[tuple[int, Step]]:
            for question in (NMI, RCU_OFF):
                for each, step in others.get(question, {}).items():
                    if step.grade < POSSIBLE:
                        text = f"see {question}: interrupts are off there"
                        yield each, Step(step.grade, step.hops, NOBODY, text, 0)
            yield from self._roots(IRQS_OFF)
            yield from self._locked()

        self._seen = set()
        return spread(roots(), self._onward)

    def _locked(self) -> Iterator[tuple[int, Step]]:
        locks = self._known.interrupts
        off, on = matching(self._functions, locks["off"]), matching(self._functions, locks["on"])
        hooks = Hooks(off | {_CLI}, on | {_STI}, frozenset())
        holders = {int(each) for lock in off for each in self._graph.callers(lock)}
        slots = self._pointers.paravirt(hooks.every())
        for slot, target in slots.items():
            holders |= self._pointers.users(slot) if target in off else frozenset()
        if not slots:
            holders |= self._bare()
        for holder in sorted(holders):
            where = f"called with interrupts off in {self._functions.names[holder]}"
            body = _through(self._code.body(holder), slots)
            for exit in off_exits(body, WATCHING, hooks):
                if exit.target < 0:
                    found = self._pointers.indirect(holder, exit)
                    for each in found.targets if found else ():
                        yield each, Step(LIKELY, 1, holder, where, exit.site)
                    for each in found.others if found else ():
                        yield each, Step(POSSIBLE, 1, holder, where, exit.site)
                elif not self._functions.fragment(exit.target):
                    low = exit.target in self._reports
                    yield (
                        exit.target,
                        Step(POSSIBLE if low else CERTAIN, 1, holder, where, exit.site),
                    )


def _through(body: Body, slots: Mapping[int, int]) -> Body:
    """`body` with calls through `slots` as calls of what they hold; `cli` and `sti` as calls."""
    exits = [
        replace(each, target=slots[each.slot.variable])
        if each.slot is not None and each.slot.variable in slots
        else each
        for each in body.exits
    ]
    exits += [
        Exit(at, body.addresses[at], _STI if on else _CLI, False, None) for at, on in body.flags
    ]
    return replace(body, exits=exits)
