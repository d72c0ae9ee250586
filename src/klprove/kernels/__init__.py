"""Kernel models: data in the model language, a folder a generation."""

from klprove.kernels.loader import HOME, Kernel, load, names

__all__ = ["HOME", "Kernel", "load", "names"]
