"""Kernel models: data in the model language, a folder a generation."""

from klprove.kernels.loader import HANDLER, HOME, SCENES, TRANSITION, Kernel, load, names

__all__ = ["HANDLER", "HOME", "SCENES", "TRANSITION", "Kernel", "load", "names"]
