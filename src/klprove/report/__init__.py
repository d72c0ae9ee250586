# SPDX-License-Identifier: GPL-2.0-or-later
"""An answer for people (text, a table) and for programs (JSON)."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from klprove.report.comparison import comparison, glance
from klprove.report.document import document
from klprove.report.explanations import EXPLANATIONS, Explanation, explain
from klprove.report.replay import command_line, command_words
from klprove.report.style import paint, paint_diff
from klprove.report.text import Traces, render
from klprove.report.wrapping import dead, field, fold

if TYPE_CHECKING:
    from klprove.report.mailed import letter, letter_document
    from klprove.report.thread import render_thread, thread_document

__all__ = [
    "EXPLANATIONS",
    "Explanation",
    "Traces",
    "command_line",
    "command_words",
    "comparison",
    "dead",
    "document",
    "explain",
    "field",
    "fold",
    "glance",
    "letter",
    "letter_document",
    "paint",
    "paint_diff",
    "render",
    "render_thread",
    "thread_document",
]


_LATER = {
    "render_thread": "thread",
    "thread_document": "thread",
    "letter": "mailed",
    "letter_document": "mailed",
}
"""What most commands have no use for, and its module."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
