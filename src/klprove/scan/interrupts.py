# SPDX-License-Identifier: GPL-2.0-or-later
"""Which functions may run with interrupts off."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from klprove.scan.answers import CERTAIN, IRQS_OFF, LIKELY, NMI, NOBODY, POSSIBLE, RCU_OFF, Step
from klprove.scan.code import Body, Exit
from klprove.scan.contexts import Contexts
from klprove.scan.knowledge import matching
from klprove.scan.parts import Parts
from klprove.scan.search import spread
from klprove.scan.windows import OFF, ON, Hooks, off_exits, states

_CLI, _STI = -2, -3
"""In the place of functions that turn interrupts off and on."""


class Interrupts:
    """Where one image turns interrupts off and on."""

    def __init__(self, have: Parts, contexts: Contexts) -> None:
        self._functions, self._graph, self._code = have.functions, have.graph, have.code
        self._pointers, self._contexts = have.pointers, contexts
        named = have.known.interrupts
        self._off, self._on, self._restore = (
            matching(have.functions, named[each]) for each in ("off", "on", "restore")
        )
        self._slots = have.pointers.paravirt(self._off | self._on | self._restore)

    def off(self, others: Mapping[str, Mapping[int, Step]]) -> dict[int, Step]:
        """What runs with interrupts off: in NMIs, in the idle window, and between a lock that turns
        them off and its unlock. Softirqs run with interrupts on and are no reason."""

        def roots() -> Iterator[tuple[int, Step]]:
            for question in (NMI, RCU_OFF):
                for each, step in others.get(question, {}).items():
                    if step.grade < POSSIBLE:
                        text = f"see {question}: interrupts are off there"
                        yield each, Step(step.grade, step.hops, NOBODY, text, 0)
            yield from self._contexts.roots(IRQS_OFF)
            yield from self._locked()

        self._contexts.begin()
        self._turning = self._turners()
        return spread(roots(), self._onward)

    def _onward(self, function: int, step: Step) -> Iterator[tuple[int, Step]]:
        """What a function calls that was entered with interrupts off, and not behind the place
        where it turns them on; where that is so on some ways only, it is less sure."""
        found = self._at_calls(function) if step.grade < POSSIBLE else {}
        for target, following in self._contexts.onward(function, step):
            state = found.get(following.site, OFF)
            if state == OFF | ON:
                yield target, following._replace(grade=max(following.grade, LIKELY))
            elif state != ON:
                yield target, following

    def _at_calls(self, function: int) -> Mapping[int, int]:
        """The states in which the calls of a function are reached, by address; empty for a function
        that does not turn interrupts on. What is not reached by decoding is left out."""
        if function not in self._turning:
            return {}
        body = _through(self._code.body(function), self._slots)
        hooks = Hooks(frozenset(), self._on | {_STI}, self._restore)
        found = states(body, OFF, hooks)
        told: dict[int, int] = {}
        for each in body.exits:
            told[each.site] = told.get(each.site, 0) | (found[each.position] or OFF)
        return told

    def _turners(self) -> frozenset[int]:
        """Functions that may turn interrupts on. Where `sti` and `popf` stand in the code itself,
        nobody: a `popf` may do either."""
        if not self._slots:
            return frozenset()
        callers = {int(each) for hook in self._on for each in self._graph.callers(hook)}
        users = {
            each
            for slot, target in self._slots.items()
            if target in self._on
            for each in self._pointers.users(slot)
        }
        return frozenset(callers | users)

    def _bare(self) -> frozenset[int]:
        """Functions that may have a `cli` (fa) and what turns interrupts on again: `sti` (fb), or
        `popf` (9d); those with one byte by accident are found out when they are decoded."""
        found = [
            np.unique(self._functions.around(self._code.byte(each))) for each in (0xFA, 0xFB, 0x9D)
        ]
        both = np.intersect1d(found[0], np.union1d(found[1], found[2]))
        return frozenset(each for each in both.tolist() if each >= 0)

    def _locked(self) -> Iterator[tuple[int, Step]]:
        """What is called between `cli` and `sti`, or what is like them."""
        hooks = Hooks(self._off | {_CLI}, self._on | {_STI}, self._restore)
        holders = {int(each) for lock in self._off for each in self._graph.callers(lock)}
        for slot, target in self._slots.items():
            holders |= self._pointers.users(slot) if target in self._off else frozenset()
        if not self._slots:
            holders |= self._bare()
        for holder in sorted(holders):
            where = f"called with interrupts off in {self._functions.names[holder]}"
            body = _through(self._code.body(holder), self._slots)
            for exit in off_exits(body, ON, hooks):
                if exit.target < 0:
                    found = self._pointers.indirect(holder, exit)
                    for each in found.targets if found else ():
                        yield each, Step(LIKELY, 1, holder, where, exit.site)
                    for each in found.others if found else ():
                        yield each, Step(POSSIBLE, 1, holder, where, exit.site)
                elif not self._functions.fragment(exit.target):
                    low = self._contexts.low(exit.target)
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
