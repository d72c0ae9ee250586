# SPDX-License-Identifier: GPL-2.0-or-later
"""The formats of the trade, each written from one value; docs/formats.md."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from klprove.formats.plain_json import plain_json
from klprove.formats.telling import FORMATS, Format, Told

if TYPE_CHECKING:
    from klprove.formats.results import (
        ERROR,
        FAIL,
        INCOMPLETE,
        NOTE,
        OPEN,
        PASS,
        SKIP,
        WARNING,
        Call,
        Finding,
        Item,
        Lane,
        Results,
        Rule,
        Step,
    )

__all__ = [
    "ERROR",
    "FAIL",
    "FORMATS",
    "INCOMPLETE",
    "NOTE",
    "OPEN",
    "PASS",
    "SKIP",
    "WARNING",
    "Call",
    "Finding",
    "Format",
    "Item",
    "Lane",
    "Results",
    "Rule",
    "Step",
    "Told",
    "plain_json",
]


def __getattr__(name: str) -> Any:
    # Late: most answers are only printed.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("klprove.formats.results"), name)
