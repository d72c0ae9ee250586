# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the code of an entry starts: an address, a number of one, or the first of its ranges."""

from collections.abc import Iterator, Sequence

import numpy as np

from klprove.image.dwarf.inlines import Numbers
from klprove.image.dwarf.sections import DebugSections
from klprove.image.dwarf.units import Unit
from klprove.image.dwarf.walker import Rows
from klprove.image.dwarf.walking import (
    ABSENT,
    ADDRESS,
    ADDRESS_BASE,
    LOW,
    LOWX,
    OFFSETS,
    RANGES,
    RANGES_BASE,
    RANGESX,
)

_MANY = 64
"""Entries of a list that are looked at: a base may stand before the first range."""


def starts(debug: DebugSections, unit: Unit, root: Sequence[int], rows: Rows) -> Numbers:
    """The address of the code of each row, as signed words; ABSENT where it has none."""
    reader = _Reader(debug, unit, root)
    found = rows[:, LOW].copy()
    unknown = found == ABSENT
    for column, read in ((LOWX, reader.address), (RANGES, reader.listed), (RANGESX, reader.ranged)):
        for row in np.flatnonzero(unknown & (rows[:, column] != ABSENT)).tolist():
            found[row] = read(int(rows[row, column]))
            unknown[row] = False
    return found


class _Reader:
    """What the columns of one unit mean."""

    def __init__(self, debug: DebugSections, unit: Unit, root: Sequence[int]) -> None:
        self._debug, self._unit, self._root = debug, unit, root
        self._base = root[LOW] if root[LOW] != ABSENT else 0

    def _number(self, section: str, at: int, size: int) -> int:
        found = self._debug.number(section, at, size)
        return ABSENT if found is None else found

    def address(self, number: int) -> int:
        """An address in `.debug_addr`."""
        size = int(self._unit.words[ADDRESS])
        return self._number("addr", max(self._root[ADDRESS_BASE], 8) + number * size, size)

    def ranged(self, number: int) -> int:
        """A list by its number in the table of the unit."""
        size = int(self._unit.words[OFFSETS])
        base = max(self._root[RANGES_BASE], 12)
        offset = self._number("rnglists", base + number * size, size)
        return self.listed(base + offset) if offset != ABSENT else ABSENT

    def listed(self, at: int) -> int:
        """The first range of the list at a place."""
        each = self._lists(at) if self._unit.version >= 5 else self._pairs(at)
        return next(each, ABSENT)

    def _pairs(self, at: int) -> Iterator[int]:
        """Versions before 5: pairs of words in `.debug_ranges`."""
        base, size = self._base, int(self._unit.words[ADDRESS])
        for place in range(at, at + 2 * size * _MANY, 2 * size):
            low = self._number("ranges", place, size)
            high = self._number("ranges", place + size, size)
            if ABSENT in (low, high) or low == high == 0:
                return
            if low in (-1, 0xFFFFFFFF):
                base = high
            elif low != high:
                yield base + low

    def _lists(self, at: int) -> Iterator[int]:
        """Version 5: kinds of entries in `.debug_rnglists` (section 7.25)."""
        base, size = self._base, int(self._unit.words[ADDRESS])
        for _ in range(_MANY):
            kind = self._number("rnglists", at, 1)
            at += 1
            if kind in (1, 2, 3):
                number, at = self._uleb(at)
                if kind == 1:
                    base = self.address(number)
                else:
                    yield self.address(number)
            elif kind == 4:
                number, at = self._uleb(at)
                yield base + number
            elif kind == 5:
                base, at = self._number("rnglists", at, size), at + size
            elif kind in (6, 7):
                yield self._number("rnglists", at, size)
            else:
                return

    def _uleb(self, at: int) -> tuple[int, int]:
        value, shift = 0, 0
        while shift < 63:
            byte = self._number("rnglists", at, 1)
            if byte == ABSENT:
                return 0, at
            value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
            if byte < 128:
                break
        return value, at
