# SPDX-License-Identifier: GPL-2.0-or-later
"""What lint asks of an object that is patched, vmlinux or a module: names, code, ftrace sites."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from klprove.image import Image, Section
from klprove.image.elf import text_at
from klprove.image.relocatable import FILE, NOTYPE, OBJECT, SECTION
from klprove.image.symtab import SymbolTable
from klprove.lint.code import Body
from klprove.lint.livepatch import VMLINUX

_GLOBAL, _WEAK = 1, 2


class Place(NamedTuple):
    """One symbol of an object: `section` is its ELF section, and the marked part of .text if it is
    in one (`.text/noinstr`); `object` is vmlinux or a module."""

    name: str
    address: int
    size: int
    section: str
    code: bool
    object: str = VMLINUX


class Target(ABC):
    """An object of the kernel that can be patched. Subclasses know what an address is in it."""

    def __init__(
        self, name: str, image: Image, table: SymbolTable, addresses: NDArray[np.uint64]
    ) -> None:
        self.name = name
        self.image = image
        self.path = image.path
        self._table = table
        self._addresses = addresses
        kinds = table.kinds
        self._kept = (table.sections != 0) & (kinds != FILE) & (kinds != SECTION)
        """As kallsyms has them: neither files nor sections nor what is elsewhere."""

    @property
    def machine(self) -> str:
        """As `klprove.image` names it."""
        return self.image.machine

    @abstractmethod
    def _indices(self, name: str) -> list[int]:
        """Symbols of that name, in the order in which `old_sympos` counts."""

    def named(self, name: str) -> tuple[Place, ...]:
        """Symbols called `name` in the order of kallsyms: number N, from 1, is what `old_sympos` N
        means (kernel/livepatch/core.c, klp_find_callback)."""
        return tuple(self._place(name, each) for each in self._indices(name))

    def _place(self, name: str, index: int) -> Place:
        home = self._section(int(self._table.sections[index]))
        address = int(self._addresses[index])
        part, label = self._part(address), home.name if home else ""
        code = bool(home and home.executable)
        size = int(self._table.sizes[index])
        return Place(name, address, size, f"{label}/{part}" if part else label, code, self.name)

    def _part(self, address: int) -> str:
        """The marked part of .text that holds an address; empty for none."""
        return ""

    def _section(self, index: int) -> Section | None:
        return self.image.sections[index] if 0 < index < len(self.image.sections) else None

    def _single(self, name: str) -> int:
        """The address of the only symbol of that name; 0 where it is none or several."""
        found = self._table.find(name)
        found = found[self._kept[found]]
        return int(self._addresses[found[0]]) if len(found) == 1 else 0

    @cached_property
    def stems(self) -> Mapping[str, tuple[str, ...]]:
        """Names with a suffix (`f.cold`, `f.isra.0`, `count.3`) by what stands before its dot."""
        found: dict[str, list[str]] = {}
        for name in self._table.with_dot(self._kept):
            stem = name.partition(".")[0]
            if stem:
                found.setdefault(stem, []).append(name)
        return {stem: tuple(names) for stem, names in found.items()}

    @cached_property
    def _code(self) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
        """Addresses of code in order, and the symbol at each: a global one before others."""
        homes = np.array([each.executable for each in self.image.sections], np.bool_)
        sections, table = self._table.sections, self._table
        inside = sections < len(homes)
        inside[inside] &= homes[sections[inside]]
        inside &= self._kept & ((table.kinds != NOTYPE) | (table.sizes != 0))
        found = np.flatnonzero(inside)
        rank = np.full(len(found), 1)
        rank[table.bindings[found] == _GLOBAL] = 0
        rank[table.bindings[found] == _WEAK] = 2
        found = found[np.lexsort((rank, self._addresses[found]))]
        addresses, first = np.unique(self._addresses[found], return_index=True)
        return addresses, found[first]

    def code_names(self) -> list[str]:
        """Names of code, one an address."""
        return [self._table.name(each) for each in self._code[1].tolist()]

    def at(self, address: int) -> tuple[str, int] | None:
        """Function and offset of an address of code; None in a gap."""
        addresses, symbols = self._code
        if not 0 <= address < 1 << 64:
            return None
        place = int(np.searchsorted(addresses, np.uint64(address), side="right")) - 1
        if place < 0:
            return None
        symbol = int(symbols[place])
        offset = address - int(addresses[place])
        if offset and offset >= int(self._table.sizes[symbol]):
            return None
        return self._table.name(symbol), offset

    def start(self, address: int) -> str:
        """The function that starts at an address; empty without one."""
        found = self.at(address)
        return found[0] if found and not found[1] else ""

    @abstractmethod
    def body(self, place: Place) -> Body:
        """The instructions of a function, and what they refer to."""

    def told(self, place: Place) -> str:
        """Where a symbol is, for people."""
        return f"{place.address:#x} {place.size} bytes in {place.section or 'no section'}"

    @property
    @abstractmethod
    def sites(self) -> frozenset[int] | None:
        """Addresses of the calls that ftrace can redirect; None where the file has none."""

    def patchable(self, place: Place) -> bool | None:
        """Has a site at its entry: at the start, behind endbr64 (x86), within the first four
        instructions (others). None: the file does not hold the sites."""
        if self.sites is None:
            return None
        offsets = (0, 4) if self.machine == "x86_64" else (0, 4, 8, 12, 16)
        return any(place.address + each in self.sites for each in offsets)

    def exports(self, name: str) -> bool:
        """The name is exported to modules."""
        return bool(len(self._table.find(f"__ksymtab_{name}")))

    def crc(self, name: str) -> int | None:
        """The checksum of an exported symbol's type; None where there is none."""
        for index in self._table.find(f"__crc_{name}").tolist():
            home, value = self._section(int(self._table.sections[index])), self._table.values[index]
            if home is None:
                return int(value) & 0xFFFFFFFF  # before v5.19 the checksum was the symbol's value
            skip = int(value) - (home.address if self.image.kind != "ET_REL" else 0)
            data = self.image.data(home)[skip : skip + 4] if skip >= 0 else memoryview(b"")
            return next(iter(self.image.records(data, "u4").tolist()), None)
        return None

    @cached_property
    def _data(self) -> Mapping[int, int]:
        kept = np.flatnonzero(self._kept & (self._table.kinds == OBJECT))
        return dict(zip(self._addresses[kept].tolist(), kept.tolist(), strict=True))

    def data_at(self, address: int) -> str:
        """The variable that starts at an address; empty without one."""
        found = self._data.get(address)
        return "" if found is None else self._table.name(found)

    def data_named(self, name: str) -> bool:
        """A variable of that name exists."""
        return any(not each.code for each in self.named(name))

    @cached_property
    def compiler(self) -> str:
        """The first line of .comment; else empty."""
        return compiler(self.image)


def compiler(image: Image) -> str:
    """The first line of .comment; else empty."""
    section = image.section(".comment")
    return text_at(bytes(image.data(section)), 0) if section else ""
