# SPDX-License-Identifier: GPL-2.0-or-later
"""What was taken from a mail, before the answer."""

from collections.abc import Iterator
from typing import Any

from klprove.mail import Taken
from klprove.report.wrapping import WIDTH, field

_MOST = 40
"""Lines of a proposal that are shown."""


def letter(taken: Taken, defaults: str = "") -> str:
    """The head of a report about a mail: what was taken from where, what was added. `defaults` are
    the options that the user left to us."""
    return "\n".join(_lines(taken, defaults)) + "\n"


def _lines(taken: Taken, defaults: str) -> Iterator[str]:
    snippet = taken.snippet
    subject = f', "{snippet.message.subject}"' if snippet.message.subject else ""
    yield from field("mail", taken.name + subject)
    count = f"{snippet.number} of {len(taken.found)}: " if len(taken.found) > 1 else ""
    yield from field("taken", f"{count}{snippet.kind}, {snippet.where}")
    yield from field("placed", f"{taken.placed.target}: {taken.placed.because}")
    for text in taken.placed.added:
        yield from field("added", f"not in the mail: {text}")
    for each in taken.found:
        if each is not snippet:
            yield from field("left", f"--snippet {each.number}: {each.title}")
    if defaults:
        yield from field("default", defaults)
    yield ""
    for line in snippet.lines[:_MOST]:
        yield f"{line.span.line:>6}  {line.text.expandtabs(8)}"[:WIDTH].rstrip()
    if len(snippet.lines) > _MOST:
        yield f"        ({len(snippet.lines) - _MOST} more)"


def letter_document(taken: Taken) -> dict[str, Any]:
    """The same for a program."""
    return {
        "file": taken.name,
        "sha256": taken.sha256,
        "subject": taken.snippet.message.subject,
        "snippets": len(taken.found),
        "snippet": taken.snippet.number,
        "kind": taken.snippet.kind,
        "quoted": taken.snippet.depth,
        "lines": [taken.snippet.lines[0].span.line, taken.snippet.lines[-1].span.line],
        "placed": taken.placed.target,
        "because": taken.placed.because,
        "added": list(taken.placed.added),
        "text": taken.placed.composed.text,
    }
