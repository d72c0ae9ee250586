# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel models: data in the model language, a folder a generation."""

from klprove.kernels.difference import Difference, differences, origin
from klprove.kernels.loader import HANDLER, HOME, SCENES, TRANSITION, Kernel, load, names

__all__ = [
    "HANDLER",
    "HOME",
    "SCENES",
    "TRANSITION",
    "Difference",
    "Kernel",
    "differences",
    "load",
    "names",
    "origin",
]
