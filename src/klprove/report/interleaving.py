# SPDX-License-Identifier: GPL-2.0-or-later
"""The picture of a trace: a column for each CPU and context depth that it uses.

Every line holds one entry, so an entry may run over the columns to its right: what would be six
columns of twelve characters is six indentations with room to speak.
"""

from collections.abc import Collection, Iterator

from klprove.report.entries import Entry, Lane, Show, entries, lanes
from klprove.report.wrapping import WIDTH, ascii_only, fold
from klprove.verdict import Trace

_ROOM = 34
"""Columns that the rightmost lane gets at least."""
_STRIDE = 22
"""Most columns between two lanes."""
_PLACED = 12
"""Most lanes beside which places are shown at the right edge."""
_PLACE = 24
"""Longest `file:line` that is shown at the right edge."""


def draw(trace: Trace, code: str, show: Show, folded: Collection[int] = ()) -> list[str]:
    """The lines of the picture of how `code` is reached, without the steps `folded`."""
    rows = list(entries(trace, code, show, folded))
    titles = lanes(trace)
    if not titles:
        return ["(no step: the initial state is bad)"]
    longest = max(len(row.place) for row in rows)
    placed = longest <= _PLACE and len(titles) <= _PLACED
    right = WIDTH - (longest + 2 if placed else 0)
    margin = max(len(str(len(trace.events))), 2) + 3
    stride = 0
    if len(titles) > 1:
        stride = max(2, min(_STRIDE, (right - margin - _ROOM) // (len(titles) - 1)))
    start = {
        lane: min(margin + place * stride, right - _ROOM // 2) for place, lane in enumerate(titles)
    }
    lines = list(_head(titles, start, stride))
    unit = 2 if len(titles) <= 2 else 1
    for row in rows:
        lines += _row(row, start[row.lane], right, unit, placed)
    if not placed:
        lines += ["", *_places(rows)]
    return lines


def _head(titles: dict[Lane, str], start: dict[Lane, int], stride: int) -> Iterator[str]:
    """Titles side by side where they fit, else as a staircase."""
    lanes_left = list(titles)
    if all(len(titles[lane]) < stride for lane in lanes_left[:-1]):
        line = ""
        for lane in lanes_left:
            line = line.ljust(start[lane]) + titles[lane]
        if len(line) <= WIDTH:
            yield line
            return
    for place, lane in enumerate(lanes_left):
        line = ""
        for above in lanes_left[:place]:
            line = line.ljust(start[above]) + "|"
        yield (line.ljust(start[lane]) + titles[lane])[:WIDTH].rstrip()


def _row(row: Entry, start: int, right: int, unit: int, placed: bool) -> Iterator[str]:
    """One entry, wrapped in its lane, its place at the right edge of its first line."""
    text = ascii_only(row.text)
    edge = right if row.place else WIDTH
    # Neither a deep chain of calls nor a long name may leave its text without room.
    room = max(_ROOM // 2, max(map(len, text.split()), default=0) + 2)
    x = max(start, min(start + row.indent * unit, edge - room))
    lead = f"{row.step:>{3}}" if row.step else ""
    for number, part in enumerate(fold(text, edge - x, "  ")):
        line = (lead if number == 0 else "").ljust(x) + part
        if number == 0 and placed and row.place:
            line = line.ljust(right) + row.place.rjust(WIDTH - right)
        yield line.rstrip()


def _places(rows: list[Entry]) -> Iterator[str]:
    """The block that says where each step stands, for names too long for the right edge."""
    yield "places :"
    for row in rows:
        if row.step and row.place:
            yield from fold(f"{row.step:>3}  {row.place}", WIDTH, "     ")
