"""A program as a model of another checker: Promela, for SPIN."""

from klprove.export.events import Event
from klprove.export.promela import Model, promela

__all__ = ["Event", "Model", "promela"]
