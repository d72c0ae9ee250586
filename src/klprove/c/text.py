# SPDX-License-Identifier: GPL-2.0-or-later
"""The files of a unit: read, sized up, and edited without moving a line."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from klprove.source import Diagnostic, Span

MOST_LINES = 20_000
MOST_BYTES = 4_000_000
PRAGMAS = ("hardware_nmi", "preempt")

MOST_OPERATORS = 1_000
"""In one statement: at two and a half times as many, in a text that is cut off there, clang's own
recursion overruns its stack, and the process is gone."""

_MOST_INCLUDED = 1_000

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_PIECE = re.compile(r"[^;{},]+")
_OPERATOR = re.compile(r"[-+*/%&|^<>=?!~(\[]")
_PRAGMA = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+klprove\b[ \t]*(\w*)", re.MULTILINE)


_INCLUDE = re.compile(r"""^[ \t]*#[ \t]*include[ \t]*["<]([^">\n]*)[">]""", re.MULTILINE)


def included(path: str) -> list[str]:
    """The files that `path` includes beside itself, and those that these include, in order; also
    where an #if leaves one out. `<klprove.h>` is the tool's own and none of them."""
    found: dict[str, None] = {}
    work = [path]
    while work and len(found) < _MOST_INCLUDED:
        here = Path(work.pop(0))
        try:
            with open(here, "rb") as file:
                body = file.read(MOST_BYTES).decode(errors="replace")
        except (OSError, ValueError):
            continue  # clang will say so, where it matters
        for each in _INCLUDE.findall(body):
            other = here.parent / each
            if str(other) not in found and os.path.isfile(
                other
            ):  # False where the name is too long
                found[str(other)] = None
                work.append(str(other))
    return list(found)


def _is_special(path: Path) -> bool:
    """True for a device or a pipe, which may never end."""
    try:
        return path.exists() and not (path.is_file() or path.is_dir())
    except (OSError, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class Text:
    """One file: its name as the user gave it, the name clang sees, its contents."""

    name: str
    path: str
    body: str

    def pragmas(self) -> Iterator[tuple[str, Span]]:
        """Every `#pragma klprove WORD`: the word and its place."""
        for found in _PRAGMA.finditer(self.body):
            line = self.body.count("\n", 0, found.start(1)) + 1
            start = self.body.rfind("\n", 0, found.start(1)) + 1
            yield found.group(1), Span(self.name, line, found.start(1) - start + 1)

    def edited(self, edits: Iterable[tuple[int, int, str]]) -> "Text":
        """A copy in which each byte range holds the new text and as many newlines as before."""
        data = bytearray(self.body.encode())
        for start, end, new in sorted(edits, reverse=True):
            data[start:end] = new.encode() + b"\n" * data.count(b"\n", start, end)
        return Text(self.name, self.path, data.decode(errors="replace"))


def read(name: Path | str, index: int) -> Text | Diagnostic:
    """The file `name`, or what is wrong with it; `index` tells apart names clang cannot take."""
    shown, top = str(name), Span(str(name), 0, 0)
    try:
        with open(name, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        return Diagnostic("file", top, f"cannot read: {error.strerror or error}")
    except ValueError:
        return Diagnostic("file", top, "cannot read: not a file name")
    if len(data) > MOST_BYTES:
        return Diagnostic("large", top, f"the file has more than {MOST_BYTES:,} bytes")
    try:
        body = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Diagnostic("file", top, f"not a text file: line {line} is not UTF-8")
    if "\0" in body:
        line = body.count("\n", 0, body.index("\0")) + 1
        return Diagnostic("file", top, f"not a text file: a NUL byte in line {line}")
    if not body.strip():
        return Diagnostic("file", top, "the file is empty")
    lines = body.count("\n")
    if lines > MOST_LINES:
        hint = f"a model may have {MOST_LINES} lines; cut out what the handler does not reach"
        return Diagnostic("large", top, f"the file has {lines} lines", hint)
    for found in _INCLUDE.finditer(body):
        if _is_special(Path(name).parent / found[1]):
            span = Span(shown, body.count("\n", 0, found.start(1)) + 1, 1)
            return Diagnostic("file", span, "what it includes is no ordinary file")
    for piece in _PIECE.finditer(body):
        if len(piece.group()) > MOST_OPERATORS:
            code = _COMMENT.sub(" ", piece.group())
            if len(_OPERATOR.findall(code)) > MOST_OPERATORS:
                span = Span(shown, body.count("\n", 0, piece.start()) + 1, 1)
                text = f"a statement of more than {MOST_OPERATORS} operators"
                return Diagnostic("large", span, text, "assign parts of it to variables")
    path = str(Path(name).absolute())
    if not path.isprintable() or re.search(r'["\\]', path):
        path = f"/klprove-input/{index}.c"
    return Text(shown, path, body)
