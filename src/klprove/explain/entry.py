# SPDX-License-Identifier: GPL-2.0-or-later
"""A word that klprove uses, and what it has to say about it."""

from dataclasses import dataclass

KINDS = {
    "finding": "findings of klprove check",
    "rule": "rules of klprove lint",
    "context": "contexts",
    "term": "terms",
    "generation": "kernel models",
    "verdict": "verdicts and exit statuses",
    "question": "questions of klprove scan",
    "grade": "grades of klprove scan",
    "replay": "results of klprove replay",
    "watch": "whether a thread will switch (klprove watch)",
    "watched": "problems, open questions and notes of klprove watch",
    "reduction": "reductions of the search",
}
"""What there is to explain, by kind, in order."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`title` is one line. `what` it is, `why` it matters, `wrong_if`: what must be true of the
    real code for it not to apply, `seen`: where it happened, `remedy`: what to do, `source`: where
    more is said, `also`: other names of it; each may be empty. `example` is a command, `model` the
    text of the file that it names where that is klprove's own, and `shows` the finding that it
    ends with."""

    kind: str
    word: str
    title: str
    what: tuple[str, ...] = ()
    why: str = ""
    wrong_if: str = ""
    seen: str = ""
    remedy: str = ""
    example: str = ""
    model: str = ""
    shows: str = ""
    source: str = ""
    also: tuple[str, ...] = ()
