# SPDX-License-Identifier: GPL-2.0-or-later
"""Reductions: fewer states, the same findings (docs/reductions.md)."""

from klprove.engine.reduction.names import REDUCTIONS, used

__all__ = ["REDUCTIONS", "used"]
