# SPDX-License-Identifier: GPL-2.0-or-later
"""The functions of a kernel model as text."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from klprove.c import FunctionDecl, Unit, parse
from klprove.kernels import HOME, Kernel
from klprove.source import Span


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a function's text, and where it begins."""

    text: str
    origin: Span


class Functions:
    """Every function of `kernel` that has a body."""

    def __init__(self, kernel: Kernel, defines: Mapping[str, str]) -> None:
        self.kernel = kernel
        self._unit: Unit = parse(kernel.files, defines={"NR_CPUS": "1", **defines})
        self._texts = {str(path.absolute()): path.read_text() for path in kernel.files}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """In the order of the text."""
        return tuple(
            name
            for name in self._unit.functions
            if str(self._decl(name).node.extent.path) in self._texts
        )

    @cached_property
    def _rows(self) -> Mapping[str, tuple[str, int, int]]:
        """By name: file, first and last line."""
        found = {}
        for name in self.names:
            extent = self._decl(name).node.extent
            text = self._texts[extent.path]
            first, last = text.count("\n", 0, extent.start), text.count("\n", 0, extent.end)
            found[name] = (extent.path, first + 1, last + 1)
        return found

    def at(self, path: Path, line: int) -> str | None:
        """The function of file `path` that has `line`; None outside of all."""
        for name, (file, first, last) in self._rows.items():
            if file == str(path.absolute()) and first <= line <= last:
                return name
        return None

    def rows(self, name: str) -> tuple[int, int, list[tuple[str, Span]]]:
        """First and last line of a function, and every line of its file."""
        path, first, last = self._rows[name]
        rows = self._texts[path].split("\n")
        return first, last, [(row, Span(shown(path), n, 1)) for n, row in enumerate(rows, 1)]

    def whole(self, name: str) -> Piece:
        """The text of a function."""
        extent = self._decl(name).node.extent
        return self._piece(extent.path, extent.start, extent.end)

    def around(self, name: str) -> tuple[Piece, Piece, Piece]:
        """A function's text up to its first statement, from there up to its last brace, and
        that."""
        decl = self._decl(name)
        extent, body = decl.node.extent, decl.body
        assert body is not None  # `names` has only such
        end = extent.end - 1
        first = next((each.extent.start for each in body.children if each.kind != "DECL_STMT"), end)
        return (
            self._piece(extent.path, extent.start, first),
            self._piece(extent.path, first, end),
            self._piece(extent.path, end, extent.end),
        )

    def is_void(self, name: str) -> bool:
        """True for a function without a value."""
        text = self.whole(name).text
        return bool(re.search(r"\bvoid\b", text[: text.index("(")]))

    def files(self) -> Iterator[tuple[Path, str]]:
        """The files of the model and their text."""
        for path in self.kernel.files:
            yield path, self._texts[str(path.absolute())]

    def _decl(self, name: str) -> FunctionDecl:
        return self._unit.declared[name]

    def _piece(self, path: str, start: int, end: int) -> Piece:
        text = self._texts[path]
        line = text.count("\n", 0, start) + 1
        column = start - (text.rfind("\n", 0, start) + 1) + 1
        return Piece(text[start:end], Span(shown(path), line, column))


def shown(path: Path | str) -> str:
    """A model's file as reports name it: `v4.12rc/klp_handler.c`."""
    return str(path).removeprefix(f"{HOME.absolute()}/").removeprefix(f"{HOME}/")
