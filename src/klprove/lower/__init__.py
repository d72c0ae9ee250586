# SPDX-License-Identifier: GPL-2.0-or-later
"""C to IR: calls inlined, everything per-CPU made constant, one shared access a step."""

from klprove.lower.program import lower, share
from klprove.lower.shared import Shared
from klprove.lower.world import Options, OutOfTime

__all__ = ["Options", "OutOfTime", "Shared", "lower", "share"]
