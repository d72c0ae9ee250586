# SPDX-License-Identifier: GPL-2.0-or-later
"""Corpora of models that say themselves what is expected of them: found, run, judged, told."""

from klprove.corpus.document import document
from klprove.corpus.expectation import COUNTED_BY, Expectation
from klprove.corpus.folders import Entry, Model, find
from klprove.corpus.header import parse, pin, read, read_own
from klprove.corpus.result import Judged, Outcome, Result, result
from klprove.corpus.running import Effort, asked, run
from klprove.corpus.table import table
from klprove.corpus.told import corpus_results

__all__ = [
    "COUNTED_BY",
    "Effort",
    "Entry",
    "Expectation",
    "Judged",
    "Model",
    "Outcome",
    "Result",
    "asked",
    "corpus_results",
    "document",
    "find",
    "parse",
    "pin",
    "read",
    "read_own",
    "result",
    "run",
    "table",
]
