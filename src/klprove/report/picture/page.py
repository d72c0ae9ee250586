# SPDX-License-Identifier: GPL-2.0-or-later
"""The picture of interleavings: one HTML file that needs nothing else, from answers read back."""

from collections.abc import Sequence

from klprove.report.choosing import choose, fitting
from klprove.report.entries import lane_of
from klprove.report.picture.matrix import Matrix, matrix
from klprove.report.picture.naming import address, distinct, short
from klprove.report.picture.rendering import Shown, render
from klprove.verdict import Finding
from klprove.verdict.compared import Compared
from klprove.verdict.reading import read_finding, read_member, wrong

MOST_STEPS = 50_000
"""Steps of all findings together that the page about one answer holds."""
MOST_SHARED_STEPS = 400_000
"""The same for a page about several, where an event that occurs again is held once."""
MOST_LANES = 128
"""Lanes of one finding."""


def page(answers: Sequence[Compared], code: str = "", site: str = "") -> bytes:
    """The page about the findings of `answers`; only of `code`, of `site`, where given.

    More than one answer: a matrix whose cells open the findings. Raises BadInput where none fits,
    they are too long, or a member is malformed.
    """
    if len(answers) == 1:
        found = [_meant(answers[0], code, site)]
    else:
        found = [fitting(_read(each), code, site) for each in answers]
    chosen = [(each, index) for index, several in enumerate(found) for each in several]
    _refuse_large(answers, [each for each, _ in chosen])
    shown = _addressed(chosen, answers)
    over = _matrix(answers, shown, code, site) if len(answers) > 1 else None
    return render(answers, shown, over)


def _read(answer: Compared) -> list[Finding]:
    document = answer.document
    if document is None:
        return []
    return read_member(answer.path, lambda: [read_finding(each) for each in document["findings"]])


def _meant(answer: Compared, code: str, site: str) -> list[Finding]:
    verdict = str(answer.document and answer.document.get("verdict"))
    return choose(answer.path, _read(answer), verdict, code, site)


def _refuse_large(answers: Sequence[Compared], chosen: Sequence[Finding]) -> None:
    path, most = answers[0].path, MOST_STEPS if len(answers) == 1 else MOST_SHARED_STEPS
    steps = sum(len(each.trace.events) for each in chosen)
    if steps > most:
        text = f"{steps:,} steps; a page holds {most:,}"
        raise wrong(path, text, "choose: --finding CODE, --site NAME")
    lanes = max((len(set(map(lane_of, each.trace.events))) for each in chosen), default=0)
    if lanes > MOST_LANES:
        raise wrong(path, f"{lanes:,} CPUs and depths; a page shows {MOST_LANES}")


def _addressed(chosen: Sequence[tuple[Finding, int]], answers: Sequence[Compared]) -> list[Shown]:
    """Each finding with its address: none for the only one of a page."""
    names = short(each.handler for each in answers)
    several = len(answers) > 1
    addresses = [
        address(
            names[answers[index].handler] if several else "",
            each.site,
            answers[index].kernel if several else "",
            each.code,
        )
        for each, index in chosen
    ]
    if len(chosen) == 1 and not several:
        addresses = [""]
    return [
        Shown(each, index, prefix + "step-")
        for (each, index), prefix in zip(chosen, distinct(addresses), strict=True)
    ]


def _matrix(answers: Sequence[Compared], shown: Sequence[Shown], code: str, site: str) -> Matrix:
    names = short(each.handler for each in answers)
    places = {
        (each.answer, each.finding.site, each.finding.code): (each.prefix, each.steps)
        for each in reversed(shown)
    }
    return read_member(answers[0].path, lambda: matrix(answers, names, places, code, site))
