"""A trace as entries: short texts, each in the lane of one CPU and context depth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from klprove.report.wrapping import ascii_only
from klprove.verdict import Access, Event, Trace

KIND_NAMES = {"nmi": "NMI"}
_BIG = 1 << 16


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
    """Depth of calls inside the context."""
    text: str
    place: str = ""


def lanes(trace: Trace) -> dict[Lane, str]:
    """Every lane that `trace` uses, in order, with its title."""
    kinds: dict[Lane, dict[str, None]] = {}
    for event in trace.events:
        kinds.setdefault(Lane(event.cpu, event.depth), {})[event.kind] = None
    return {
        lane: f"CPU {lane.cpu} " + "/".join(KIND_NAMES.get(kind, kind) for kind in kinds[lane])
        for lane in sorted(kinds)
    }


def entries(trace: Trace, code: str) -> Iterator[Entry]:
    """The lines of `trace`, numbered by step from 1; the finding `code` shows in the last one."""
    inside: dict[Lane, tuple[str, ...]] = {}
    for number, event in enumerate(trace.events, 1):
        lane = Lane(event.cpu, event.depth)
        place = _place(event)
        texts, indent = list(_texts(event)), 0
        if event.action == "enter":
            inside[lane] = (event.context,)
        elif event.action == "step":
            before = inside.get(lane, ())
            shared = _shared(before, event.calls)
            for depth in range(shared, len(event.calls)):
                yield Entry(0, lane, depth, f"{event.calls[depth]}()")
            inside[lane] = event.calls
            indent = len(event.calls)
        if number == len(trace.events):
            texts = list(_bang(texts, code))
        for line, text in enumerate(texts):
            yield Entry(
                step=number if line == 0 else 0,
                lane=lane,
                indent=indent + (line > 0),
                text=text,
                place=place if line == 0 else "",
            )


def _bang(texts: Sequence[str], code: str) -> Iterator[str]:
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


def _texts(event: Event) -> Iterator[str]:
    """What one event says: a line for each access, then its notes."""
    said = False
    match event.action:
        case "enter":
            yield f"<{KIND_NAMES.get(event.kind, event.kind)}> {event.context}()"
            said = True
        case "exit":
            yield "ends" if event.kind == "task" else "iret"
            said = True
        case "switch":
            yield f"switch to {event.context}()"
            said = True
    for access in event.accesses:
        yield show(access)
        said = True
    for note in event.notes:
        if note.startswith("reaches "):
            continue  # a witness matters to the verdict, not to the reader of a trace
        yield f"# {note}" if said else note
        said = True
    if not said:
        yield "(no change)"


def show(access: Access) -> str:
    """`x = 1` for a read, `x: 0 -> 1` for a change, `kfree(x)`."""
    if access.kind == "free":
        return f"kfree({access.name})"
    if access.kind == "read":
        return f"{access.name} is {number(access.after)}"
    return f"{access.name}: {number(access.before)} -> {number(access.after)}"


def number(value: int) -> str:
    """Decimal, or hexadecimal where that reads better: addresses, masks."""
    return hex(value) if abs(value) >= _BIG else str(value)


def _place(event: Event) -> str:
    """`file.c:12`, without folders: the column must stay narrow."""
    if not event.span.line:
        return ""
    return ascii_only(f"{event.span.file.rsplit('/', 1)[-1]}:{event.span.line}")
