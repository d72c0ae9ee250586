# SPDX-License-Identifier: GPL-2.0-or-later
"""Message sequence charts in the language of mscgen 0.20 (www.mcternan.me.uk/mscgen).

A chart holds one interleaving: the first of `Results.shown`.
"""

from collections.abc import Iterator, Sequence

from klprove.formats.results import Call, Finding, Lane, Results, Step
from klprove.source import plain

_WIDTH = 260
"""Pixels for each column: a step's text has to fit."""


def msc(results: Results) -> str:
    """The chart, without a newline at the end: a column for each context, a box a step, arrows for
    arrivals and returns; of a call path, a column a function and an arrow a call. Where there is
    neither, one column that says so."""
    shown = next(iter(results.shown), None)
    if shown is None:
        return _chart([_text(results.heading)], ["--- [label=" + _text("nothing to draw") + "]"])
    if not shown.steps:
        return _chart([_text(each.name) for each in shown.path], list(_calls(shown.path)))
    titles = [_text(each.title) for each in shown.lanes]
    return _chart(titles, list(_interleaving(shown)))


def _chart(titles: Sequence[str], arcs: Sequence[str]) -> str:
    columns = ", ".join(f"l{number} [label={title}]" for number, title in enumerate(titles))
    width = max(len(titles), 2) * _WIDTH
    body = "".join(f"  {arc};\n" for arc in arcs)
    return f'msc {{\n  width="{width}", wordwraparcs="on";\n  {columns};\n{body}}}'


def _interleaving(finding: Finding) -> Iterator[str]:
    place = {lane: f"l{number}" for number, lane in enumerate(finding.lanes)}
    yield f"--- [label={_text(_title(finding))}]"
    before: Step | None = None
    for step in finding.steps:
        here = place[step.lane]
        yield from _change(before, step, place)
        said = _text(f"{step.number}: {'; '.join(step.lines)}")
        yield f"{here} box {here} [label={said}]"
        before = step


def _title(finding: Finding) -> str:
    return finding.code if finding.text in ("", finding.code) else f"{finding.code}: {finding.text}"


def _change(before: Step | None, step: Step, place: dict[Lane, str]) -> Iterator[str]:
    """The arrow that leads from one context to another."""
    if before is None or before.lane == step.lane:
        return
    here, there = place[before.lane], place[step.lane]
    if step.action == "enter":
        yield f"{here} => {there} [label={_text('arrives')}]"
    elif before.action == "exit":
        yield f"{here} >> {there} [label={_text('returns')}]"
    else:
        yield f"{here} -> {there} [label={_text('then')}]"


def _calls(path: Sequence[Call]) -> Iterator[str]:
    yield f"--- [label={_text(f'{path[0].name}: {path[0].how}')}]"
    for number, each in enumerate(path[1:], 1):
        yield f"l{number - 1} => l{number} [label={_text(each.how)}]"


def _text(text: str) -> str:
    r"""A quoted string; mscgen takes `\` for the start of an escape."""
    return '"' + plain(text).replace("\\", "/").replace('"', '\\"') + '"'
