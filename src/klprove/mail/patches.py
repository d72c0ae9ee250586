# SPDX-License-Identifier: GPL-2.0-or-later
"""Patches (unified diffs) on the functions of a kernel model."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from klprove.mail.composed import Composed
from klprove.mail.functions import Functions
from klprove.mail.message import Line
from klprove.mail.snippets import functions, hunk_end
from klprove.source import BadInput, Diagnostic

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@ ?(.*)")
_COMMENT = re.compile(r"/\*.*?\*/|//.*|/\*.*$")
_REST = re.compile(r"^\s*\*/?(?:\s.*)?$|^.*\*/$")
"""A line inside of a comment."""


@dataclass
class _Hunk:
    head: Line
    title: str
    """What stands behind the second @@: the function it is in."""
    old: list[Line] = field(default_factory=list)
    """Lines of the old text."""
    new: list[tuple[Line, bool]] = field(default_factory=list)
    """Lines of the new text, and whether they are added."""
    rows: list[tuple[str, Line]] = field(default_factory=list)
    """Mark and line, without the mark."""
    left: int = 0
    """Lines of context at its ends that the model does not have."""

    def add(self, sign: str, line: Line) -> None:
        """Put a line behind the others."""
        self.rows.append((sign, line))
        if sign != "+":
            self.old.append(line)
        if sign != "-":
            self.new.append((line, sign == "+"))


def apply(lines: Sequence[Line], model: Functions) -> tuple[Composed, tuple[str, ...], str]:
    """The functions of `model` that the patch changes, changed; their names; how they were found.

    A hunk fits where its old lines stand in the model, comments and blanks aside. A function that
    the patch holds whole is taken from it as it is. Raises BadInput "mail" for the rest.
    """
    hunks = _hunks(lines)
    placed: dict[str, list[tuple[int, _Hunk]]] = {}
    whole: list[_Hunk] = []
    bad: list[Diagnostic] = []
    for hunk in hunks:
        found = _fits(hunk, model)
        if len(found) != 1 and functions(_whole(hunk)):
            whole.append(hunk)
            continue
        if not found:
            hunk, found = _loosely(hunk, model)
        if len(found) == 1:
            name, at = found[0]
            placed.setdefault(name, []).append((at, hunk))
        else:
            bad.append(_unfit(hunk, model, found))
    if bad:
        raise BadInput(bad)
    composed = Composed()
    names: dict[str, str] = {}
    for hunk in whole:
        taken = _whole(hunk)
        for line in taken:
            composed.add(line.text, line.span)
        names |= dict.fromkeys(functions(taken), "whole in the patch")
    for name, changes in placed.items():
        _change(composed, model, name, changes)
        left = sum(hunk.left for _, hunk in changes)
        without = f" without {left} lines of its context" if left else ""
        names[name] = f"it fits {model.whole(name).origin}{without}"
    return composed, tuple(names), "; ".join(dict.fromkeys(names.values()))


def _hunks(lines: Sequence[Line]) -> list[_Hunk]:
    found: list[_Hunk] = []
    at = 0
    while at < len(lines):
        head = lines[at]
        at += 1
        mark = _HUNK.match(head.text)
        if not mark:
            continue
        hunk = _Hunk(head, mark[3].strip())
        end = hunk_end(lines, at, int(mark[1] or 1), int(mark[2] or 1))
        for line in lines[at:end]:
            sign, text = line.text[:1], line.text[1:]
            if sign == "\\":
                continue
            if sign not in ("+", "-", " "):
                sign, text = " ", line.text  # a mailer took the blank
            moved = line.span._replace(column=line.span.column + len(line.text) - len(text))
            hunk.add(sign, Line(text, moved, line.depth))
        _counted(hunk, int(mark[1] or 1), int(mark[2] or 1))
        found.append(hunk)
        at = end
    return found


def _counted(hunk: _Hunk, old: int, new: int) -> None:
    lines = sum(sign != "+" for sign, _ in hunk.rows), sum(sign != "-" for sign, _ in hunk.rows)
    if lines != (old, new):
        text = (
            f"the hunk is damaged: it announces {old} old and {new} new lines and has "
            f"{lines[0]} and {lines[1]}"
        )
        raise BadInput(
            [Diagnostic("mail", hunk.head.span, text, "send it as plain text, unwrapped")]
        )


def _bare(text: str) -> str:
    """What counts of a line."""
    return re.sub(r"\s+", "", _REST.sub("", _COMMENT.sub("", text)))


class _Stream:
    """What counts of some lines in one piece, however it is broken into lines."""

    def __init__(self, rows: Sequence[str]) -> None:
        self.text = ""
        self.begins: dict[int, int] = {}
        """By offset in `text`: the row (from 0) that begins there and has something."""
        self.ends = {0: 0}
        """By offset: the row behind the one that ends there."""
        for row, text in enumerate(rows):
            bare = _bare(text)
            if bare:
                self.begins[len(self.text)] = row
                self.text += bare
                self.ends[len(self.text)] = row + 1

    def found(self, part: str) -> Iterator[int]:
        """Offsets of the rows at which `part` begins."""
        at = self.text.find(part) if part else -1
        while at >= 0:
            if at in self.begins:
                yield at
            at = self.text.find(part, at + 1)


def _fits(hunk: _Hunk, model: Functions) -> list[tuple[str, int]]:
    """Function and offset in its file, for each place where the old lines of `hunk` stand."""
    old = _Stream([line.text for line in hunk.old]).text
    found = []
    for path, text in model.files():
        stream = _Stream(text.split("\n"))
        for at in stream.found(old):
            rows = [row for place, row in stream.begins.items() if at <= place < at + len(old)]
            name = _function(model, path, [row + 1 for row in rows])
            if name is not None:
                found.append((name, at))
    return found


def _loosely(hunk: _Hunk, model: Functions) -> tuple[_Hunk, list[tuple[str, int]]]:
    """`hunk` with the fewest lines of context left out at its ends so that it fits, as patch(1)
    does; the places are none where it does not, and more than one where it is not clear. Where the
    hunk names its function, it is that one."""
    named = _named(hunk, model)
    signs = [sign for sign, _ in hunk.rows]
    head = next((n for n, sign in enumerate(signs) if sign != " "), 0)
    tail = next((n for n, sign in enumerate(reversed(signs)) if sign != " "), 0)
    ends = [(first, last) for first in range(head + 1) for last in range(tail + 1)]
    for first, last in sorted(ends, key=sum):
        part = _Hunk(hunk.head, hunk.title)
        for sign, line in hunk.rows[first : len(hunk.rows) - last]:
            part.add(sign, line)
        cut = [*hunk.rows[:first], *hunk.rows[len(hunk.rows) - last :]]
        part.left = sum(bool(_bare(line.text)) for _, line in cut)
        found = [each for each in _fits(part, model) if named in (None, each[0])]
        if found:
            return part, found
    return hunk, []


def _named(hunk: _Hunk, model: Functions) -> str | None:
    """The function of the model that the hunk's head names."""
    named = re.search(r"(\w+)\s*\(", hunk.title)
    return named[1] if named and named[1] in model.names else None


def _function(model: Functions, path: Path, rows: Sequence[int]) -> str | None:
    """The only function that has some of `rows`."""
    names = {name for row in rows if (name := model.at(path, row)) is not None}
    return names.pop() if len(names) == 1 else None


def _unfit(hunk: _Hunk, model: Functions, found: Sequence[tuple[str, int]]) -> Diagnostic:
    """Why a hunk has no place."""
    if len(found) > 1:
        names = ", ".join(sorted({name for name, _ in found}))
        text = f"these lines stand {len(found)} times in {model.kernel.name}: in {names}"
        return Diagnostic("mail", hunk.head.span, text, "send more lines around the change")
    stream = "\n".join(_Stream(text.split("\n")).text for _, text in model.files())
    missing = next((each for each in hunk.old if _bare(each.text) not in stream), None)
    if missing is None:
        text = f"{model.kernel.name} has these lines, but not one behind the other in a function"
        return Diagnostic("mail", hunk.head.span, text, "send the function whole")
    named = _named(hunk, model)
    notes = [(model.whole(named).origin, f"the model's {named}")] if named else []
    text = f"the patch does not fit: {model.kernel.name} has no such line"
    hint = "send the function whole, or name another --kernel, --scene or --cpus"
    return Diagnostic("mail", missing.span, text, hint, notes)


def _whole(hunk: _Hunk) -> list[Line]:
    """The new lines that are whole functions, with what stands between them."""
    lines = [line for line, _ in hunk.new]
    depth, begin, kept = 0, 0, list[Line]()
    for at, line in enumerate(lines):
        depth += line.text.count("{") - line.text.count("}")
        if depth < 0:  # the end of something that begins above
            depth, begin = 0, at + 1
        elif depth == 0 and line.text.startswith("}"):
            kept += lines[begin : at + 1]
            begin = at + 1
    return kept


def _change(
    composed: Composed, model: Functions, name: str, changes: list[tuple[int, _Hunk]]
) -> None:
    """Add the function `name` with every hunk in its place."""
    first, last, rows = model.rows(name)
    stream = _Stream([text for text, _ in rows])

    def keep(start: int, end: int) -> None:
        for text, span in rows[max(start, first - 1) : min(end, last)]:
            composed.add(text, span)

    at = first - 1
    for offset, hunk in sorted(changes, key=lambda each: each[0]):
        for sign, group in groupby(hunk.rows, key=lambda each: each[0]):
            lines = [line for _, line in group]
            size = sum(len(_bare(line.text)) for line in lines) if sign != "+" else 0
            if sign == "+":
                row = _boundary(stream.ends, offset, lines[0])
                keep(at, row)
                at = max(at, row)
                for line in lines:
                    composed.add(line.text, line.span)
            elif sign == "-" and size:
                keep(at, _boundary(stream.begins, offset, lines[0]))
                at = _boundary(stream.ends, offset + size, lines[-1])
            offset += size
    keep(at, last)


def _boundary(rows: Mapping[int, int], offset: int, line: Line) -> int:
    """The row at `offset`. Raises BadInput where that is inside of one."""
    if offset in rows:
        return rows[offset]
    text = "the change is inside of what is one line of the model"
    raise BadInput([Diagnostic("mail", line.span, text, "send the function whole")])
