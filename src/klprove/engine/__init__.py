"""From a program to a verdict: every reachable state, shortest traces, each replayed."""

from klprove.engine.explore import explore, warm
from klprove.engine.limits import DEFAULT_NEST, ENGINES, Limits, Progress

__all__ = ["DEFAULT_NEST", "ENGINES", "Limits", "Progress", "explore", "warm"]
