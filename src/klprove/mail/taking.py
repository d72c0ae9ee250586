# SPDX-License-Identifier: GPL-2.0-or-later
"""From the bytes of a mail to a C file that can be checked, and back from its answer."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from klprove.check import Answer
from klprove.check.answer import Text
from klprove.kernels import Kernel
from klprove.mail.message import read
from klprove.mail.placing import Placed, place
from klprove.mail.snippets import Snippet, choose, find
from klprove.source import BadInput, given
from klprove.verdict import Finding, Verdict


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken from a mail, and what became of it."""

    name: str
    """The mail's file, as the user named it."""
    sha256: str
    """Of its bytes."""
    found: tuple[Snippet, ...]
    """All C in the mail."""
    snippet: Snippet
    placed: Placed
    where: str | None
    """What --place said."""

    @property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """The options of `klprove check` that take the same again."""
        words = [("--mail", "-" if self.name == STDIN else self.name)]
        if len(self.found) > 1:
            words.append(("--snippet", str(self.snippet.number)))
        if self.where is not None:
            words.append(("--place", self.where))
        return tuple(words)


STDIN = "<stdin>"
"""How a mail is called that came by standard input."""


def take(
    data: bytes,
    name: str,
    kernel: Kernel | None,
    *,
    number: int | None = None,
    where: str | None = None,
    defines: Mapping[str, str] | None = None,
) -> Taken:
    """The C of the mail `data`, put where it belongs in `kernel`.

    number: which snippet, from 1; None is the one that is quoted least. where: `F:entry`. Raises
    BadInput where there is no C, it is not clear which, or where it belongs.
    """
    if name == STDIN:
        given(name, data.decode(errors="replace"))
    found = find(read(data, name))
    snippet = choose(found, number, name)
    placed = place(snippet, kernel, where, defines or {})
    return Taken(name, hashlib.sha256(data).hexdigest(), found, snippet, placed, where)


def complaints(refused: BadInput, taken: Taken, path: str) -> BadInput:
    """`refused`, which speaks of the file at `path`, about the mail."""
    return BadInput(taken.placed.composed.complaints(refused.diagnostics, path, taken.name))


def told(answer: Answer, taken: Taken, path: str) -> Answer:
    """`answer` about the file at `path`, with every place in the mail or in the kernel model."""

    def found(finding: Finding) -> Finding:
        origin = taken.placed.composed.origin
        events = tuple(
            replace(each, span=origin(each.span, path, taken.name)) for each in finding.trace.events
        )
        return replace(
            finding,
            span=origin(finding.span, path, taken.name),
            trace=replace(finding.trace, events=events),
        )

    def verdict(each: Verdict) -> Verdict:
        return replace(each, findings=tuple(map(found, each.findings)))

    return replace(
        answer,
        question=replace(answer.question, files=(taken.name,), source=taken.words),
        files=tuple(Text(taken.name, each.sha256) for each in answer.files),
        sites={site: verdict(each) for site, each in answer.sites.items()},
    )
