"""Reductions: fewer states, the same findings (docs/reductions.md)."""

from klprove.engine.reduction.names import REDUCTIONS

__all__ = ["REDUCTIONS"]
