# SPDX-License-Identifier: GPL-2.0-or-later
"""A finished livepatch module against its kernel: what will bite when it is loaded."""

from klprove.lint.explanations import Explanation, explanations
from klprove.lint.finding import SEVERITIES, Case, Finding, Rule
from klprove.lint.kernel import Kernel, Stripped
from klprove.lint.linting import Report, lint
from klprove.lint.livepatch import VMLINUX, Livepatch
from klprove.lint.objects import ModuleTarget, find_objects, read_object
from klprove.lint.reading import as_in, read_livepatch
from klprove.lint.rules import RULES
from klprove.lint.running import Running
from klprove.lint.waivers import Waiver, read_baseline, read_waivers

__all__ = [
    "RULES",
    "SEVERITIES",
    "VMLINUX",
    "Case",
    "Explanation",
    "Finding",
    "Kernel",
    "Livepatch",
    "ModuleTarget",
    "Report",
    "Rule",
    "Running",
    "Stripped",
    "Waiver",
    "as_in",
    "explanations",
    "find_objects",
    "lint",
    "read_baseline",
    "read_livepatch",
    "read_object",
    "read_waivers",
]
