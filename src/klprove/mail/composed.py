# SPDX-License-Identifier: GPL-2.0-or-later
"""A C file put together from a mail and a kernel model, each line of which knows its origin."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from klprove.source import Diagnostic, Span


@dataclass
class Composed:
    """The lines of the file. One without an origin is ours."""

    lines: list[tuple[str, Span | None]] = field(default_factory=list)

    def add(self, text: str, origin: Span | None = None) -> None:
        """Put lines behind what is there; `origin` is of the first, the others follow it."""
        for number, line in enumerate(text.split("\n")):
            place = origin
            if origin is not None and number:
                place = Span(origin.file, origin.line + number, 1)
            self.lines.append((line, place))

    @property
    def text(self) -> str:
        """The whole file."""
        return "".join(line + "\n" for line, _ in self.lines)

    def origin(self, span: Span, path: str, name: str) -> Span:
        """Where what is at `span` of the file, written to `path`, comes from; for our own lines the
        nearest above that is not ours. `name` is that of the mail."""
        if span.file != path:
            return span
        for back in range(min(span.line, len(self.lines)), 0, -1):
            place = self.lines[back - 1][1]
            if place is not None:
                first = back == span.line
                column = place.column + span.column - 1 if first else place.column
                return Span(place.file, place.line, column)
        return Span(name, 0, 0)

    def complaint(self, diagnostic: Diagnostic, path: str, name: str) -> Diagnostic:
        """`diagnostic` about the mail and the model."""
        return replace(
            diagnostic,
            span=self.origin(diagnostic.span, path, name),
            notes=[(self.origin(span, path, name), text) for span, text in diagnostic.notes],
        )

    def complaints(
        self, diagnostics: Sequence[Diagnostic], path: str, name: str
    ) -> list[Diagnostic]:
        """`diagnostics` about the mail and the model, each once; those about our own lines only
        where there are no others."""
        found = [each for each in diagnostics if not self._ours(each.span, path)]
        told = [self.complaint(each, path, name) for each in found or diagnostics]
        return list({(each.span, each.text): each for each in told}.values())

    def _ours(self, span: Span, path: str) -> bool:
        inside = span.file == path and 0 < span.line <= len(self.lines)
        return inside and self.lines[span.line - 1][1] is None
