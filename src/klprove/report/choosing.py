# SPDX-License-Identifier: GPL-2.0-or-later
"""Which findings of an answer are meant: by code, by site."""

from collections.abc import Iterable

from klprove.verdict import Finding
from klprove.verdict.reading import wrong


def fitting(findings: Iterable[Finding], code: str = "", site: str = "") -> list[Finding]:
    """Those with a trace that are of `code` and at `site`, where given."""
    return [
        each
        for each in findings
        if each.trace.events and code in ("", each.code) and site in ("", each.site)
    ]


def choose(
    path: str, findings: Iterable[Finding], verdict: str, code: str = "", site: str = ""
) -> list[Finding]:
    """`fitting` of the answer that was read from `path`. Raises BadInput where none is, naming
    those that there are, or the verdict."""
    given = list(findings)
    found = fitting(given, code, site)
    if not found:
        there = sorted({f"{each.code} at {each.site or 'no site'}" for each in given})
        hint = f"there are: {', '.join(there)}" if there else f"verdict: {verdict}"
        raise wrong(path, "no finding with a trace in it", hint)
    return found
