"""A finished livepatch module against its kernel: what will bite when it is loaded."""

from klprove.lint.explanations import Explanation, explanations
from klprove.lint.finding import SEVERITIES, Case, Finding, Rule
from klprove.lint.kernel import Kernel
from klprove.lint.linting import Report, lint
from klprove.lint.livepatch import Livepatch
from klprove.lint.reading import read_livepatch
from klprove.lint.rules import RULES
from klprove.lint.waivers import Waiver, read_baseline, read_waivers

__all__ = [
    "RULES",
    "SEVERITIES",
    "Case",
    "Explanation",
    "Finding",
    "Kernel",
    "Livepatch",
    "Report",
    "Rule",
    "Waiver",
    "explanations",
    "lint",
    "read_baseline",
    "read_livepatch",
    "read_waivers",
]
