"""An answer for people (text, a table) and for programs (JSON)."""

from klprove.report.comparison import comparison
from klprove.report.document import SCHEMA, document, schema
from klprove.report.explanations import EXPLANATIONS, Explanation, explain
from klprove.report.replay import command_line, command_words
from klprove.report.style import paint
from klprove.report.text import Traces, render
from klprove.report.thread import render_thread
from klprove.report.wrapping import field

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
    "paint",
    "render",
    "render_thread",
    "schema",
]
