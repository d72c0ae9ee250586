"""From a program to a verdict: every reachable state, shortest traces, each replayed."""

from klprove.engine.explore import explore
from klprove.engine.limits import DEFAULT_NEST, ENGINES, Limits, Progress
from klprove.engine.reduction import REDUCTIONS

__all__ = ["DEFAULT_NEST", "ENGINES", "REDUCTIONS", "Limits", "Progress", "explore"]
