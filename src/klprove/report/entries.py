# SPDX-License-Identifier: GPL-2.0-or-later
"""A trace as entries: short texts, each in the lane of one CPU and context depth."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from klprove.report.wrapping import ascii_only
from klprove.verdict import STORE_BUFFER, Access, Event, Trace

KIND_NAMES = {"nmi": "NMI", STORE_BUFFER: "buffer"}
_BIG = 1 << 16
_BEHIND = 1 << 16
"""More frames than a CPU has."""

Show: TypeAlias = Callable[[str, int], str]
"""How the value of a named object is written."""


class Lane(NamedTuple):
    """Where things happen: a CPU, and how many contexts lie below on it."""

    cpu: int
    depth: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the interleaving. `step` is 0 on lines that belong to the step below or above."""

    step: int
    lane: Lane
    indent: int
    """Depth of the functions shown so far inside the context."""
    text: str
    place: str = ""


@dataclass(slots=True)
class _Calls:
    """The functions shown in one lane: `groups` are lengths of `chain`, one for each line."""

    chain: tuple[str, ...] = ()
    groups: list[int] = field(default_factory=list)

    def move(self, now: tuple[str, ...]) -> Iterator[tuple[int, str]]:
        """The lines, with their indent, that lead from where we were to `now`."""
        shared = _shared(self.chain, now)
        while self.groups and self.groups[-1] > shared:
            self.groups.pop()
        if shared > (self.groups[-1] if self.groups else 0):
            # Back in the middle of functions that were entered on one line.
            yield len(self.groups), f"back in {now[shared - 1]}()"
            self.groups.append(shared)
        if len(now) > shared:
            yield len(self.groups), " > ".join(now[shared:]) + "()"
            self.groups.append(len(now))
        self.chain = now


def lane_of(event: Event) -> Lane:
    """Where `event` is shown. A store buffer stands behind everything else of its CPU."""
    return Lane(event.cpu, _BEHIND if event.kind == STORE_BUFFER else event.depth)


def lanes(trace: Trace) -> dict[Lane, str]:
    """Every lane that `trace` uses, in order, with its title."""
    kinds: dict[Lane, dict[str, None]] = {}
    for event in trace.events:
        kinds.setdefault(lane_of(event), {})[event.kind] = None
    return {
        lane: f"CPU {lane.cpu} " + "/".join(KIND_NAMES.get(kind, kind) for kind in kinds[lane])
        for lane in sorted(kinds)
    }


def entries(trace: Trace, code: str, show: Show, folded: Collection[int] = ()) -> Iterator[Entry]:
    """The lines of `trace`, numbered by step from 1; the finding `code` shows in the last one.

    Steps that change nothing have no line, and a read that is followed at once by the write of what
    was read (`x++`) has none of its own: their numbers are missing. The steps `folded` have one
    line for each run of them, as long as at least one would have had its own.
    """
    inside: dict[Lane, _Calls] = {}
    run: list[Lane] = []
    silent = True
    for number, event in enumerate(trace.events, 1):
        lane = lane_of(event)
        texts = list(texts_of(event, show))
        last = number == len(trace.events)
        if not last and number in folded:
            run.append(lane)
            silent = silent and not texts
            continue
        if run and not silent:
            yield Entry(0, run[0], len(inside.get(run[0], _Calls()).groups), said_of(len(run)))
        run, silent = [], True
        if last:
            texts = list(bang(texts, code))
        elif not texts or is_first_half(event, trace.events[number]):
            continue
        calls = inside.setdefault(lane, _Calls())
        indent = 0
        if event.action == "enter":
            inside[lane] = _Calls((event.context,), [1])
        elif event.action == "step":
            for depth, line in calls.move(event.calls):
                yield Entry(0, lane, depth, line)
            indent = len(calls.groups)
        place = _place(event)
        for line_number, text in enumerate(texts):
            first = line_number == 0
            yield Entry(
                number if first else 0, lane, indent + (not first), text, place if first else ""
            )


def said_of(steps: int) -> str:
    """What stands in the place of so many folded steps."""
    return f"... {steps} step{'' if steps == 1 else 's'}"


def is_first_half(event: Event, following: Event) -> bool:
    """True for the read of a read and write of one object that nothing came between."""
    if event.notes or len(event.accesses) != 1 or len(following.accesses) != 1:
        return False
    read, write = event.accesses[0], following.accesses[0]
    return (
        (event.action, event.cpu, event.depth) == ("step", following.cpu, following.depth)
        and event.calls == following.calls
        and (read.kind, write.kind) == ("read", "write")
        and (read.name, read.after) == (write.name, write.before)
    )


def bang(texts: Sequence[str], code: str) -> Iterator[str]:
    """`texts` with what says `code` moved to the end and marked."""
    said = code
    for text in texts:
        plain = text.removeprefix("# ")
        if plain == code or plain.startswith(f"{code}:"):
            said = plain
        else:
            yield text
    yield f"# BANG {said}"


def _shared(before: Sequence[str], now: Sequence[str]) -> int:
    """Length of the common beginning of two call chains."""
    for index, (one, other) in enumerate(zip(before, now, strict=False)):
        if one != other:
            return index
    return min(len(before), len(now))


def texts_of(event: Event, show: Show) -> Iterator[str]:
    """What one event says: a line for each access, then its notes."""
    said = True
    match event.action:
        case "enter":
            yield f"<{KIND_NAMES.get(event.kind, event.kind)}> {event.context}()"
        case "exit":
            yield "ends" if event.kind == "task" else "iret"
        case "switch":
            yield f"switch to {event.context}()"
        case _:
            said = False
    for access in event.accesses:
        yield _told(access, event.cpu, show)
        said = True
    for note in event.notes:
        if note.startswith("reaches "):
            continue  # a witness matters to the verdict, not to the reader of a trace
        yield f"# {note}" if said else note
        said = True


def _told(access: Access, cpu: int, show: Show) -> str:
    """`x is 1` for a read, `x: 0 -> 1` for a change; a CPU's own copy goes without `[cpu N]`."""
    name = access.name.replace(f"[cpu {cpu}]", "", 1)
    if access.kind == "free":
        return f"kfree({name})"
    after = show(access.name, access.after)
    if access.kind == "buffer":
        return f"{name} := {after} (buffered)"
    if access.kind == "forwarded":
        return f"{name} is {after} (own store)"
    if access.kind == "read":
        return f"{name} is {after}"
    return f"{name}: {show(access.name, access.before)} -> {after}"


def number(value: int) -> str:
    """Decimal, or hexadecimal where that reads better: addresses, masks."""
    masked = abs(value) >= 1 << 12 and not value & 0xFF
    return hex(value) if masked or abs(value) >= _BIG else str(value)


def shower(trace: Trace) -> Show:
    """How values are written in `trace`: an address by what lies there, else as a number."""

    def show(name: str, value: int) -> str:
        return trace.addresses.get((name, value)) or number(value)

    return show


def _place(event: Event) -> str:
    """`file.c:12`, without folders: the column must stay narrow."""
    if not event.span.line:
        return ""
    return ascii_only(f"{event.span.file.rsplit('/', 1)[-1]}:{event.span.line}")
