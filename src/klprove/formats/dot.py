# SPDX-License-Identifier: GPL-2.0-or-later
"""Graphs in the DOT language of Graphviz (graphviz.org/doc/info/lang.html, release 2.42)."""

from collections.abc import Iterator, Sequence

from klprove.formats.results import Finding, Results, Step
from klprove.source import plain

_ARRIVAL = 'style=bold, color="#b00020", fontcolor="#b00020"'
_RETURN = 'style=dashed, color="#b00020"'
_SWITCH = 'style=dotted, color="#30507a"'


def dot(results: Results) -> str:
    """One digraph, without a newline at the end: of interleavings, each a cluster with a cluster a
    context in it and an arrow from step to step; of call paths, one graph in which those that share
    functions share nodes. Where there is neither, a box that says so."""
    shown = results.shown
    lines = [
        f"label={_text(results.heading)};",
        "labelloc=t;",
        "newrank=true;",
        "node [shape=box];",
    ]
    for number, each in enumerate(each for each in shown if each.steps):
        lines += _interleaving(number, each)
    lines += _calls([each for each in shown if each.path and not each.steps])
    if not shown:
        lines.append(f"nothing [label={_text('nothing to draw')}, shape=plaintext];")
    body = "\n".join(f"  {line}" for line in lines)
    return f"digraph klprove {{\n{body}\n}}"


def _interleaving(number: int, finding: Finding) -> Iterator[str]:
    begin = f"f{number}_"
    yield f"subgraph cluster_{begin} {{"
    text = finding.text if finding.text != finding.code else ""
    yield f"  label={_text(*filter(None, (finding.code, finding.where, text)))};"
    for place, lane in enumerate(finding.lanes):
        yield f"  subgraph cluster_{begin}{place} {{"
        yield f"    label={_text(lane.title)};"
        for step in finding.steps:
            if step.lane == lane:
                yield f"    {begin}{step.number} [label={_label(step)}];"
        yield "  }"
    yield "}"
    for before, after in zip(finding.steps, finding.steps[1:], strict=False):
        yield f"{begin}{before.number} -> {begin}{after.number}{_arrow(before, after)};"


def _label(step: Step) -> str:
    place = str(step.span) if step.span.line else ""
    return _text(f"{step.number}  {step.lines[0]}", *step.lines[1:], *([place] if place else []))


def _arrow(before: Step, after: Step) -> str:
    if after.action == "enter":
        return f" [{_ARRIVAL}, label={_text('arrives')}]"
    if before.action == "exit":
        return f" [{_RETURN}]"
    if before.lane != after.lane:
        return f" [{_SWITCH}]"
    return ""


def _calls(findings: Sequence[Finding]) -> Iterator[str]:
    """Every function once, an arrow for every way that leads from one to another."""
    names = dict.fromkeys(each.name for finding in findings for each in finding.path)
    nodes = {name: f"c{number}" for number, name in enumerate(names)}
    last = {finding.path[-1].name for finding in findings}
    begins = {finding.path[0].name: finding.path[0].how for finding in findings}
    for name, node in nodes.items():
        bold = ", style=bold" if name in last else ""
        yield f"{node} [label={_text(*filter(None, (name, begins.get(name))))}{bold}];"
    arrows = dict.fromkeys(
        (nodes[before.name], nodes[after.name], after.how)
        for finding in findings
        for before, after in zip(finding.path, finding.path[1:], strict=False)
    )
    for before, after, how in arrows:
        yield f"{before} -> {after} [label={_text(how)}];"


def _text(*lines: str) -> str:
    """A quoted string: lines set flush left, nothing in them means anything to DOT."""
    said = (plain(each).replace("\\", "\\\\").replace('"', '\\"') for each in lines)
    return '"' + "".join(f"{each}\\l" for each in said) + '"'
