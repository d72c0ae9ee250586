"""Kernel models: data in the model language, a folder a generation."""

from klprove.kernels.difference import Difference, differences, origin
from klprove.kernels.loader import HOME, Kernel, load, names

__all__ = ["HOME", "Difference", "Kernel", "differences", "load", "names", "origin"]
