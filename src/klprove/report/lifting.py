# SPDX-License-Identifier: GPL-2.0-or-later
"""What of a kernel tree stands in a model's place, and whether it changes an answer."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from klprove.check import Answer
from klprove.check.lifting import Difference
from klprove.lift import ABSENT, LIFTED, Entry, Survey
from klprove.report.heading import block, evidence
from klprove.report.wrapping import WIDTH, ascii_only, count, field, fold
from klprove.verdict import Finding

if TYPE_CHECKING:
    from klprove.evidence import Evidence

_NAME = 33
"""Width of the column of names."""
_SITE = 34


def render_survey(
    survey: Survey, root: str, version: str, kernel: str, why: "Evidence | None" = None
) -> str:
    """A line a function: where it is, lifted or why not; above it what the text rests on, and
    `why` this is the kernel model where the tree itself says so."""
    total = len(survey.entries)
    head = f"klprove: {len(survey.lifted)} of {total} functions lifted  {root}{version} on {kernel}"
    lines = [*fold(head, WIDTH, " " * 9), *evidence(why)]
    composed = survey.composed
    lines += field("empty", ", ".join(composed.empty) or "none")
    if composed.instead:
        lines += field("instead", "; ".join(composed.instead))
    for word, names in composed.configuration():
        lines += field(word, names)
    supplied = [f"{each.name} ({_place(each, root)})" for each in survey.supplied]
    lines += field("supplied", ", ".join(supplied) or "none")
    lines.append("")
    for entry in survey.entries:
        lines += _row(entry, root)
    return "\n".join(ascii_only(line) for line in lines)


def _row(entry: Entry, root: str) -> Iterator[str]:
    name = entry.name.ljust(_NAME)
    if entry.word == ABSENT:
        yield f"{name} {ABSENT}"
        return
    kind = " (macro)" if entry.is_macro else ""
    yield f"{name} {entry.word}{kind}  {_place(entry, root)}"
    if entry.word != LIFTED:
        where = f"{_relative(entry.at.file, root)}:{entry.at.line}" if entry.at else ""
        yield from (" " * 4 + line for line in fold(f"{entry.reason}  {where}", WIDTH - 4, "  "))


def _place(entry: Entry, root: str) -> str:
    return f"{_relative(entry.place.file, root)}:{entry.place.line}" if entry.place else "?"


def _relative(file: str, root: str) -> str:
    return file.removeprefix(root.rstrip("/") + "/")


def render_differences(
    model: Answer, real: Answer, differences: Sequence[Difference], timing: bool = True
) -> str:
    """The two answers side by side, a line a site, then each difference with its traces."""
    lines = [f"{'site':<{_SITE}}{'modelled':<12}{'states':>9}  {'lifted':<12}{'states':>9}"]
    for site in dict.fromkeys([*model.sites, *real.sites]):
        cells = [_cell(each, site) for each in (model, real)]
        lines.append(f"{ascii_only(site) or '-':<{_SITE}}{cells[0]}  {cells[1]}".rstrip())
    different = {each.site for each in differences}
    sites = len(set(model.sites) | set(real.sites))
    lines += ["", f"klprove: equal at {sites - len(different)} of {count(sites, 'site')}"]
    for each in differences:
        if each.reason:
            lines += ["", *fold(f"differs : {each.site}: {each.reason}", WIDTH, " " * 10)]
    for side, answer in (("modelled", model), ("lifted", real)):
        for code, found in _by_code(differences, side).items():
            lines += ["", *_difference(code, found, side, answer, timing)]
    return "\n".join(line.rstrip() for line in lines)


def _by_code(differences: Sequence[Difference], side: str) -> dict[str, list[Finding]]:
    """The findings that only one side has."""
    found: dict[str, list[Finding]] = {}
    for each in differences:
        finding = each.modelled if side == "modelled" else each.lifted
        if finding is not None:
            found.setdefault(each.code, []).append(finding)
    return found


def _difference(
    code: str, found: Sequence[Finding], side: str, answer: Answer, timing: bool
) -> Iterator[str]:
    """A code that only one side has: where, and the shortest trace."""
    yield from field("differs", f"{code}, with the {side} text only, at")
    yield from fold(" " * 10 + ", ".join(each.site or "-" for each in found), WIDTH, " " * 10)
    yield ""
    shortest = min(found, key=lambda each: len(each.trace.events))
    yield from block(answer, shortest, timing, alone=False)


def _cell(answer: Answer, site: str) -> str:
    verdict = answer.sites.get(site)
    if verdict is None:
        return f"{'no site':<12}{'':>9}"
    return f"{verdict.word:<12}{verdict.statistics.states:>9,}"
