# SPDX-License-Identifier: GPL-2.0-or-later
"""A report of `klprove lint` for the formats of the trade: a part for each rule that was asked."""

from collections.abc import Sequence

from klprove import formats
from klprove.lint import SEVERITIES, Finding, Report, explanations
from klprove.report.lint import lint_summary
from klprove.report.wrapping import count
from klprove.source import Span

_SEVERITIES = dict(
    zip(SEVERITIES, (formats.ERROR, formats.WARNING, formats.NOTE, formats.OPEN), strict=True)
)
_SHOWN = 3
"""Reasons of a rule that are told in a line."""


def lint_results(report: Report, rules: Sequence[str], status: int) -> formats.Results:
    """The module was asked about, by each of `rules`; what is waived is there, with its reason."""
    path = report.case.patch.path
    known = explanations()
    told = [(_finding(each, path), each.rule) for each in report.findings]
    told += [(_finding(each, path, one.reason), each.rule) for each, one in report.waived]
    items = []
    for rule in rules:
        mine = tuple(each for each, whose in told if whose == rule)
        items.append(_item(rule, known[rule].title, mine))
    return formats.Results(
        "lint",
        lint_summary(report),
        (formats.Item(path, facts=_facts(report), items=tuple(items)),),
        status,
        {
            rule: formats.Rule(each.title, f"{each.what} {each.why}", each.remedy)
            for rule, each in known.items()
        },
    )


def _facts(report: Report) -> tuple[str, ...]:
    return (f"{count(report.known, 'finding')} in the baseline",) if report.known else ()


def _item(rule: str, title: str, mine: tuple[formats.Finding, ...]) -> formats.Item:
    counted = [each for each in mine if not each.waived]
    severities = {each.severity for each in counted}
    outcome, reason = formats.PASS, ""
    if severities & {formats.ERROR, formats.WARNING}:
        outcome = formats.FAIL
    elif formats.OPEN in severities:
        outcome = formats.INCOMPLETE
        reasons = [each.text for each in counted if each.severity == formats.OPEN]
        reason = "; ".join(reasons[:_SHOWN])
    return formats.Item(f"{rule} {title}", outcome, reason, mine)


def _finding(finding: Finding, path: str, waived: str = "") -> formats.Finding:
    return formats.Finding(
        finding.rule,
        _SEVERITIES[finding.severity],
        finding.text,
        Span(path, 0, 0),
        finding.place,
        finding.key,
        facts=finding.evidence,
        waived=waived,
    )
