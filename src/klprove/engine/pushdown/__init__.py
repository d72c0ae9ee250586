# SPDX-License-Identifier: GPL-2.0-or-later
"""The nested engine as machine code: one CPU with its interrupts as a pushdown system."""

from klprove.engine.pushdown.model import loops, optimise
from klprove.engine.pushdown.search import Pushdown, applicable

__all__ = ["Pushdown", "applicable", "loops", "optimise"]
