"""The main job: one question about a text, one program a patched function, one answer over them."""

from klprove.check.answer import Answer, Text
from klprove.check.checking import Progress, check, fingerprint, program
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
from klprove.check.question import EACH, MEMORY_MODELS, SC, TSO, Question

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
