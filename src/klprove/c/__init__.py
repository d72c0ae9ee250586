"""C: one translation unit, its declarations, its tree and its diagnostics."""

from klprove.c.nodes import Extent, Node
from klprove.c.text import MOST_BYTES, included
from klprove.c.unit import FunctionDecl, Unit, VariableDecl, parse

__all__ = [
    "MOST_BYTES",
    "Extent",
    "FunctionDecl",
    "Node",
    "Unit",
    "VariableDecl",
    "included",
    "parse",
]
