# SPDX-License-Identifier: GPL-2.0-or-later
"""A trace as the steps that every format shows."""

from klprove import formats
from klprove.report.entries import Show, bang, is_first_half, lane_of, lanes, texts_of
from klprove.report.wrapping import ascii_only
from klprove.verdict import Trace


def steps(trace: Trace, code: str, show: Show, last: bool = True) -> tuple[formats.Step, ...]:
    """The steps of `trace` that have a line in the text report, with the same numbers and words;
    the finding `code` shows in the last one, unless `last` is False."""
    places = {
        lane: formats.Lane(lane.cpu, lane.depth, title) for lane, title in lanes(trace).items()
    }
    found = []
    for number, event in enumerate(trace.events, 1):
        texts = list(texts_of(event, show))
        if number == len(trace.events):
            texts = list(bang(texts, code)) if last else texts
        elif is_first_half(event, trace.events[number]):
            continue
        if not texts:
            continue
        lines = tuple(map(ascii_only, texts))
        function = event.calls[-1] if event.calls else event.context
        lane = places[lane_of(event)]
        found.append(formats.Step(number, lane, event.action, lines, event.span, function))
    return tuple(found)
