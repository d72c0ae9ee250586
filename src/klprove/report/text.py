# SPDX-License-Identifier: GPL-2.0-or-later
"""An answer as text."""

from collections.abc import Iterator
from typing import Literal, TypeAlias

from klprove.check import Answer
from klprove.report.heading import block, ground, headline, observations, unfinished
from klprove.report.table import table
from klprove.verdict import VIOLATION, Finding

Traces: TypeAlias = Literal["one", "each", "all", "none"]


def render(
    answer: Answer, traces: Traces = "each", timing: bool = True, short: bool = False
) -> str:
    """The whole report: plain ASCII, at most 79 columns, no newline at the end.

    traces: `one`, the shortest of the gravest kind; the shortest of `each` code; `all`; or `none`.
    Without `timing` the text depends on nothing but the question. `short`: without the steps of
    traces that do not matter to the finding.
    """
    return "\n".join(line.rstrip() for line in _lines(answer, traces, timing, short))


def chosen(answer: Answer, traces: Traces) -> tuple[Finding, ...]:
    """The findings whose traces are shown."""
    if traces == "none":
        return ()
    if traces == "all":
        return answer.findings
    shortest = tuple(answer.shortest(code) for code in answer.codes())
    if traces == "one" and shortest:
        return (
            min(shortest, key=lambda each: (each.severity != VIOLATION, len(each.trace.events))),
        )
    return shortest


def _lines(answer: Answer, traces: Traces, timing: bool, short: bool) -> Iterator[str]:
    shown = chosen(answer, traces)
    # A single violation says everything above its trace; any other answer has a head of its own.
    alone = len(answer.sites) == 1 and [each.severity for each in shown] == [VIOLATION]
    if not alone:
        yield from headline(answer)
        yield from ground(answer, timing)
        yield from unfinished(answer)
        yield ""
    for finding in shown:
        yield from block(answer, finding, timing, alone, short)
        yield ""
    if alone and (left := list(unfinished(answer))):
        yield from left
        yield ""
    if len(answer.sites) > 1 or (answer.codes() and traces == "none"):
        yield from table(answer)
        yield ""
    yield from observations(answer)


def _gravest(finding: Finding) -> tuple[bool, int]:
    return finding.severity != VIOLATION, len(finding.trace.events)
