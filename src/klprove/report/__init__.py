"""An answer for people (text, a table) and for programs (JSON)."""

from typing import TYPE_CHECKING, Any

from klprove.report.comparison import comparison, glance
from klprove.report.document import SCHEMA, document, schema
from klprove.report.explanations import EXPLANATIONS, Explanation, explain
from klprove.report.replay import command_line, command_words
from klprove.report.style import paint, paint_diff
from klprove.report.text import Traces, render
from klprove.report.wrapping import field, fold

if TYPE_CHECKING:
    from klprove.report.thread import render_thread

__all__ = [
    "EXPLANATIONS",
    "SCHEMA",
    "Explanation",
    "Traces",
    "command_line",
    "command_words",
    "comparison",
    "document",
    "explain",
    "field",
    "fold",
    "glance",
    "paint",
    "paint_diff",
    "render",
    "render_thread",
    "schema",
]


def __getattr__(name: str) -> Any:
    if name != "render_thread":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from klprove.report.thread import render_thread  # most commands have no use for it

    return render_thread
