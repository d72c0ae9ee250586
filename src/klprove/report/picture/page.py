"""The picture of interleavings: one HTML file that needs nothing else, from a check's document."""

import base64
import hashlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from klprove.report.entries import Show, lane_of, shower, texts_of
from klprove.report.explanations import explain, in_order
from klprove.report.picture.bands import Band, bands
from klprove.report.picture.sources import Source, sources
from klprove.report.picture.tracks import Tracks, tracks
from klprove.source import plain
from klprove.verdict import Event, Finding
from klprove.verdict.reading import read_finding, read_member, wrong

MOST_STEPS = 50_000
"""Steps of all findings together that one page holds."""
MOST_LANES = 128
"""Lanes of one finding."""
_CHANGES = ("write", "update", "free")


def page(path: str, document: Mapping[str, Any], code: str = "", site: str = "") -> bytes:
    """The page about the findings of `document`, read from `path`; only of `code`, of `site`,
    where given. Raises BadInput where none fits, they are too long, or a member is malformed."""
    found = read_member(path, lambda: [read_finding(each) for each in document["findings"]])
    chosen = [
        each
        for each in found
        if each.trace.events and code in ("", each.code) and site in ("", each.site)
    ]
    if not chosen:
        raise wrong(path, "no finding with a trace in it", _offered(document, found))
    steps = sum(len(each.trace.events) for each in chosen)
    if steps > MOST_STEPS:
        text = f"{steps:,} steps; a page holds {MOST_STEPS:,}"
        raise wrong(path, text, "choose: --finding CODE, --site NAME")
    lanes = max(len(set(map(lane_of, each.trace.events))) for each in chosen)
    if lanes > MOST_LANES:
        raise wrong(path, f"{lanes:,} CPUs and depths; a page shows {MOST_LANES}")
    facts = read_member(path, lambda: _facts(document))
    beside = read_member(path, lambda: _beside(path, document, chosen))
    return _render(facts, chosen, beside, bool(document.get("kernel")))


def _offered(document: Mapping[str, Any], found: Sequence[Finding]) -> str:
    there = sorted({f"{each.code} at {each.site or 'no site'}" for each in found})
    verdict = str(document.get("verdict"))
    return f"there are: {', '.join(there)}" if there else f"verdict: {verdict}"


def _facts(document: Mapping[str, Any]) -> list[tuple[str, str]]:
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


def _beside(path: str, document: Mapping[str, Any], chosen: Sequence[Finding]) -> list[Source]:
    wanted = [event.span.file for each in chosen for event in each.trace.events if event.span.line]
    return sources(document, wanted, Path(path).parent)


def inert(text: str) -> str:
    """`text` with control characters and changes of writing direction as backslash escapes."""
    if text.isprintable():
        return text
    return "".join(each if _harmless(each) else plain(each) for each in text)


def _harmless(letter: str) -> bool:
    """False for controls, formats, surrogates, and every space but the usual two."""
    return letter in "\t " or unicodedata.category(letter)[0] not in "CZ"


def _render(
    facts: list[tuple[str, str]], chosen: Sequence[Finding], beside: list[Source], modelled: bool
) -> bytes:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # no other answer needs it

    environment = Environment(
        loader=PackageLoader("klprove.report", "picture"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script, style = _asset("page.js"), _asset("page.css")
    lines = {each.name: each.lines for each in beside}
    shown = [_section(index, each, lines, modelled) for index, each in enumerate(chosen, 1)]
    data = {
        "findings": [each.pop("data") for each in shown],
        "sources": {
            inert(each.name): {"lines": list(map(inert, each.lines)), "why": inert(each.why)}
            for each in beside
        },
    }
    text = environment.get_template("page.html.j2").render(
        facts=facts,
        findings=shown,
        matrix=_matrix(chosen, shown),
        missing=[(inert(each.name), inert(each.why)) for each in beside if each.why],
        data=data,
        script=script,
        style=style,
        script_hash=_hash(script),
        style_hash=_hash(style),
    )
    return text.encode("ascii", "xmlcharrefreplace")


def _matrix(chosen: Sequence[Finding], shown: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`codes` of the columns, `rows` of a site and, by code, the last step and length of traces."""
    cells: dict[str, dict[str, list[tuple[str, int]]]] = {}
    for finding, section in zip(chosen, shown, strict=True):
        steps = len(finding.trace.events)
        row = cells.setdefault(finding.site, {})
        row.setdefault(finding.code, []).append((f"{section['prefix']}{steps}", steps))
    codes = in_order(each.code for each in chosen)
    rows = [(inert(site), [row.get(code, []) for code in codes]) for site, row in cells.items()]
    return {"codes": list(map(inert, codes)), "rows": rows}


@cache
def _asset(name: str) -> str:
    return (files("klprove.report.picture") / name).read_text(encoding="ascii")


def _hash(text: str) -> str:
    """As a Content-Security-Policy names the one script and the one style that may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _section(
    index: int, finding: Finding, lines: Mapping[str, Sequence[str]], modelled: bool
) -> dict[str, Any]:
    """What the template shows of one finding, and under `data` what the script draws."""
    trace, seen, show = finding.trace, tracks(finding.trace), shower(finding.trace)
    said = explain(finding.code, finding.text)
    first = "" if index == 1 else f"finding-{index}-"
    rows = [
        _row(step, event, seen, lines.get(event.span.file, ()), show)
        for step, event in enumerate(trace.events, 1)
    ]
    rows[-1]["texts"].append(f"finding: {inert(finding.code)}")
    title = inert(finding.code) + (f" at {inert(finding.site)}" if finding.site else "")
    return {
        "id": f"finding-{index}",
        "prefix": f"{first}step-",
        "title": title,
        "severity": finding.severity,
        "text": inert(finding.text),
        "why": inert(said.why),
        "wrong_if": inert(said.wrong_if),
        "shortest": trace.shortest,
        "initial": [(inert(name), inert(show(name, value))) for name, value in trace.initial],
        "rows": rows,
        "data": _drawn(title, f"{first}step-", finding, seen, bands(trace, modelled)),
    }


def _row(step: int, event: Event, seen: Tracks, lines: Sequence[str], show: Show) -> dict[str, Any]:
    line = event.span.line
    texts = [inert(each) for each in texts_of(event, show)]
    return {
        "step": step,
        "lane": seen.titles[seen.of[step - 1]],
        "calls": " > ".join(map(inert, event.calls)),
        "texts": texts or ["-"],
        "place": inert(f"{event.span.file}:{line}") if line else "",
        "code": inert(lines[line - 1].strip()) if 0 < line <= len(lines) else "",
    }


def _drawn(
    title: str, prefix: str, finding: Finding, seen: Tracks, held: Sequence[Band]
) -> dict[str, Any]:
    show = shower(finding.trace)
    return {
        "title": title,
        "prefix": prefix,
        "lanes": [
            {"title": name, "cpu": cpu} for name, cpu in zip(seen.titles, seen.cpus, strict=True)
        ],
        "bars": [
            [
                *(each.lane, each.first, each.last, each.kind, inert(each.context)),
                *(each.below, each.arrives, each.returns),
            ]
            for each in seen.bars
        ],
        "bands": [{"title": each.title, "cpu": each.cpu, "runs": each.runs} for each in held],
        "initial": [
            [inert(name), inert(show(name, value))] for name, value in finding.trace.initial
        ],
        "steps": [
            {
                "lane": lane,
                "action": event.action,
                "file": inert(event.span.file),
                "line": event.span.line,
                "noted": any(not each.startswith(("reaches ", "chooses ")) for each in event.notes),
                "changes": list(_changes(event, show)),
            }
            for event, lane in zip(finding.trace.events, seen.of, strict=True)
        ],
    }  # fmt: skip


def _changes(event: Event, show: Show) -> Iterator[tuple[str, str]]:
    """Name and new value of what the step changes in memory."""
    for each in event.accesses:
        if each.kind in _CHANGES:
            yield (
                inert(each.name),
                "freed" if each.kind == "free" else inert(show(each.name, each.after)),
            )
