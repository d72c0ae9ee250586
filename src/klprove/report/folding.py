# SPDX-License-Identifier: GPL-2.0-or-later
"""Which steps of a trace do not matter to its finding, so that they can be folded away.

A step stays where one of these holds; docs/terminal.md says the same for users:

1. it is the last one, in which the finding is made;
2. it is no step of code: an arrival, an iret, a switch, the end of a task;
3. something is noted in it, a choice or a changed flag too; that a witness is reached is nothing;
4. a band of the picture says something else after it than before;
5. it touches a word that the finding depends on: a dynamic slice, backwards from the end.

What the slice follows: the last step, and a plain write of a word that is depended on, depend on
what their function read before, and on what the function that returned last to it read; an atomic
update on what the word held. A plain write ends the dependence on what the word held before.
Registers are not in a trace: any such read is taken to flow into the write (more than is true),
while arguments, other results and the conditions under which a caller called are not followed
(less). So folding is a way to read a trace, and no proof that what it hides could be left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from klprove.report.entries import Lane, lane_of
from klprove.report.picture.bands import bands
from klprove.source import NOWHERE
from klprove.verdict import STORE_BUFFER, Access, Event, Trace

LEAST = 2
"""Steps of a run that is folded: the line that stands for it is as long as a step's."""
_CHANGES = ("write", "update", "free", "buffer")
_LANE_ENDS = ("enter", "exit", "switch")


def folded(trace: Trace, modelled: bool) -> frozenset[int]:
    """Numbers, from 1, of the steps that can be hidden, in runs of at least `LEAST`. `modelled`:
    the trace is of a kernel model, whose words have bands."""
    hidden = (not each for each in matter(trace, modelled))
    found: set[int] = set()
    for hides, run in groupby(enumerate(hidden, 1), key=lambda each: each[1]):
        steps = [number for number, _ in run]
        if hides and len(steps) >= LEAST:
            found.update(steps)
    return frozenset(found)


def matter(trace: Trace, modelled: bool) -> list[bool]:
    """Of each step, whether it matters."""
    turns = _turns(trace, modelled)
    return [
        needed or event.action != "step" or number in turns or any(map(_tells, event.notes))
        for number, (event, needed) in enumerate(
            zip(trace.events, _slice(trace.events), strict=True), 1
        )
    ]


def _turns(trace: Trace, modelled: bool) -> set[int]:
    """The steps after which some band says something else than before."""
    if not trace.events:
        return set()
    start = Event("step", trace.events[0].cpu, 0, "task", "", NOWHERE)
    seen = bands(replace(trace, events=(start, *trace.events)), modelled)
    return {run.first - 1 for band in seen for run in band.runs if run.first > 1}


def _tells(note: str) -> bool:
    return not note.startswith("reaches ")


def _slice(events: Sequence[Event]) -> list[bool]:
    """Of each event, whether it touches a word that the last one depends on at that time."""
    touches = [False] * len(events)
    live: set[str] = set()
    readers: dict[Lane, list[_Reader]] = {}
    """In each lane, of functions under way, the outermost first."""
    for place in range(len(events) - 1, -1, -1):
        event, lane = events[place], lane_of(events[place])
        readers[lane] = [each for each in readers.get(lane, ()) if each.holds(event)]
        reading = [each.reads(event) for each in readers[lane]]
        needed = place == len(events) - 1 or any(
            each.name in live for each in event.accesses if each.kind in _CHANGES
        )
        touches[place] = needed or any(each.name in live for each in event.accesses)
        if needed:
            live -= {each.name for each in event.accesses if _replaces(each, event)}
            computed = place == len(events) - 1 or any(map(_is_computed, event.accesses))
            if computed and event.calls not in (each.function for each in readers[lane]):
                readers[lane].append(_Reader(event.calls))
        if needed or any(reading):
            found = {each.name for each in event.accesses if each.kind != "write"}
            live |= found
            touches[place] = touches[place] or bool(found)
        if event.action in _LANE_ENDS:
            readers.pop(lane, None)
    return touches


@dataclass(slots=True)
class _Reader:
    """Whose reads a change depends on, going back from it."""

    function: tuple[str, ...]
    """Calls, from the context's own function to the one that changes."""
    last: tuple[str, ...] = ()
    """Those of the function that returned last to it; empty as long as there was none."""

    def holds(self, event: Event) -> bool:
        """False once an earlier step is before the function began."""
        return event.calls[: len(self.function)] == self.function

    def reads(self, event: Event) -> bool:
        """True for an earlier step that is one of these."""
        depth = len(self.function)
        callee = event.calls[: depth + 1]
        if len(callee) > depth and not self.last:
            self.last = callee
        return callee in (self.function, self.last)


def _is_computed(access: Access) -> bool:
    """False for what only goes on from what the word held: an atomic operation, a `free`."""
    return access.kind in ("write", "buffer")


def _replaces(access: Access, event: Event) -> bool:
    """True for a plain write of this step's own value, not of one that a store buffer held."""
    return access.kind == "write" and event.kind != STORE_BUFFER
