# SPDX-License-Identifier: GPL-2.0-or-later
"""Data of a module that is not loaded yet: a pointer is a relocation, its value is elsewhere."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from klprove.image import Section
from klprove.image.elf import text_at
from klprove.image.relocatable import FUNCTION, SECTION, Relocatable, Relocation, Symbol


class Place(NamedTuple):
    """An offset in a section."""

    section: int
    offset: int


class Pointers:
    """Follows the pointers in the data of `elf`."""

    def __init__(self, elf: Relocatable) -> None:
        self.elf = elf
        self._sorted: dict[int, list[int]] = {}

    def table(self, section: int) -> Mapping[int, Relocation]:
        """Relocations of a section by offset."""
        return self.elf.relocated(self.elf.sections[section])

    def relocation(self, place: Place, offset: int = 0) -> Relocation | None:
        """What is relocated `offset` bytes after `place`."""
        return self.table(place.section).get(place.offset + offset)

    def target(self, relocation: Relocation | None) -> Place | None:
        """Where a pointer points inside the module; None without one and for what is elsewhere."""
        if relocation is None:
            return None
        symbol = relocation.symbol
        if not 0 < symbol.section < len(self.elf.sections):
            return None
        return Place(symbol.section, symbol.value + relocation.addend)

    def follow(self, place: Place, offset: int = 0) -> Place | None:
        """Where the pointer `offset` bytes after `place` points."""
        return self.target(self.relocation(place, offset))

    def section(self, place: Place) -> Section:
        """The section of a place."""
        return self.elf.sections[place.section]

    def text(self, place: Place | None) -> str:
        """The C string at a place; empty where there is none."""
        if place is None or self.section(place).executable:
            return ""
        return text_at(self.elf.piece(self.section(place), place.offset, 4096), 0)

    def number(self, place: Place, offset: int, size: int) -> int:
        """The unsigned number of `size` bytes there; 0 in .bss and outside."""
        at = place.offset + offset
        data = self.elf.piece(self.section(place), at, size)
        return int.from_bytes(data, "little" if self.elf.little else "big")

    def function(self, place: Place | None) -> Symbol | None:
        """The function that starts at a place."""
        return self._functions.get(place) if place else None

    @cached_property
    def _functions(self) -> dict[Place, Symbol]:
        found = (each for each in self.elf.symbols if each.kind == FUNCTION and each.name)
        return {Place(each.section, each.value): each for each in found}

    def end(self, place: Place) -> int:
        """Where the object around `place` ends: at its symbol's end, else at the section's."""
        starts = self._extents.get(place.section, [])
        at = bisect_left(starts, (place.offset + 1,)) - 1
        if at >= 0 and place.offset < starts[at][1]:
            return starts[at][1]
        return self.section(place).size

    @cached_property
    def _extents(self) -> dict[int, list[tuple[int, int]]]:
        found: dict[int, list[tuple[int, int]]] = {}
        for each in self.elf.symbols:
            if each.size and each.kind != SECTION:
                found.setdefault(each.section, []).append((each.value, each.value + each.size))
        return {section: sorted(extents) for section, extents in found.items()}

    def within(self, place: Place) -> Iterator[Place]:
        """Places of the pointers in the object that `place` is the start of, in order."""
        if place.section not in self._sorted:
            self._sorted[place.section] = sorted(self.table(place.section))
        offsets = self._sorted[place.section]
        first, last = bisect_left(offsets, place.offset), bisect_left(offsets, self.end(place))
        for offset in offsets[first:last]:
            yield Place(place.section, offset)
