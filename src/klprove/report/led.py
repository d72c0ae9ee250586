# SPDX-License-Identifier: GPL-2.0-or-later
"""Traces beside a real kernel, for the formats of the trade."""

from collections.abc import Sequence
from typing import Any

from klprove import formats
from klprove.kernels import HOME
from klprove.replay import AGREED, Campaign, Case, Outcome, Shown
from klprove.report.entries import number
from klprove.report.steps import steps
from klprove.report.wrapping import count
from klprove.source import NOWHERE
from klprove.verdict import Trace

STOCK = "klprove.stock/1"
_DIFFERS, _AGREED = "disagreed", "agreed"
_RULES = {
    _DIFFERS: formats.Rule(
        "model and kernel do not agree",
        "at this step the kernel's memory is not what the model says, or the step does not happen",
        "one of the two is wrong about it: docs/replay.md",
    ),
    _AGREED: formats.Rule("model and kernel agree", "at every step that has a place in the kernel"),
}


def replay_results(
    case: Case, release: str, outcomes: Sequence[Outcome], status: int
) -> formats.Results:
    """A part for each replay of the trace."""
    parts = tuple(
        _item(f"replay {place}", case.name, case.trace, each)
        for place, each in enumerate(outcomes, 1)
    )
    name = f"{case.name}, {case.kernel} on {release}"
    said = f"klprove: {count(len(parts), 'replay')} of {name}"
    item = formats.Item(name, items=parts)
    return formats.Results("replay", said, (item,), status, _RULES, _models([case.trace]))


def hooks_results(kernel: str, release: str, done: Campaign, status: int) -> formats.Results:
    """A part for each walk."""
    parts = tuple(
        _item(each.walk.name, each.walk.name, each.walk.trace, each.outcome) for each in done.tried
    )
    name = f"{kernel} on {release}"
    facts = tuple(f"never entered there: {each}" for each in done.uncalled)
    item = formats.Item(name, facts=facts, items=parts)
    said = f"klprove: {count(len(parts), 'walk')} of {name}"
    traces = [each.walk.trace for each in done.tried]
    return formats.Results("fidelity", said, (item,), status, _RULES, _models(traces))


def stock_results(seen: Shown, release: str, status: int) -> formats.Results:
    """A reproducer: it shows what it promises, or not."""
    outcome = formats.PASS if seen.held else formats.FAIL
    item = formats.Item(seen.name, outcome, facts=tuple(seen.lines))
    word = "HELD" if seen.held else "NOT HELD"
    return formats.Results("replay", f"klprove: {word} {seen.name} {release}", (item,), status)


def stock_document(seen: Shown, release: str) -> dict[str, Any]:
    """The same for programs."""
    return {
        "schema": STOCK,
        "name": seen.name,
        "release": release,
        "held": seen.held,
        "seen": list(seen.lines),
    }


def _item(name: str, key: str, trace: Trace, outcome: Outcome) -> formats.Item:
    first = outcome.first
    tries = f"begun {count(outcome.attempts, 'time')}"
    boots = (f"boot {boot} told nothing: {why}" for boot, why in enumerate(outcome.lost, 1))
    facts = (f"{count(len(outcome.rows), 'row')}, {outcome.result}", tries, *boots)
    if first is not None:
        text = f"step {first.step.number}, {first.at or 'nowhere'}: {first.text}"
        span = first.step.event.span
        found = _finding(_DIFFERS, formats.ERROR, text, trace, key, span=span, where=first.at)
        return formats.Item(name, formats.FAIL, "", (found,), facts)
    if outcome.result != AGREED:
        return formats.Item(name, formats.INCOMPLETE, f"lost: {outcome.rows[-1].text}", (), facts)
    found = _finding(_AGREED, formats.NOTE, "at every step", trace, key)
    return formats.Item(name, formats.PASS, "", (found,), facts)


def _finding(
    code: str, severity: str, text: str, trace: Trace, key: str, **place: Any
) -> formats.Finding:
    told = steps(trace, code, lambda _, value: number(value), last=False)
    return formats.Finding(code, severity, text, key=f"{code}: {key}", steps=told, **place)


def _models(traces: Sequence[Trace]) -> frozenset[str]:
    files = {event.span.file for trace in traces for event in trace.events} - {NOWHERE.file, ""}
    return frozenset(each for each in files if (HOME / each).is_file())
