# SPDX-License-Identifier: GPL-2.0-or-later
"""From a trace to what has to be done to a real kernel, step by step."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from klprove.lab.memory import FIXED
from klprove.replay.words import Pair, Words, bare, table
from klprove.verdict import Access, Event, Trace

REACH, CHANGE, READ, LOOK, FLAG, INJECT, RAISE, RETURN, SKIP = (
    "reach", "change", "read", "look", "irq flag", "inject NMI", "raise irq", "return", "skip",
)  # fmt: skip
"""What is done: run to a function's entry; run until a word has changed; run until it is read;
compare where the CPU stands; step until interrupts are on, or off; make it take an NMI, or an
interrupt; run until what was interrupted goes on; nothing."""
ON, OFF = "irqs on", "irqs off"
"""Notes of an event that changes the interrupt flag."""
_ARRIVALS: Mapping[str, str] = {"nmi": INJECT, "irq": RAISE}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, for one event of the trace."""

    number: int
    """Of the event, from 1."""
    event: Event
    do: str
    target: str = ""
    """The kernel's symbol, for REACH, INJECT and RAISE."""
    pair: Pair | None = None
    value: int = 0
    """What the word of `pair` has then, masked; for FLAG, whether interrupts are on."""
    why: str = ""
    """For SKIP: why the step has no place in the kernel."""
    away: bool = False
    """For SKIP: the kernel is somewhere else until the next REACH."""
    fatal: bool = False
    """For SKIP: what comes after it would be compared in vain."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A trace made ready."""

    steps: tuple[Step, ...]
    resting: Mapping[str, int]
    """By the model's name, what it says of each common word before the first step, masked."""
    flag: bool = True
    """Interrupts are on before the first step."""

    @property
    def mapped(self) -> int:
        """Events that have a place in the kernel."""
        return len({each.number for each in self.steps if each.do != SKIP})

    @property
    def fatal(self) -> Step | None:
        """What makes the trace not replayable, if anything does."""
        return next((each for each in self.steps if each.fatal), None)


def schedule(
    trace: Trace,
    resting: Mapping[str, int],
    found: Words,
    symbols: Mapping[str, int],
    flag: bool = True,
) -> Schedule:
    """What to do for `trace` in a kernel that has `symbols`, those of a module among them."""
    rest = dict(resting)
    rest.update({bare(name): value for name, value in trace.initial})
    begin = {name: pair.told(rest[name]) for name, pair in found.pairs.items() if name in rest}
    return Schedule(tuple(_Reading(found, symbols).steps(trace.events)), begin, flag)


class _Reading:
    """One pass over the events."""

    def __init__(self, found: Words, symbols: Mapping[str, int]) -> None:
        self._words, self._symbols = found, symbols
        self._calls: dict[int, tuple[str, ...]] = {}
        """By depth, where each context was."""
        self._stops = {row["model"]: row["kernel"] for row in table()["stop"]}
        self._never = {row["model"]: row["why"] for row in table()["never"]}
        self._apart = {row["model"]: row["why"] for row in table()["apart"]}
        self._arrivals = {row["kind"]: row["kernel"] for row in table()["arrival"]}

    def steps(self, events: Sequence[Event]) -> Iterator[Step]:
        for place, event in enumerate(events):
            number = place + 1
            follower = events[place + 1] if place + 1 < len(events) else None
            if event.action == "enter":
                self._calls[event.depth] = ()
                yield self._arrival(number, event)
            elif event.action == "exit" and event.depth:
                yield Step(number, event, RETURN)
            elif event.action == "step":
                yield from self._entered(number, event)
                yield self._step(number, event, follower)
            else:
                yield Step(number, event, SKIP, why="one CPU of the model has one task")

    def _arrival(self, number: int, event: Event) -> Step:
        do, target = _ARRIVALS.get(event.kind), self._arrivals.get(event.kind, "")
        if do is None or target not in self._symbols:
            why = f"{event.kind}: there is no way to make the kernel take one here"
            return Step(number, event, SKIP, why=why, fatal=True)
        return Step(number, event, do, target)

    def _entered(self, number: int, event: Event) -> Iterator[Step]:
        """Functions that this event is the first in, and that the kernel can be stopped at."""
        before = self._calls.get(event.depth, ())
        self._calls[event.depth] = event.calls
        same = 0
        while same < min(len(before), len(event.calls)) and before[same] == event.calls[same]:
            same += 1
        for name in event.calls[same:]:
            if name in self._stops:
                target = next((x for x in self._stops[name] if x in self._symbols), "")
                if target:
                    yield Step(number, event, REACH, target)
                else:
                    why = f"{name}() has no symbol in the image: inlined, or not there"
                    yield Step(number, event, SKIP, why=why)

    def _step(self, number: int, event: Event, follower: Event | None) -> Step:
        for name in event.calls:
            if name in self._never:
                return Step(number, event, SKIP, why=self._never[name], fatal=not event.depth)
        for name in event.calls:
            if name in self._apart:
                return self._aside(number, event, self._apart[name])
        for note in event.notes:
            if note in (ON, OFF):
                return Step(number, event, FLAG, value=note == ON)
        if not event.accesses:
            return Step(number, event, SKIP, why="touches no memory")
        access = event.accesses[-1]
        pair = self._words.pair(access.name)
        if pair is None:
            why = f"{access.name}: {self._words.reason(access.name)}"
            return Step(number, event, SKIP, why=why)
        return self._access(number, event, access, pair, follower)

    def _aside(self, number: int, event: Event, why: str) -> Step:
        """A step that is not looked for; what it changes counts."""
        for access in event.accesses:
            pair = self._words.pair(access.name)
            if pair is not None:
                value = pair.told(access.after)
                return Step(number, event, SKIP, pair=pair, value=value, why=why, away=True)
        return Step(number, event, SKIP, why=why, away=True)

    def _access(
        self, number: int, event: Event, access: Access, pair: Pair, follower: Event | None
    ) -> Step:
        after = pair.told(access.after)
        if after != pair.told(access.before):
            return Step(number, event, CHANGE, pair=pair, value=after)
        # A read is watched for only where something arrives right behind it, or where nothing else
        # says when it happens; elsewhere the compiler may have merged it with another.
        watched = access.kind == "read" and follower is not None and follower.action == "enter"
        do = READ if watched or pair.word.home == FIXED else LOOK
        return Step(number, event, do, pair=pair, value=after)
