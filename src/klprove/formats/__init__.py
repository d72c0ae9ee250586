"""The formats of the trade, each written from one value; docs/formats.md."""

from klprove.formats.plain_json import plain_json
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
from klprove.formats.telling import FORMATS, Format, Told

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
