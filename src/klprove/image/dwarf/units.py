# SPDX-License-Identifier: GPL-2.0-or-later
"""The units of `.debug_info`: each is what one compilation left."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from klprove.image.dwarf.sections import DebugSections
from klprove.image.dwarf.walker import Rows

_SKELETONS, _TYPES = (4, 5), (2, 6)
"""Kinds of units (DWARF 5, 7.5.1) with eight, and with more bytes in their head."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Entries from `start` to `end` of `.debug_info`; the head of the unit is at `offset`."""

    offset: int
    start: int
    end: int
    version: int
    abbreviations: int
    words: Rows
    """As `walking.py` wants it."""


def units(debug: DebugSections) -> Iterator[Unit]:
    """All units, in order. What makes no sense ends it, and is told in `debug.wrong`."""
    info = debug.section("info")
    at = 0
    while at + 11 < len(info):
        head = info[at : at + 40].tobytes()
        unit = _unit(head, at, debug.endian)
        if unit is None or unit.end > len(info):
            debug.wrong.append(f"no unit that makes sense at {at:#x} of .debug_info")
            return
        yield unit
        at = unit.end


def _unit(head: bytes, at: int, endian: Literal["little", "big"]) -> Unit | None:
    def number(place: int, size: int) -> int:
        return int.from_bytes(head[place : place + size], endian)

    length, size, place = number(0, 4), 4, 4
    if length == 0xFFFFFFFF:
        length, size, place = number(4, 8), 8, 12
    end = at + place + length
    version = number(place, 2)
    if not 2 <= version <= 5 or length < 2 * size:
        return None
    if version == 5:
        kind, address, table = number(place + 2, 1), number(place + 3, 1), number(place + 4, size)
        skipped = 4 + size
        skipped += 8 if kind in _SKELETONS else 8 + size if kind in _TYPES else 0
    else:
        table, address = number(place + 2, size), number(place + 2 + size, 1)
        skipped = 3 + size
    if address not in (4, 8):
        return None
    words = np.array([version, address, size, endian == "big", at], np.int64)
    return Unit(at, at + place + skipped, end, version, table, words)
