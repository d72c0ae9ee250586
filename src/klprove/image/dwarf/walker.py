# SPDX-License-Identifier: GPL-2.0-or-later
"""`walking.py`, as machine code where there is much to read, else as the Python that it is."""

from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from klprove.image.dwarf import walking
from klprove.image.dwarf.walking import CODES, COLUMNS, DEEPEST, MOST, TAGS, UNTIL, WRONG

Rows = NDArray[np.int64]
"""Entries by row, their attributes by column (`walking.py`)."""

_ENTRIES = {"abbreviations": 5, "walk": 9, "files": 6}
_SPECS = 1 << 20
"""Words of a table of abbreviations, at the most."""
_FILES = 1 << 16
LARGE = 100_000
"""Bytes of entries from which compiling costs less than it saves."""


def compiles() -> bool:
    """Machine code can be made."""
    return find_spec("llvmlite") is not None


class Walker:
    """Reads entries; its buffers are used again for each unit."""

    def __init__(self, compiled: bool) -> None:
        self._code = _code() if compiled else None
        self._index = np.zeros(MOST, np.int64)
        self._specs = np.zeros(_SPECS, np.int64)
        self._stack = np.zeros(DEEPEST + 1, np.int64)
        self._place = np.zeros(8, np.int64)
        self._rows = np.zeros((1 << 12) * COLUMNS, np.int64)
        self._folders = np.zeros(_FILES + 1, np.int64)
        self._names = np.zeros(2 * _FILES + 2, np.int64)
        self._used = 0

    def abbreviations(self, data: NDArray[np.uint8], offset: int) -> bool:
        """Take the table at `offset` for the units that follow; False where it is damaged."""
        self._at(offset, len(data))
        self._used = self._call(
            "abbreviations", data, self._place, self._index, self._specs, _SPECS
        )
        return self._used > 0

    def walk(
        self, data: NDArray[np.uint8], start: int, end: int, unit: Rows, tags: Sequence[int]
    ) -> tuple[Rows, bool]:
        """The entries with one of `tags` from `start` to `end`, and whether all could be read."""
        wanted = np.zeros(TAGS, np.int64)
        wanted[list(tags)] = 1
        while True:
            room = len(self._rows) // COLUMNS - 1
            self._at(start, end)
            count = self._call(
                *("walk", data, self._place, unit, self._index, self._specs, wanted),
                *(self._rows, room, self._stack),
            )
            if count <= room:
                found = self._rows[: count * COLUMNS].reshape(count, COLUMNS)
                return found, not self._place[WRONG]
            self._rows = np.zeros((count + 1) * COLUMNS, np.int64)

    def files(
        self, data: NDArray[np.uint8], offset: int, unit: Rows
    ) -> tuple[Sequence[int], Sequence[Sequence[int]]]:
        """Strings of the folders, and (folder, string) of the files, of the line table there."""
        self._at(offset, len(data))
        count = self._call("files", data, self._place, unit, self._folders, self._names, _FILES)
        folders = self._folders[: self._place[CODES]].tolist()
        return folders, self._names[: 2 * count].reshape(count, 2).tolist()

    def _at(self, start: int, end: int) -> None:
        self._place[[0, WRONG, UNTIL]] = start, 0, end

    def _call(self, name: str, *arguments: Any) -> int:
        if self._code is not None:
            words = (each if isinstance(each, int) else each.ctypes.data for each in arguments)
            return int(self._code(name, *words))
        views = (each if isinstance(each, int) else memoryview(each) for each in arguments)
        return int(getattr(walking, name)(*views))


@cache
def _code() -> Callable[..., int]:
    from klprove.engine.native.compiled import Compiled  # only needed for something large
    from klprove.engine.native.lowering import lower

    text = lower([Path(walking.__file__).read_text(encoding="ascii")], {})
    return Compiled(text, 2, _ENTRIES).call
