# SPDX-License-Identifier: GPL-2.0-or-later
"""What a check says: a verdict, its findings, and the interleaving behind each of them."""

from klprove.verdict.finding import (
    STORE_BUFFER,
    VIOLATION,
    WARNING,
    Access,
    Event,
    Finding,
    Start,
    Trace,
)
from klprove.verdict.verdict import (
    COMPARED,
    HOLDS,
    INCOMPLETE,
    NO_TIME,
    SCHEMA,
    UNSEARCHED,
    VIOLATED,
    Bounds,
    Statistics,
    Verdict,
)

__all__ = [
    "COMPARED",
    "HOLDS",
    "INCOMPLETE",
    "NO_TIME",
    "SCHEMA",
    "STORE_BUFFER",
    "UNSEARCHED",
    "VIOLATED",
    "VIOLATION",
    "WARNING",
    "Access",
    "Bounds",
    "Event",
    "Finding",
    "Start",
    "Statistics",
    "Trace",
    "Verdict",
]
