# SPDX-License-Identifier: GPL-2.0-or-later
"""SARIF 2.1.0 (OASIS Standard, errata 01, 2023): docs.oasis-open.org/sarif/sarif/v2.1.0.

Numbers in comments are sections of it.
"""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from klprove import __version__
from klprove.formats.plain_json import plain_json
from klprove.formats.results import (
    ERROR,
    INCOMPLETE,
    NOTE,
    OPEN,
    WARNING,
    Finding,
    Item,
    Lane,
    Results,
    Rule,
    Step,
)
from klprove.source import Span, plain_lines

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_KINDS = {
    ERROR: ("fail", "error"),
    WARNING: ("fail", "warning"),
    NOTE: ("fail", "note"),
    OPEN: ("open", "none"),
}
"""Kind and level of a result: only a failure has a level (3.27.9, 3.27.10)."""
_NOT_KNOWN = "incomplete"
"""The rule of what was asked and is not known."""
_HERE, _MODELS = "SRCROOT", "KLPROVE_MODELS"
_BASES = {
    _HERE: {"description": {"text": "the folder that klprove was called in"}},
    _MODELS: {"description": {"text": "the folder of klprove's kernel models"}},
}


def sarif(results: Results) -> str:
    """The log, JSON without a newline at the end: one run."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(results)]}
    return plain_json(log, plain_lines)


def _run(results: Results) -> dict[str, Any]:
    rules = _rules(results)
    places = _Places(results.models)
    index = {code: number for number, code in enumerate(rules)}
    found = [_result(item, each, index, places) for item, each in results.findings]
    found += [_unknown(each, index) for each in _silent(results)]
    return {
        "tool": {
            "driver": {
                "name": f"klprove {results.command}",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(code, each) for code, each in rules.items()],
            }
        },
        "invocations": [
            {
                "executionSuccessful": results.status in (0, 1),
                "exitCode": results.status,
                "exitCodeDescription": results.heading,
            }
        ],
        "originalUriBaseIds": _BASES,
        "results": found,
    }


def _rules(results: Results) -> dict[str, Rule]:
    """Every rule that is known, and those that only a finding names."""
    rules = dict(results.rules)
    for _, each in results.findings:
        rules.setdefault(each.code, Rule(each.text or each.code))
    if _silent(results):
        rules[_NOT_KNOWN] = Rule("the answer is not known", "no search or rule could tell")
    return rules


def _silent(results: Results) -> list[Item]:
    """What is not known, and has no finding that says so."""
    return [
        each
        for each in results.leaves
        if each.gravest == INCOMPLETE and all(one.severity != OPEN for one in each.findings)
    ]


def _rule(code: str, rule: Rule) -> dict[str, Any]:
    told = {"shortDescription": rule.title, "fullDescription": rule.text, "help": rule.help}
    return {"id": code} | {name: {"text": text} for name, text in told.items() if text}


class _Places:
    """Places of files as relative references, never with a name of this machine's folders where
    that can be helped."""

    def __init__(self, models: frozenset[str]) -> None:
        self._models = models

    def artifact(self, file: str) -> dict[str, Any]:
        """3.4: relative to a base, else absolute."""
        if file in self._models:
            return {"uri": _quoted(file), "uriBaseId": _MODELS}
        path = os.path.relpath(file) if os.path.isabs(file) else os.path.normpath(file)
        if path.startswith(".."):
            return {"uri": f"file://{_quoted(os.path.abspath(file))}"}
        return {"uri": _quoted(path), "uriBaseId": _HERE}

    def location(self, span: Span, function: str = "", text: str = "") -> dict[str, Any]:
        """3.28; empty where nothing is known."""
        found: dict[str, Any] = {}
        if span.line or (span.file and not span.file.startswith("<")):
            found["physicalLocation"] = {"artifactLocation": self.artifact(span.file)}
        if span.line:
            region = {"startLine": span.line, "startColumn": max(span.column, 1)}
            found["physicalLocation"]["region"] = region
        if function:
            found["logicalLocations"] = [{"name": function, "kind": "function"}]
        if text:
            found["message"] = {"text": text}
        return found


def _quoted(path: str) -> str:
    """RFC 3986; a name that is no text keeps its bytes."""
    try:
        return quote(os.fsencode(path))
    except UnicodeEncodeError:
        return quote(path, errors="replace")


def _result(item: Item, finding: Finding, index: dict[str, int], places: _Places) -> dict[str, Any]:
    kind, level = _KINDS[finding.severity]
    text = f"{finding.where or item.name}: {finding.text or finding.code}"
    found: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "kind": kind,
        "level": level,
        "message": {"text": "\n".join([text, *finding.facts])},
        "partialFingerprints": {"klprove/1": finding.key or f"{finding.code}: {text}"},
    }
    location = places.location(finding.span, finding.where or item.name)
    if location:
        found["locations"] = [location]
    if finding.related:
        related = (places.location(span, text=text) for span, text in finding.related)
        numbered = enumerate(filter(None, related), 1)
        found["relatedLocations"] = [{"id": number} | each for number, each in numbered]
    if finding.steps:
        found["codeFlows"] = [_flow(finding, places)]
    if finding.path:
        found["stacks"] = [_stack(finding)]
    if finding.waived:
        waived = {"kind": "external", "justification": finding.waived}
        found["suppressions"] = [waived]
    return found


def _unknown(item: Item, index: dict[str, int]) -> dict[str, Any]:
    return {
        "ruleId": _NOT_KNOWN,
        "ruleIndex": index[_NOT_KNOWN],
        "kind": "open",
        "level": "none",
        "message": {"text": f"{item.name}: {item.reason or 'not known'}"},
        "locations": [{"logicalLocations": [{"name": item.name}]}],
        "partialFingerprints": {"klprove/1": f"{_NOT_KNOWN}: {item.name}"},
    }


def _flow(finding: Finding, places: _Places) -> dict[str, Any]:
    """3.36: a thread for each context; `executionOrder` says how they interleave."""
    threads = [
        {
            "id": f"{lane.title}, depth {lane.depth}",
            "locations": list(_locations(finding.steps, lane, places)),
        }
        for lane in finding.lanes
    ]
    flow: dict[str, Any] = {"threadFlows": threads}
    if finding.initial:
        flow["message"] = {"text": f"initially {', '.join(finding.initial)}"}
    return flow


def _locations(steps: tuple[Step, ...], lane: Lane, places: _Places) -> Iterator[dict[str, Any]]:
    for each in steps:
        if each.lane == lane:
            yield {
                "location": places.location(each.span, each.function, "\n".join(each.lines)),
                "nestingLevel": lane.depth,
                "executionOrder": each.number,
                "kinds": _STEPS[each.action],
            }


_STEPS = {"step": [], "enter": ["enter", "scope"], "exit": ["exit", "scope"], "switch": ["branch"]}
"""3.38.8."""


def _stack(finding: Finding) -> dict[str, Any]:
    """3.44: the innermost function first."""
    found = (
        {"logicalLocations": [{"name": each.name}], "message": {"text": each.how or each.name}}
        for each in reversed(finding.path)
    )
    return {"frames": [{"location": each} for each in found]}
