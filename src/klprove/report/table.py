# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of sites and findings."""

from collections.abc import Iterator

from klprove.check import Answer
from klprove.report.explanations import in_order
from klprove.report.wrapping import WIDTH, ascii_only
from klprove.verdict import UNSEARCHED, VIOLATION, Verdict

_COLUMN = 3
"""Width of a column of marks."""
_TAIL = 24
"""Width of verdict and states."""
_LONGEST = 30
"""Longest name that shares a line with its marks."""

LEGEND = "X violation   w noticed by the code itself   . never   ? not known"


def table(answer: Answer) -> Iterator[str]:
    """A row a site, a column a code: those that can be reported, those found besides.

    The names of the codes are a staircase above their columns, so that any number of them fits.
    """
    codes = in_order(answer.asked + answer.codes())
    names = [ascii_only(site) for site in answer.sites]
    name_width = min(max((len(name) for name in names), default=4) + 2, _LONGEST)
    groups = max((WIDTH - name_width - _TAIL) // _COLUMN, 1)
    for start in range(0, max(len(codes), 1), groups):
        yield from _part(answer, codes[start : start + groups], name_width)
        yield ""
    yield LEGEND


def _part(answer: Answer, codes: list[str], name_width: int) -> Iterator[str]:
    for place, code in enumerate(codes):
        bars = "|".ljust(_COLUMN) * place
        yield (" " * name_width + bars + ascii_only(code))[:WIDTH].rstrip()
    bars = "|".ljust(_COLUMN) * len(codes)
    yield "site".ljust(name_width) + bars + "verdict".ljust(12) + "states".rjust(10)
    for site, verdict in answer.sites.items():
        name = ascii_only(site) or "-"
        if len(name) > name_width - 2:
            yield name[:WIDTH]
            name = ""
        marks = "".join(mark(verdict, code).ljust(_COLUMN) for code in codes)
        states = f"{verdict.statistics.states:,}".rjust(10)
        word = verdict.word if verdict.searched else UNSEARCHED
        yield name.ljust(name_width) + marks + word.ljust(12) + states


def mark(verdict: Verdict, code: str) -> str:
    """What one site says about one code: see `LEGEND`."""
    severities = {each.severity for each in verdict.findings if each.code == code}
    if severities:
        return "X" if VIOLATION in severities else "w"
    return "." if verdict.complete else "?"
