# SPDX-License-Identifier: GPL-2.0-or-later
"""The text of a check, made again from its JSON document."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from klprove.report.choosing import choose
from klprove.report.heading import block
from klprove.report.parting import part, parting_text
from klprove.report.picture.sources import sources
from klprove.report.reread import Reread, reread
from klprove.report.stepping import Walk
from klprove.report.text import Traces, chosen, render
from klprove.report.wrapping import field
from klprove.verdict import Finding
from klprove.verdict.reading import read_member

_LACKING = (
    "not all of the options: some are not in a file of klprove.check/3 (--inline, --lift), and a "
    "command above may lack them"
)


def text_of(
    path: str,
    document: Mapping[str, Any],
    code: str = "",
    site: str = "",
    traces: Traces = "each",
    short: bool = False,
) -> str:
    """The text of the check that `document`, read from `path`, is of; with `code` or `site` only
    its findings that fit. `short`: without steps that do not matter.

    Raises BadInput where no finding fits, or a member is malformed.
    """
    answer = reread(path, document)
    if code or site:
        meant = _only(answer, _choose(path, answer, code, site))
        lines = "\n".join(line.rstrip() for line in _blocks(meant, traces, short))
        text = lines.rstrip("\n")
    else:
        text = render(answer, traces, timing=answer.seconds > 0, short=short)
    return text if answer.known else "\n".join([text, "", *field("replay", _LACKING)])


def _blocks(answer: Reread, traces: Traces, short: bool) -> Iterator[str]:
    shown = chosen(answer, traces)
    for finding in shown:
        yield from block(answer, finding, answer.seconds > 0, len(shown) == 1, short)
        yield ""


def two(
    paths: tuple[str, str],
    documents: tuple[Mapping[str, Any], Mapping[str, Any]],
    codes: tuple[str, str],
    sites: tuple[str, str],
) -> str:
    """Where two traces part: of each document the gravest shortest finding that is of its code and
    at its site, where given; on the right one of the code on the left, if there is any. Raises
    BadInput where there is none."""
    left, right = (reread(path, each) for path, each in zip(paths, documents, strict=True))
    one = chosen(_only(left, _choose(paths[0], left, codes[0], sites[0])), "one")[0]
    offered = _choose(paths[1], right, codes[1], sites[1])
    alike = [each for each in offered if each.code == one.code] or offered
    other = chosen(_only(right, alike), "one")[0]
    walks = (
        Walk(one, {}, left.question.kernel is not None),
        Walk(other, {}, right.question.kernel is not None),
    )
    same = left.question.kernel == right.question.kernel
    names = (_named(paths[0], left), _named(paths[1], right))
    return parting_text(names, *walks, part(*walks, same))


def _named(path: str, answer: Reread) -> str:
    return path + (f" ({answer.question.kernel})" if answer.question.kernel else "")


def _choose(path: str, answer: Reread, code: str, site: str) -> list[Finding]:
    return choose(path, answer.findings, answer.word, code, site)


def _only(answer: Reread, found: Sequence[Finding]) -> Reread:
    """`answer` with no other findings than `found`."""
    sites = {
        site: replace(verdict, findings=tuple(each for each in verdict.findings if each in found))
        for site, verdict in answer.sites.items()
    }
    return replace(answer, sites=sites)


def walks(
    path: str,
    document: Mapping[str, Any],
    code: str = "",
    site: str = "",
    traces: Traces = "each",
) -> list[Walk]:
    """The findings that `text_of` would show, to go through step by step; raises as it does."""
    answer = reread(path, document)
    found = chosen(_only(answer, _choose(path, answer, code, site)), traces)
    wanted = [event.span.file for each in found for event in each.trace.events if event.span.line]
    beside = read_member(path, lambda: sources(document, wanted, Path(path).parent))
    named = {each.name: each for each in beside}
    return [Walk(each, named, answer.question.kernel is not None) for each in found]
