# SPDX-License-Identifier: GPL-2.0-or-later
"""From a program to a verdict: every reachable state, shortest traces, each replayed."""

from klprove.engine.answering import warm
from klprove.engine.explore import explore
from klprove.engine.limits import DEFAULT_NEST, ENGINES, Limits, Progress
from klprove.engine.reduction import REDUCTIONS
from klprove.engine.tso import DEFAULT_ENTRIES, buffered

__all__ = [
    "DEFAULT_ENTRIES",
    "DEFAULT_NEST",
    "ENGINES",
    "REDUCTIONS",
    "Limits",
    "Progress",
    "buffered",
    "explore",
    "warm",
]
