# SPDX-License-Identifier: GPL-2.0-or-later
"""From a trace to what has to be done to a real kernel, step by step."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from klprove.lab.memory import FIXED
from klprove.replay.words import Pair, Words, bare, table
from klprove.verdict import Access, Event, Trace

REACH, CHANGE, READ, LOOK, FLAG, INJECT, RAISE, RETURN, FREE, FAULT, DIVERT, TRAP, CHECK, SKIP = (
    "reach", "change", "read", "look", "irq flag", "inject NMI", "raise irq", "return", "free",
    "fault", "divert", "breakpoint", "machine check", "skip",
)  # fmt: skip
"""What is done: run to a function's entry; run until a word has changed; run until it is read;
compare where the CPU stands; step until interrupts are on, or off; make it take an NMI, or an
interrupt; run until what was interrupted goes on; run until an address is mapped no more; run until
the CPU faults on it; call another function than the one that is entered; make it hit a hardware
breakpoint, or take a machine check; nothing."""
_FREED = "use-after-free: "
"""How the note of an event begins that uses what was freed."""
_TEXT = "klp_text["
_HANDLER = "klp_ftrace_handler"
_WAIT, _WAIT_RCU = "schedule_on_each_cpu", "synchronize_rcu"
"""How livepatch waits for its handlers, and how it did until v4.12."""
ON, OFF = "irqs on", "irqs off"
"""Notes of an event that changes the interrupt flag."""
_ARRIVALS: Mapping[str, str] = {"nmi": INJECT, "irq": RAISE, "exception": TRAP}
_BEGIN = "sys_read"
"""What a task of the models does first."""
_CHECKED = "exc_machine_check_kernel"
_CHECK_ENTRY = "asm_exc_machine_check"


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
    """What the word of `pair` has then, masked; for FLAG, whether interrupts are on; for FREE and
    FAULT, the address."""
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
    def updater(self) -> bool:
        """A second CPU has a part in it: livepatch's own code runs there."""
        return any(each.event.cpu for each in self.steps)

    @property
    def excepts(self) -> bool:
        """A hardware breakpoint is hit in it, or a machine check is taken."""
        return any(each.do in (TRAP, CHECK) for each in self.steps)

    @property
    def raises(self) -> bool:
        """An interrupt is raised in it."""
        return any(each.do == RAISE for each in self.steps)

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
        self._calls: dict[tuple[int, int], tuple[str, ...]] = {}
        """By CPU and depth, where each context was."""
        self._decides: frozenset[str] = frozenset()
        """Functions that do not run here, and that the trace does not only pass through."""
        self._stops = {row["model"]: row["kernel"] for row in table()["stop"]}
        self._never = {row["model"]: row["why"] for row in table()["never"]}
        self._apart = {row["model"]: row["why"] for row in table()["apart"]}
        self._arrivals = {row["kind"]: row["kernel"] for row in table()["arrival"]}

    def steps(self, events: Sequence[Event]) -> Iterator[Step]:
        self._decides = frozenset(self._deciding(events))
        for place, event in enumerate(events):
            number = place + 1
            follower = events[place + 1] if place + 1 < len(events) else None
            if event.action == "enter" and not event.cpu:
                self._calls[event.cpu, event.depth] = ()
                if not place:
                    yield from self._begun(event)
                yield self._arrival(number, event, self._checks(events[place:], event.depth))
            elif event.action == "exit" and event.depth:
                yield Step(number, event, RETURN)
            elif event.action == "step":
                yield from self._entered(number, event)
                yield self._step(number, event, follower)
            else:
                why = "one CPU of the model has one task, and the second takes no interrupts"
                yield Step(number, event, SKIP, why=why)

    def _deciding(self, events: Sequence[Event]) -> Iterator[str]:
        """Functions that do not run here in which something arrives, or the handler runs."""
        own = [each for each in events if not each.cpu]
        for place, event in enumerate(own):
            follower = own[place + 1] if place + 1 < len(own) else None
            ends = follower is None or follower.action == "enter"
            if ends or _HANDLER in event.calls:
                yield from self._never.keys() & set(event.calls)

    def _begun(self, event: Event) -> Iterator[Step]:
        """Where the first task stands before its first step."""
        target = next((each for each in self._stops[_BEGIN] if each in self._symbols), "")
        if target:
            yield Step(1, replace(event, action="step", depth=0, kind="task"), REACH, target)

    def _checks(self, events: Sequence[Event], depth: int) -> bool:
        """What arrives first in `events` is a #MC: of the models' exceptions, the other one."""
        for event in events:
            if event.depth == depth and event.action == "exit":
                return False
            if _CHECKED in event.calls:
                return True
        return False

    def _arrival(self, number: int, event: Event, checks: bool) -> Step:
        do, target = _ARRIVALS.get(event.kind), self._arrivals.get(event.kind, "")
        if checks:
            do, target = CHECK, _CHECK_ENTRY
        if do is None or target not in self._symbols:
            why = f"{event.kind}: there is no way to make the kernel take one here"
            return Step(number, event, SKIP, why=why, fatal=True)
        return Step(number, event, do, target)

    def _entered(self, number: int, event: Event) -> Iterator[Step]:
        """Functions that this event is the first in, and that the kernel can be stopped at."""
        before = self._calls.get((event.cpu, event.depth), ())
        self._calls[event.cpu, event.depth] = event.calls
        same = 0
        while same < min(len(before), len(event.calls)) and before[same] == event.calls[same]:
            same += 1
        for name in event.calls[same:]:
            if name in self._stops:
                target = next((x for x in self._stops[name] if x in self._symbols), "")
                if target:
                    yield Step(number, event, REACH, target)
                    yield from self._diverted(number, event, target)
                else:
                    why = f"{name}() has no symbol in the image: inlined, or not there"
                    yield Step(number, event, SKIP, why=why)

    def _diverted(self, number: int, event: Event, target: str) -> Iterator[Step]:
        """The model's updater may wait otherwise than the kernel's (KLP_WAIT_RCU)."""
        if target == _WAIT and _WAIT_RCU in event.calls and _WAIT_RCU in self._symbols:
            yield Step(number, event, DIVERT, _WAIT_RCU)

    def _step(self, number: int, event: Event, follower: Event | None) -> Step:
        for name in event.calls:
            if name in self._never and not event.depth and name not in self._decides:
                return self._aside(number, event, self._never[name])
            if name in self._never:
                return Step(number, event, SKIP, why=self._never[name], fatal=not event.depth)
        for name in event.calls:
            if name in self._apart:
                return self._aside(number, event, self._apart[name])
        for note in event.notes:
            if note in (ON, OFF):
                return Step(number, event, FLAG, value=note == ON)
        freed = next((each for each in event.notes if each.startswith(_FREED)), "")
        if freed:
            return self._freed(number, event, FAULT, freed.removeprefix(_FREED))
        if event.accesses and event.accesses[-1].kind == "free":
            return self._freed(number, event, FREE, event.accesses[-1].name)
        if not event.accesses:
            return Step(number, event, SKIP, why="touches no memory")
        access = event.accesses[-1]
        pair = self._words.pair(access.name)
        if access.name.startswith(_TEXT) and access.name in self._symbols:
            return Step(number, event, REACH, access.name)  # text is read: it is executed
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

    def _freed(self, number: int, event: Event, do: str, name: str) -> Step:
        """What is freed, or used then: memory of the patch's module."""
        pair = self._words.pair(name)
        address = pair.word.at if pair is not None else self._symbols.get(bare(name))
        if address is None:
            return Step(number, event, SKIP, why=f"{name}: {self._words.reason(name)}")
        return Step(number, event, do, value=address)

    def _access(
        self, number: int, event: Event, access: Access, pair: Pair, follower: Event | None
    ) -> Step:
        after = pair.told(access.after)
        if after != pair.told(access.before):
            return Step(number, event, CHANGE, pair=pair, value=after)
        if event.cpu:
            return Step(number, event, LOOK, pair=pair, value=after)
        # A read is watched for only where something arrives right behind it, or where nothing else
        # says when it happens; elsewhere the compiler may have merged it with another.
        watched = access.kind == "read" and follower is not None and follower.action == "enter"
        do = READ if watched or pair.word.home == FIXED else LOOK
        return Step(number, event, do, pair=pair, value=after)
