# SPDX-License-Identifier: GPL-2.0-or-later
"""What of a kernel tree stands in a model's place, for other programs; docs/json.md."""

from collections.abc import Sequence
from typing import Any

from klprove.check import Answer
from klprove.check.lifting import Difference
from klprove.lift import Entry, Survey
from klprove.source import Span
from klprove.verdict import Verdict

SCHEMA = "klprove.lift/1"


def lift_document(
    survey: Survey, tree: str, kernel: str, compared: dict[str, Any] | None
) -> dict[str, Any]:
    """What `render_survey` says, and `compared`, what `compared_document` made of --check."""
    return {
        "schema": SCHEMA,
        "tree": tree,
        "kernel": kernel,
        "functions": [_function(each) for each in survey.entries],
        "supplied": [{"name": each.name, "place": _place(each.place)} for each in survey.supplied],
        "references": list(survey.references),
        "empty": list(survey.composed.empty),
        "compared": compared,
    }


def compared_document(
    model: Answer, real: Answer, differences: Sequence[Difference]
) -> dict[str, Any]:
    """The answers about modelled and about lifted text side by side."""
    sites = dict.fromkeys([*model.sites, *real.sites])
    return {
        "sites": {
            site: {"modelled": _side(model.sites.get(site)), "lifted": _side(real.sites.get(site))}
            for site in sites
        },
        "differences": [
            {"site": each.site, "code": each.code, "in": _in(each), "reason": each.reason}
            for each in differences
        ],
    }


def _in(difference: Difference) -> str | None:
    if difference.modelled is not None:
        return "modelled"
    return "lifted" if difference.lifted is not None else None


def _side(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    return {"verdict": verdict.word, "states": verdict.statistics.states}


def _function(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "outcome": entry.word,
        "macro": entry.is_macro,
        "place": _place(entry.place),
        "reason": entry.reason,
        "at": _place(entry.at),
    }


def _place(span: Span | None) -> dict[str, Any] | None:
    return span and {"file": span.file, "line": span.line, "column": span.column}
