# SPDX-License-Identifier: GPL-2.0-or-later
"""A finished livepatch module against its kernel: what will bite when it is loaded."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from klprove.lint.explanations import Explanation, explanations

if TYPE_CHECKING:
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

_LATER = {
    "SEVERITIES": "finding",
    "Case": "finding",
    "Finding": "finding",
    "Rule": "finding",
    "Kernel": "kernel",
    "Stripped": "kernel",
    "Report": "linting",
    "lint": "linting",
    "VMLINUX": "livepatch",
    "Livepatch": "livepatch",
    "ModuleTarget": "objects",
    "find_objects": "objects",
    "read_object": "objects",
    "as_in": "reading",
    "read_livepatch": "reading",
    "RULES": "rules",
    "Running": "running",
    "Waiver": "waivers",
    "read_baseline": "waivers",
    "read_waivers": "waivers",
}
"""What needs the extra `scan`, which texts about the rules do not, and its module."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
