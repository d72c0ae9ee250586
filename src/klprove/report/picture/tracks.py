# SPDX-License-Identifier: GPL-2.0-or-later
"""The lanes of a picture, and in each of them the contexts from their arrival to their end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from klprove.report.entries import Lane, lane_of, lanes
from klprove.verdict import Event, Trace


@dataclass(frozen=True, slots=True)
class Bar:
    """A context that lives in `lane` from step `first` to step `last`, under others or not."""

    lane: int
    first: int
    last: int
    kind: str
    context: str
    below: int | None
    """The lane that it interrupts, where the trace shows one."""
    arrives: bool
    """It begins with an arrival, an edge of the picture; a task is there from the start."""
    returns: bool
    """It ends with its iret; else the trace ends before."""


@dataclass(frozen=True, slots=True)
class Tracks:
    """`titles` of the lanes, in order of CPU and depth; `of` is the lane of each event."""

    titles: tuple[str, ...]
    cpus: tuple[int, ...]
    of: tuple[int, ...]
    bars: tuple[Bar, ...]


def tracks(trace: Trace) -> Tracks:
    """The lanes of `trace`, numbered from 0 as they stand in `titles`."""
    titles = lanes(trace)
    number = {lane: index for index, lane in enumerate(titles)}
    of = tuple(number[lane_of(each)] for each in trace.events)
    return Tracks(
        tuple(_distinct(titles)),
        tuple(lane.cpu for lane in titles),
        of,
        tuple(sorted(_bars(trace.events, of), key=lambda bar: (bar.first, bar.lane))),
    )


def _distinct(titles: Mapping[Lane, str]) -> Iterator[str]:
    """Titles with the depth where there are several of one: an exception within an exception."""
    for lane, title in titles.items():
        alone = list(titles.values()).count(title) == 1
        yield title if alone else f"{title}, depth {lane.depth}"


def _bars(events: Sequence[Event], of: Sequence[int]) -> Iterator[Bar]:
    """A bar ends where its context returns, another one takes its lane, or the trace ends."""
    begun: dict[int, Bar] = {}
    for step, (event, lane) in enumerate(zip(events, of, strict=True), 1):
        open_ = begun.get(lane)
        if open_ and (event.action in ("enter", "switch") or event.context != open_.context):
            yield replace(begun.pop(lane), last=step - 1)
        if lane not in begun:
            begun[lane] = _begin(step, event, lane, begun, events)
        if event.action == "exit":
            yield replace(begun.pop(lane), last=step, returns=True)
    yield from begun.values()


def _begin(
    step: int, event: Event, lane: int, begun: Mapping[int, Bar], events: Sequence[Event]
) -> Bar:
    lower = [
        other
        for other, bar in begun.items()
        if other < lane and events[bar.first - 1].cpu == event.cpu
    ]
    below = max(lower, default=None)
    return Bar(
        lane, step, len(events), event.kind, event.context, below, event.action == "enter", False
    )
