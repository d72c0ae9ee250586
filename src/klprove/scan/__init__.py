# SPDX-License-Identifier: GPL-2.0-or-later
"""The map of a kernel image: what may happen to each of its functions."""

from klprove.scan.answers import GRADES, QUESTIONS, REASONS, Map, Step
from klprove.scan.comparing import Change, compare
from klprove.scan.scanning import count_of, scan

__all__ = ["GRADES", "QUESTIONS", "REASONS", "Change", "Map", "Step", "compare", "count_of", "scan"]
