# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job: one question about a text, one program a patched function, one answer over them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from klprove.check.answer import Answer, Text
from klprove.check.checking import Progress, check, fingerprint, program
from klprove.check.question import EACH, MEMORY_MODELS, SC, TSO, Question

if TYPE_CHECKING:
    from klprove.check.claims import Claim, Expectation, Run, load_claims
    from klprove.check.judging import (
        CONFIRMED,
        REFUTED,
        UNDECIDED,
        Comparison,
        Judged,
        Judgement,
        judge,
    )

__all__ = [
    "CONFIRMED",
    "EACH",
    "MEMORY_MODELS",
    "REFUTED",
    "SC",
    "TSO",
    "UNDECIDED",
    "Answer",
    "Claim",
    "Comparison",
    "Expectation",
    "Judged",
    "Judgement",
    "Progress",
    "Question",
    "Run",
    "Text",
    "check",
    "fingerprint",
    "judge",
    "load_claims",
    "program",
]

_LATER = {
    **dict.fromkeys(("Claim", "Expectation", "Run", "load_claims"), "claims"),
    **dict.fromkeys(("CONFIRMED", "REFUTED", "UNDECIDED"), "judging"),
    **dict.fromkeys(("Comparison", "Judged", "Judgement", "judge"), "judging"),
}
"""What most commands have no use for, and its module."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
