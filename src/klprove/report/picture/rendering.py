# SPDX-License-Identifier: GPL-2.0-or-later
"""A page put together: what its template shows, and what its scripts draw."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from klprove.report.entries import shower
from klprove.report.explanations import explain, in_order
from klprove.report.picture.drawing import Drawing, shown_texts
from klprove.report.picture.matrix import Matrix
from klprove.report.picture.naming import inert, short
from klprove.report.picture.sources import Source, sources
from klprove.report.picture.tracks import tracks
from klprove.verdict import Finding
from klprove.verdict.compared import Compared
from klprove.verdict.reading import read_member


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding, the number of the answer that it is of, and the address of its steps."""

    finding: Finding
    answer: int
    prefix: str

    @property
    def steps(self) -> int:
        """How many."""
        return len(self.finding.trace.events)


def _facts(document: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    if document is None:
        return []
    bounds = document["bounds"]
    arrivals = ", ".join(f"{kind} {most}" for kind, most in bounds["arrivals"].items())
    complete = "complete" if document["complete"] is True else "not complete"
    facts = {
        "checked": ", ".join(str(each["path"]) for each in document["files"]),
        "kernel": str(document["kernel"] or ""),
        "verdict": f"{document['verdict']}, search {complete}",
        "bounds": f"{bounds['cpus']} CPU, arrivals {arrivals or 'unbounded'}, "
        f"memory model {bounds['memory_model']}",
        "assumed": "; ".join(map(str, document["assumptions"])),
        "question": str(document["fingerprint"]),
    }
    return [(name, inert(text)) for name, text in facts.items() if text]


def _beside(answer: Compared, findings: Sequence[Finding]) -> list[Source]:
    document = answer.document
    if document is None:
        return []
    wanted = [
        event.span.file for each in findings for event in each.trace.events if event.span.line
    ]
    beside = Path(answer.path).parent
    return read_member(answer.path, lambda: sources(document, wanted, beside))


class _Sources:
    """The texts beside the findings of all answers, each once."""

    def __init__(self, answers: Sequence[Compared], shown: Sequence[Shown]) -> None:
        self.all: list[Source] = []
        self.of: list[dict[str, int]] = []
        known: dict[Source, int] = {}
        for index, answer in enumerate(answers):
            found = _beside(answer, [each.finding for each in shown if each.answer == index])
            self.of.append({each.name: known.setdefault(each, len(known)) for each in found})
        self.all = list(known)

    def lines(self, answer: int) -> dict[str, Sequence[str]]:
        """Lines by the name of a file, for one answer."""
        return {name: self.all[number].lines for name, number in self.of[answer].items()}


def render(answers: Sequence[Compared], shown: Sequence[Shown], over: Matrix | None) -> bytes:
    """The page about the findings `shown` of `answers`, `over` them a matrix if there are several.
    Raises BadInput where a member is malformed."""
    beside, drawing = _Sources(answers, shown), Drawing()
    facts = [read_member(each.path, partial(_facts, each.document)) for each in answers]
    modelled = [bool(each.document and each.document.get("kernel")) for each in answers]
    data = {
        "findings": [
            _head(each, answers, over) | drawing.finding(each.finding, modelled[each.answer])
            for each in shown
        ],
        "answers": [
            {"facts": about, "sources": {inert(name): number for name, number in files.items()}}
            for about, files in zip(facts, beside.of, strict=True)
        ],
        "sources": [
            {"lines": list(map(inert, each.lines)), "why": inert(each.why)} for each in beside.all
        ],
        "events": drawing.events,
        "words": drawing.words,
        "texts": drawing.texts,
        "matrix": over and over.data(),
    }
    sections = [] if over else [_section(*each, beside.lines(0)) for each in enumerate(shown, 1)]
    text: str = _template().render(
        facts=[] if over else facts[0],
        findings=data["findings"],
        sections=sections,
        over=over,
        sites=None if over else _sites(shown),
        lacking=_lacking(answers) if over else [],
        left_out=answers[0].left_out,
        missing=[(inert(each.name), inert(each.why)) for each in beside.all if each.why],
        data=data,
        scripts=[_asset("page.js"), *([_asset("matrix.js")] if over else [])],
        style=_asset("page.css") + (_asset("matrix.css") if over else ""),
        hashed=_hash,
    )
    return text.encode("ascii", "xmlcharrefreplace")


def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # no other answer needs it

    environment = Environment(
        loader=PackageLoader("klprove.report", "picture"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


def _lacking(answers: Sequence[Compared]) -> list[str]:
    """A line for each handler and set of functions that some kernels have not."""
    names = short(each.handler for each in answers)
    kernels: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for each in answers:
        if each.document is None:
            kernels.setdefault((each.handler, each.lacking), []).append(each.kernel)
    return [
        inert(
            f"{names[handler]} does not apply on {', '.join(those)}: "
            f"no {', '.join(f'{name}()' for name in functions)} there"
        )
        for (handler, functions), those in kernels.items()
    ]


def _sites(shown: Sequence[Shown]) -> dict[str, Any]:
    """`codes` of the columns, `rows` of a site and, by code, the last step and length of traces."""
    cells: dict[str, dict[str, list[tuple[str, int]]]] = {}
    for each in shown:
        row, steps = cells.setdefault(each.finding.site, {}), each.steps
        row.setdefault(each.finding.code, []).append((f"{each.prefix}{steps}", steps))
    codes = in_order(each.finding.code for each in shown)
    rows = [(inert(site), [row.get(code, []) for code in codes]) for site, row in cells.items()]
    return {"codes": list(map(inert, codes)), "rows": rows}


@cache
def _asset(name: str) -> str:
    return (files("klprove.report.picture") / name).read_text(encoding="ascii")


def _hash(text: str) -> str:
    """As a Content-Security-Policy names what may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _head(shown: Shown, answers: Sequence[Compared], over: Matrix | None) -> dict[str, Any]:
    """What the script says above the steps of one finding."""
    finding, answer = shown.finding, answers[shown.answer]
    said = explain(finding.code, finding.text)
    title = finding.code + (f" at {finding.site}" if finding.site else "")
    if over:
        title = (
            f"{short(each.handler for each in answers)[answer.handler]} on {answer.kernel}: {title}"
        )
    return {
        "title": inert(title),
        "prefix": shown.prefix,
        "answer": shown.answer,
        "severity": finding.severity,
        "code": inert(finding.code),
        "text": inert(finding.text or said.why),
        "why": inert(said.why),
        "wrong_if": inert(said.wrong_if),
        "shortest": finding.trace.shortest,
    }


def _section(index: int, shown: Shown, lines: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What the template shows of one finding for who reads without the script."""
    trace, seen = shown.finding.trace, tracks(shown.finding.trace)
    show = shower(trace)
    rows: list[dict[str, Any]] = []
    for step, (event, lane) in enumerate(zip(trace.events, seen.of, strict=True), 1):
        line, source = event.span.line, lines.get(event.span.file, ())
        rows.append(
            {
                "step": step,
                "lane": seen.titles[lane],
                "calls": " > ".join(map(inert, event.calls)),
                "texts": shown_texts(event, show),
                "place": inert(f"{event.span.file}:{line}") if line else "",
                "code": inert(source[line - 1].strip()) if 0 < line <= len(source) else "",
            }
        )
    rows[-1]["texts"].append(f"finding: {inert(shown.finding.code)}")
    initial = [(inert(name), inert(show(name, value))) for name, value in trace.initial]
    return {"id": f"finding-{index}", "initial": initial, "rows": rows}
