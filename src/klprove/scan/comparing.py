# SPDX-License-Identifier: GPL-2.0-or-later
"""Two maps side by side: what a patch author finds changed from one kernel to another."""

from collections.abc import Sequence
from dataclasses import dataclass

from klprove.scan.answers import QUESTIONS, SITE, Map


@dataclass(frozen=True, slots=True)
class Change:
    """The functions, by name, that an answer holds for in only one of two maps."""

    about: str
    """What is answered; a question of `QUESTIONS`, or `patchable`."""
    gone: Sequence[str]
    come: Sequence[str]
    open: str
    """Why the two cannot be compared; empty where they can."""


def compare(before: Map, after: Map, grade: int) -> list[Change]:
    """What differs between two maps, among what can be livepatched in one of them.

    Functions are compared by name; one of several of a name counts where one of them does.
    """
    changes = [_change("patchable", _patchable(before), _patchable(after), "")]
    for question in QUESTIONS:
        why = before.open.get(question) or after.open.get(question) or ""
        old, new = (_asked(each, question, grade) for each in (before, after))
        changes.append(_change(question, old, new, why))
    return changes


def _change(about: str, before: set[str], after: set[str], why: str) -> Change:
    if why:
        return Change(about, (), (), why)
    return Change(about, sorted(before - after), sorted(after - before), "")


def _patchable(found: Map) -> set[str]:
    return {name for name, word in zip(found.names, found.patch, strict=True) if word == SITE}


def _asked(found: Map, question: str, grade: int) -> set[str]:
    return {found.names[i] for i in found.list(question, grade) if found.patch[i] == SITE}
