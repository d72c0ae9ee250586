# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel that a livepatch is for."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np

from klprove.image import Image, Symbol, Tables, open_image, tables
from klprove.image.about import release
from klprove.image.elf import damaged, text_at
from klprove.image.names import read_map
from klprove.image.symtab import SymbolTable, symbol_table
from klprove.lint.code import Body, linked_body
from klprove.lint.livepatch import VMLINUX
from klprove.lint.target import Place, Target, compiler


class Kernel(Target):
    """A vmlinux with a symbol table, or with `names`: a System.map or a kallsyms of it. Raises
    BadInput where it cannot be used."""

    def __init__(self, path: str, names: str | None = None) -> None:
        image = open_image(path)
        table = symbol_table(image)
        if table is None and names:
            table = _listed(names, image)
        if table is None or not len(table):
            raise damaged(
                path,
                "no symbol table: nothing can be said about its functions",
                "take the vmlinux of the debug package (linux-image-*-dbg), or add --names "
                "System.map",
            )
        super().__init__(VMLINUX, image, table, table.values)
        if not self._single("__start_mcount_loc") and not self._single("linux_banner"):
            text = "not a kernel: neither linux_banner nor __start_mcount_loc is in it"
            raise damaged(path, text)

    def _indices(self, name: str) -> list[int]:
        found = self._table.find(name)
        found = found[self._kept[found]]
        return sorted(found.tolist(), key=lambda each: int(self._addresses[each]))

    @cached_property
    def _tables(self) -> Tables:
        return tables(self.image, _Named(self._table))

    def _part(self, address: int) -> str:
        ranges = self._tables.regions.ranges.items()
        found = [part for part, (low, high) in ranges if low <= address < high and part != "text"]
        return found[-1] if found else ""

    def body(self, place: Place) -> Body:
        """The instructions of a function, and what they refer to."""
        data = bytes(self.image.at(place.address, place.size))
        return linked_body(data, place.address, self.at)

    @cached_property
    def sites(self) -> frozenset[int] | None:
        """Addresses of the calls that ftrace can redirect; None where the file has none."""
        found = self._tables.sites
        return frozenset(found.addresses.tolist()) if found.present else None

    @cached_property
    def release(self) -> str:
        """`6.1.0-56-amd64`, from the banner; empty where there is none."""
        match = re.match(r"Linux version (\S+)", self._string("linux_banner"))
        return match[1] if match else ""

    @cached_property
    def vermagic(self) -> str:
        """What a module's vermagic has to be; empty where it is not in the file."""
        return self._string("vermagic")

    def _string(self, name: str) -> str:
        address = self._single(name)
        return text_at(bytes(self.image.at(address, 1024)), 0) if address else ""

    @cached_property
    def unwinder(self) -> str:
        """`orc` where stacks are unwound by tables that each module has to bring; else empty."""
        return "orc" if self._single("__start_orc_unwind") else ""

    @cached_property
    def injectable(self) -> frozenset[int]:
        """Addresses of the functions on the error-injection list (struct error_injection_entry,
        include/asm-generic/error-injection.h, v6.1); none where the kernel has no such list."""
        low = self._single("__start_error_injection_whitelist")
        high = self._single("__stop_error_injection_whitelist")
        data = self.image.at(low, high - low) if 0 < low < high else memoryview(b"")
        return frozenset(self.image.records(data, "u8").tolist()[::2])

    @cached_property
    def fmod_ret(self) -> tuple[str, ...]:
        """Names in the sets of functions that BPF may modify (register_btf_fmodret_id_set(), v6.3):
        the marks of such a set lie between its own and the next set's (include/linux/btf_ids.h)."""
        marks = [
            (int(self._addresses[index]), self._table.name(int(index)))
            for index in self._table.starting("__BTF_ID__")
        ]
        found: list[str] = []
        inside = False
        for _, name in sorted(marks):
            if name.startswith("__BTF_ID__set"):
                inside = "fmodret" in name
            elif inside and (match := re.fullmatch(r"__BTF_ID__func__(\w+?)__\d+", name)):
                found.append(match[1])
        return tuple(found)


class Stripped:
    """What a vmlinux without names still says. Raises BadInput where it is no image."""

    def __init__(self, path: str) -> None:
        self.image = open_image(path)
        self.release = release(self.image)
        self.compiler = compiler(self.image)

    @property
    def machine(self) -> str:
        """As `klprove.image` names it."""
        return self.image.machine


def _listed(path: str, image: Image) -> SymbolTable:
    """The symbols of a list, as a table; a list has no sizes, so each ends where the next one
    begins."""
    found = sorted(read_map(path, image), key=lambda each: each.address)
    addresses = np.array([each.address for each in found], np.uint64)
    following = np.searchsorted(addresses, addresses, side="right")
    homes = {each.index: each for each in image.sections}
    ends = np.array(
        [homes[each.section].address + homes[each.section].size for each in found], np.uint64
    )
    inner = following < len(addresses)
    ends[inner] = np.minimum(ends[inner], addresses[following[inner]])
    strings = [b"\0", *(each.name.encode() + b"\0" for each in found)]
    places = np.cumsum([len(each) for each in strings])[:-1]
    return SymbolTable(
        b"".join(strings),
        places.astype(np.uint32),
        addresses,
        ends - addresses,
        np.array([each.type for each in found], np.uint8),
        np.array([each.binding for each in found], np.uint8),
        np.array([each.section for each in found], np.uint32),
    )


class _Named(Mapping[str, Symbol]):
    """The first symbol of each name, made when it is asked for: 200,000 would take a second."""

    def __init__(self, table: SymbolTable) -> None:
        self._table = table

    def __getitem__(self, name: str) -> Symbol:
        for index in self._table.find(name).tolist():
            table, section = self._table, int(self._table.sections[index])
            if section:
                value, size = int(table.values[index]), int(table.sizes[index])
                kind, binding = int(table.kinds[index]), int(table.bindings[index])
                return Symbol(name, value, size, kind, binding, section)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._table.by_name if name)

    def __len__(self) -> int:
        return len(self._table.by_name)
