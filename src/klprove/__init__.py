"""klprove: a model checker for livepatch handlers and nested kernel contexts."""

__version__ = "0.1.0"
