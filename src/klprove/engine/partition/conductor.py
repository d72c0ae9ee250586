# SPDX-License-Identifier: GPL-2.0-or-later
"""Leads the parts of a search from level to level and puts together what they find.

All parts expand a level, then all take in what was sent to them; so levels, states, transitions
and the lengths of schedules are those of the reference engine, whatever the number of parts.
"""

from collections.abc import Sequence
from typing import Any

from klprove.engine.catalogue import Notice, notice
from klprove.engine.limits import Meter
from klprove.engine.machine import Choice, Machine
from klprove.engine.native.layout import Layout
from klprove.engine.partition.items import owner
from klprove.engine.partition.partition import Absorbed, Expansion
from klprove.engine.partition.parts import PartLost, Parts
from klprove.engine.points import Noted
from klprove.engine.search import Discovery, Search
from klprove.verdict import VIOLATION

RENEWALS = 3
"""How often the worker of a part may be lost before the search ends."""


class Conductor:
    """One exploration of one machine by several parts."""

    def __init__(self, machine: Machine, meter: Meter, parts: Parts) -> None:
        self._machine, self._meter, self._parts = machine, meter, parts
        self._layout = Layout(machine)
        self._search = Search()
        self._found: dict[Notice, Discovery] = {}
        self._losses = [0] * parts.count
        self._heard: set[tuple[int, Noted]] = set()
        self._broken: set[int] = set()
        self._whole = 0
        """The last level whose states are all where they belong."""

    def run(self) -> Search:
        """Explore until nothing is left, a limit is reached, or a part is lost for good."""
        search = self._search
        try:
            self._begin()
            self._explore()
            if not search.reasons:
                self._deadlocks()
        except KeyboardInterrupt:
            search.reasons.append("interrupted")
        except PartLost as lost:
            search.reasons.append(self._given_up(lost))
        search.discoveries = list(self._found.values())
        return search

    def _begin(self) -> None:
        booted: list[tuple[int, Noted]] = []
        self._machine.initial(booted)
        for context, noted in booted:
            self._note(context, noted, [])
        while True:
            try:
                taken = self._parts.each("begin", [()] * self._parts.count)
                break
            except PartLost as lost:
                self._recover(lost, -1)
        self._invariants(taken, 0)
        self._search.states = 1

    def _explore(self) -> None:
        search, parts = self._search, self._parts
        level = 0
        while True:
            try:
                expanded, taken = self._level(level)
            except PartLost as lost:
                self._recover(lost, level)
                continue
            self._whole = level + 1
            search.transitions += sum(each.transitions for each in expanded)
            new = sum(each.states for each in taken)
            search.states += new
            for each in expanded:
                self._machine.denied |= each.denied
            self._notes(expanded, level)
            self._invariants(expanded, level)
            self._invariants(taken, level + 1)
            heard = [key for each in expanded for key in each.noted]
            broken = [place for each in expanded for place in each.broken]
            broken += [place for each in taken for place in each.broken]
            self._heard.update(heard)
            self._broken.update(broken)
            reason = next((each.reason for each in expanded if each.reason), "")
            reason = reason or self._meter.exhausted(
                search.states, search.transitions, new, search.depth
            )
            if not reason and self._machine.limits.first and self._violated():
                reason = "stopped at the first violation"
            if reason:
                search.reasons.append(reason)
                return
            if not new:
                return
            search.depth += 1
            level += 1
            self._asked("settle", [(heard, broken)] * parts.count)

    def _level(self, level: int) -> tuple[list[Expansion], list[Absorbed]]:
        parts = self._parts
        expanded: list[Expansion] = parts.each("expand", [(level,)] * parts.count)
        sent = [(level, [each.batches[index] for each in expanded]) for index in range(parts.count)]
        return expanded, parts.each("absorb", sent)

    # -- losses -----------------------------------------------------------------------

    def _asked(self, method: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Of every part, between two levels; a part that is lost is made anew and asked again."""
        while True:
            try:
                return self._parts.each(method, arguments)
            except PartLost as lost:
                self._recover(lost, self._whole)

    def _recover(self, lost: PartLost, level: int) -> None:
        """Make a lost part anew as it was when `level` began, and take the others back to there."""
        parts = self._parts
        while True:
            self._losses[lost.index] += 1
            if not parts.lasting or self._losses[lost.index] > RENEWALS:
                raise lost
            try:
                parts.renew(lost.index)
                parts.one(lost.index, "load", level)
                parts.one(lost.index, "settle", list(self._heard), list(self._broken))
                parts.each("rollback", [(level,)] * parts.count)
                return
            except PartLost as again:
                lost = again

    def _given_up(self, lost: PartLost) -> str:
        return (
            f"part {lost.index + 1} of {self._parts.count} was lost at depth {self._search.depth} "
            f"with its states, and what only they lead to was not searched: {lost.why}"
        )

    # -- what was noted -------------------------------------------------------------------

    def _violated(self) -> bool:
        return any(each.severity == VIOLATION for each in self._found)

    def _notes(self, expanded: list[Expansion], level: int) -> None:
        least: dict[tuple[int, Noted], tuple[int, Choice]] = {}
        for each in expanded:
            for key, at in each.noted.items():
                least[key] = min(at, least.get(key, at))
        for (context, noted), (value, choice) in sorted(least.items(), key=lambda each: each[1]):
            found = notice(self._machine.program, context, noted)
            wanted = found is not None and found not in self._found
            schedule = [*self._schedule(level, value), choice] if wanted else []
            self._note(context, noted, schedule)

    def _note(self, context: int, noted: Noted, schedule: list[Choice]) -> None:
        program = self._machine.program
        found = notice(program, context, noted)
        if found is not None and found not in self._found:
            self._found[found] = Discovery(found, schedule)
        self._search.keep(program, context, noted)

    def _invariants(self, taken: Sequence[Absorbed | Expansion], level: int) -> None:
        least: dict[int, int] = {}
        for each in taken:
            for place, value in each.broken.items():
                least[place] = min(value, least.get(place, value))
        for place, value in sorted(least.items()):
            broken, _ = self._machine.invariants[place]
            text = f"invariant {broken.name} does not hold"
            found = Notice("invariant", VIOLATION, text, broken.at.span)
            if found not in self._found:
                self._found[found] = Discovery(found, self._schedule(level, value))

    def _deadlocks(self) -> None:
        least: dict[Notice, tuple[int, int]] = {}
        for each in self._asked("deadlocks", [()] * self._parts.count):
            for found, level, value in each:
                least[found] = min((level, value), least.get(found, (level, value)))
        for found, (level, value) in sorted(least.items(), key=lambda each: each[1]):
            if found not in self._found:
                self._found[found] = Discovery(found, self._schedule(level, value))

    def _schedule(self, level: int, value: int) -> list[Choice]:
        """The choices that lead to a state of `level` with a hash, found again by the machine along
        its ancestors."""
        machine, choices = self._machine, list[Choice]()
        after, value = self._named(level, value)[0]
        while level:
            level -= 1
            state = self._layout.decode(after)
            for record, parent in self._named(level, value):
                before = self._layout.decode(record)
                led = (
                    each
                    for each in machine.choices(before)
                    if machine.apply(before, each, []) == state
                )
                choice = next(led, None)
                if choice is not None:
                    choices.append(choice)
                    after, value = record, parent
                    break
            else:
                raise AssertionError("no ancestor of a state leads to it")
        choices.reverse()
        return choices

    def _named(self, level: int, value: int) -> list[tuple[bytes, int]]:
        """States of `level` with a hash: record, hash of the parent."""
        part = owner(value, self._parts.count)
        while True:
            try:
                found: list[tuple[bytes, int]] = self._parts.one(part, "named", level, value)
                break
            except PartLost as lost:
                self._recover(lost, self._whole)
        return found
