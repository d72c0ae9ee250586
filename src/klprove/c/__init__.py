# SPDX-License-Identifier: GPL-2.0-or-later
"""C: one translation unit, its declarations, its tree and its diagnostics."""

from klprove.c.nodes import Extent, Node
from klprove.c.replacement import Overlay
from klprove.c.text import MOST_BYTES, Text, included
from klprove.c.unit import HEADER, FunctionDecl, Unit, VariableDecl, parse

__all__ = [
    "HEADER",
    "MOST_BYTES",
    "Extent",
    "FunctionDecl",
    "Node",
    "Overlay",
    "Text",
    "Unit",
    "VariableDecl",
    "included",
    "parse",
]
