"""Runs a kernel model natively: an oracle that shares nothing with klprove's own pipeline."""

from tests.kernels.oracle.native import Bounds, available, findings

__all__ = ["Bounds", "available", "findings"]
