# SPDX-License-Identifier: GPL-2.0-or-later
"""A module as the linker left it: its symbols are offsets in sections, its pointers relocations."""

import struct
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from klprove.image.elf import Image, Section
from klprove.image.symtab import symbol_table

UNDEFINED = 0
NOTYPE, OBJECT, FUNCTION, SECTION, FILE = range(5)
"""Kinds of a symbol: STT_NOTYPE and so on."""
_RELOCATION = [("offset", "u8"), ("info", "u8"), ("addend", "i8")]
"""Elf64_Rela, System V ABI."""


class Symbol(NamedTuple):
    """A symbol of a module: `value` is an offset in `section`, which is `UNDEFINED` where another
    object has it, and more than there are sections where none is meant (`symtab`)."""

    name: str
    value: int
    size: int
    section: int
    kind: int
    binding: int


class Relocation(NamedTuple):
    """`symbol` + `addend` goes to `offset` of a section, in the way `kind` says."""

    offset: int
    kind: int
    symbol: Symbol
    addend: int


class Relocatable:
    """An image of the kind ET_REL, read when something is asked for. Sections that the file does
    not hold whole are empty here, and named in `damaged`."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.path = image.path
        self.machine = image.machine
        self.sections = image.sections
        self._by_offset: dict[int, Mapping[int, Relocation]] = {}

    @property
    def little(self) -> bool:
        """Least significant byte first."""
        return self.image.order == "<"

    def numbers(self, code: str, data: bytes) -> Iterator[tuple[int, ...]]:
        """Records of `data`, as `struct` names them, without a torn one at the end."""
        record = struct.Struct(self.image.order + code)
        return record.iter_unpack(data[: len(data) // record.size * record.size])

    def section(self, name: str) -> Section | None:
        """The first section of that name."""
        return self.image.section(name)

    def home(self, symbol: Symbol) -> Section | None:
        """The section that defines a symbol; None for one that none does."""
        if 0 < symbol.section < len(self.sections):
            return self.sections[symbol.section]
        return None

    @property
    def damaged(self) -> tuple[str, ...]:
        """Names of sections that the file does not hold whole."""
        broken = (each for each in self.sections if not each.intact)
        return tuple(each.name or f"section {each.index}" for each in broken)

    def content(self, section: Section | None) -> bytes:
        """The bytes of a section; empty without one, where it has none and where it is damaged."""
        if section is None or not section.intact or not section.stored:
            return b""
        return bytes(self.image.data(section))

    def piece(self, section: Section, offset: int, size: int) -> bytes:
        """`size` bytes from `offset` of a section; fewer where they are not there."""
        if not section.intact or not 0 <= offset <= section.stored:
            return b""
        return bytes(self.image.data(section)[offset : offset + size])

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """All symbols by index; empty in a stripped file."""
        table = symbol_table(self.image)
        if table is None:
            return ()
        names = map(table.text, table.places.tolist())
        columns = (table.values, table.sizes, table.sections, table.kinds, table.bindings)
        return tuple(map(Symbol, names, *(each.tolist() for each in columns)))

    def relocations(self, section: Section) -> tuple[Relocation, ...]:
        """What is relocated in `section`, in the order of the file, over all tables for it."""
        tables = self._tables.get(section.index, ())
        return tuple(each for table in tables for each in self.table(table))

    def relocated(self, section: Section) -> Mapping[int, Relocation]:
        """`relocations` by offset."""
        if section.index not in self._by_offset:
            found = {each.offset: each for each in self.relocations(section)}
            self._by_offset[section.index] = found
        return self._by_offset[section.index]

    @cached_property
    def _tables(self) -> Mapping[int, list[Section]]:
        found: dict[int, list[Section]] = {}
        for each in self.sections:
            if each.kind == "SHT_RELA" and 0 < each.info < len(self.sections):
                found.setdefault(each.info, []).append(each)
        return found

    def table(self, section: Section) -> Iterator[Relocation]:
        """The relocations that a section of type RELA holds."""
        if not section.intact:
            return
        symbols = self.symbols
        records = self.image.array(section, _RELOCATION).tolist()
        for offset, info, addend in records:
            index = info >> 32
            if index < len(symbols):
                yield Relocation(offset, info & 0xFFFFFFFF, symbols[index], addend)
