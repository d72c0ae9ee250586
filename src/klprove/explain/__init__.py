# SPDX-License-Identifier: GPL-2.0-or-later
"""Words that klprove uses, each explained in one place: `klprove explain`."""

from klprove.explain.entry import KINDS, Entry
from klprove.explain.gathering import MODELS, called, entries, entry

__all__ = ["KINDS", "MODELS", "Entry", "called", "entries", "entry"]
