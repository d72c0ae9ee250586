# SPDX-License-Identifier: GPL-2.0-or-later
"""Diagnostics: what is wrong with an input, where, and what to write instead."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from klprove.source.span import Span
from klprove.source.spelling import plain

CODES: dict[str, str] = {
    "file": "a file is missing, unreadable, empty or not text",
    "syntax": "the C compiler front end rejects the text",
    "unknown": "a name that neither the file nor the kernel model defines",
    "unsupported": "a construct outside the model language",
    "assembly": "inline assembly",
    "float": "floating point",
    "vla": "a variable-length array",
    "recursion": "recursion without a bound",
    "spin": "a loop that does not end and reads no shared memory",
    "context": "a context attribute that makes no sense",
    "address": "the address of a local variable leaves its function",
    "memory": "an access at a fixed place that no object holds",
    "patch": "a function that cannot be patched",
    "kernel": "a kernel generation that does not exist",
    "claim": "a claim's file that says something unusable",
    "campaign": "a campaign of mutants that cannot be run",
    "expect": "a model's head that does not say, or says wrongly, what is expected of it",
    "mail": "a mail that holds no C, or does not say where it belongs",
    "option": "a command-line option with an unusable value",
    "checkpoint": "a folder that cannot hold a checkpoint, or holds none of this question",
    "image": "an ELF file, or a list of names, that cannot be used",
    "machine": "a machine, a copy of its files, or a dump that cannot be watched",
    "trace": "a trace that cannot be read, replayed or shown",
    "waiver": "a waiver or a baseline that says something unusable",
    "litmus": "something that a litmus test cannot say",
    "large": "an input beyond the limits of the tool",
}
"""Every diagnostic code and what it means; `Diagnostic` accepts no other."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One complaint: `file:line:col: error: text [code]`, a caret line, notes, a hint."""

    code: str
    span: Span
    text: str
    hint: str = ""
    notes: Sequence[tuple[Span, str]] = ()

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"unknown diagnostic code {self.code!r}")

    def render(self) -> str:
        """The message as lines of printable ASCII, without a newline at the end."""
        lines = [f"{self.span}: error: {self.text} [{self.code}]", *_excerpt(self.span)]
        for span, text in self.notes:
            lines += [f"{span}: note: {text}", *_excerpt(span)]
        if self.hint:
            lines.append(f"  = {self.hint}")
        return "\n".join(map(plain, lines))


class Unavailable(Exception):
    """Something that was asked for is not there (a cluster); the text says why. Exit status 2."""


class BadInput(Exception):
    """The input cannot be used; carries every diagnostic found. Exit status 2."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(each.render() for each in self.diagnostics))

    def __reduce__(self) -> tuple[type["BadInput"], tuple[tuple[Diagnostic, ...]]]:
        return BadInput, (self.diagnostics,)


_GIVEN: dict[str, tuple[str, ...]] = {}


def given(name: str, text: str) -> None:
    """Have excerpts from `name`, which is no file, made from `text`: it came by a pipe."""
    _GIVEN[name] = tuple(text.splitlines())


@lru_cache(maxsize=64)
def _lines(file: str) -> tuple[str, ...]:
    if file in _GIVEN:
        return _GIVEN[file]
    try:
        with open(file, encoding="utf-8", errors="replace") as text:
            return tuple(text.read(4_000_000).splitlines())
    except (OSError, ValueError):  # no such file; no name of any
        return ()


def _excerpt(span: Span) -> list[str]:
    """The source line and a caret below the column; nothing when the line cannot be read."""
    lines = _lines(span.file) if span.line > 0 else ()  # a file without lines may be a pipe
    if span.line > len(lines) or not lines:
        return []
    line = plain(lines[span.line - 1].expandtabs(8))
    raw = lines[span.line - 1].encode()[: max(span.column - 1, 0)].decode(errors="replace")
    at = len(plain(raw.expandtabs(8)))
    start = max(0, at - 60) if len(line) > 76 else 0
    shown = line[start : start + 76]
    return [f"  {shown}", "  " + " " * (at - start) + "^"]
