# SPDX-License-Identifier: GPL-2.0-or-later
"""What clang complains about, as our diagnostics."""

import re
from typing import Any

from klprove.c import api
from klprove.c.nodes import Tree
from klprove.source import Diagnostic

_UNKNOWN = re.compile(
    r"undeclared|unknown type name|implicit declaration|no member named"
    r"|incomplete (type|definition)|variable has incomplete|tentative definition has type"
)
_FILE = re.compile(r"file not found")
_NOISE = re.compile(r"did you mean|in file included from")
_SUGGESTION = re.compile(r"; did you mean '([^']*)'\?$")


def errors(tree: Tree) -> list[Diagnostic]:
    """Every error that clang found, in the order of the text."""
    found: dict[tuple[object, str], Diagnostic] = {}
    guessed: set[tuple[str, int]] = set()
    for each in tree.handle.diagnostics:
        if each.severity < 3:
            continue
        diagnostic = _convert(tree, each)
        line = diagnostic.span.file, diagnostic.span.line
        if diagnostic.hint.startswith("did you mean"):
            guessed.add(line)
        elif diagnostic.code == "syntax" and line in guessed:
            # clang went on with the name it suggests; what is wrong with that is nobody's fault.
            continue
        found.setdefault((diagnostic.span, diagnostic.text), diagnostic)
    return list(found.values())


def _convert(tree: Tree, raw: Any) -> Diagnostic:
    text, hint = raw.spelling, ""
    if suggestion := _SUGGESTION.search(text):
        hint = f"did you mean '{suggestion.group(1)}'?"
        text = text[: suggestion.start()]
    # What clang says to people who write C for its own sake is no help here.
    text = text.split("; ISO C99 and later do not support")[0]
    code = "unknown" if _UNKNOWN.search(text) else "file" if _FILE.search(text) else "syntax"
    if not hint and code == "unknown" and ("function" in text or "incomplete type" in text):
        hint = "define it in this file, or name a kernel model that has it: `--kernel v6.12`"
    notes = [
        (tree.span(api.place(note.location)), note.spelling)
        for note in raw.children
        if note.location.file and not _NOISE.search(note.spelling)
    ]
    return Diagnostic(code, tree.span(api.place(raw.location)), text, hint, tuple(notes))
