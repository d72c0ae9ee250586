# SPDX-License-Identifier: GPL-2.0-or-later
"""The outcome as JSON; docs/json.md."""

from typing import Any

from klprove.corpus.result import Judged, Outcome
from klprove.report import command_line, command_words

SCHEMA = "klprove.corpus/1"


def document(outcome: Outcome, seconds: bool = False) -> dict[str, Any]:
    """One object, of the schema `klprove.corpus/1`. With `seconds` two runs differ in them."""
    return {
        "schema": SCHEMA,
        "interrupted": outcome.interrupted,
        "counts": dict(sorted(outcome.counts.items())),
        "twins": [
            {
                "name": entry.name,
                "cited": entry.cited,
                "models": [_model(each, seconds) for each in models],
            }
            for entry, models in outcome.entries
        ],
    }


def _model(judged: Judged, seconds: bool) -> dict[str, Any]:
    model, result, expected = judged.model, judged.result, judged.model.expected
    told: dict[str, Any] = {
        "name": model.name,
        "file": str(model.path),
        "command": command_line(command_words(expected.question(model.path))),
        "memory_model": judged.memory_model,
        "outcome": judged.outcome,
        "differences": list(judged.differences),
        "expected": {
            "verdict": expected.verdict,
            "codes": None if expected.codes is None else sorted(expected.codes),
            "states": expected.states,
        },
    }
    if result is None:
        return told
    if result.diagnostics:
        return told | {"refused": [each.render() for each in result.diagnostics]}
    told["found"] = {
        "verdict": result.word,
        "sites": dict(result.words),
        "codes": sorted(result.codes),
        "states": result.states,
        "every_state": result.every_state,
        "steps": result.steps,
        "complete": result.complete,
        "reasons": list(result.reasons),
        "engine": result.engine,
    }
    if seconds:
        told["found"]["seconds"] = round(result.seconds, 3)
    return told
