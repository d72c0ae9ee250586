# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel module in its file: the patch itself, or one that it patches."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from klprove.image import open_image
from klprove.image.elf import damaged
from klprove.image.relocatable import FUNCTION, OBJECT, Relocatable, Symbol

_SIGNATURE = b"~Module signature appended~\n"
"""include/linux/module_signature.h; it ends the file."""


@dataclass(frozen=True)
class Module:
    """A module: its file and its identity."""

    path: str
    elf: Relocatable
    info: Mapping[str, tuple[str, ...]]
    """Values of .modinfo by key."""
    compiler: str
    build_id: str
    signed: bool

    @property
    def name(self) -> str:
        """As the kernel has it: with underscores. From .modinfo, else from the file's name."""
        return self.first("name") or module_name(self.path)

    def first(self, key: str) -> str:
        """The first value that modinfo has for `key`; empty without one."""
        return next(iter(self.info.get(key, ())), "")

    @property
    def release(self) -> str:
        """The release it was built for (`uname -r`); empty where it does not say."""
        return self.first("vermagic").partition(" ")[0]

    @cached_property
    def code(self) -> tuple[Symbol, ...]:
        """Functions that are defined in the module, by section and offset."""
        found = (each for each in self.elf.symbols if each.name and self._holds_code(each))
        return tuple(sorted(found, key=lambda each: (each.section, each.value)))

    def _holds_code(self, symbol: Symbol) -> bool:
        section = self.elf.home(symbol)
        return symbol.kind == FUNCTION and section is not None and section.executable

    @cached_property
    def at(self) -> Mapping[tuple[int, int], Symbol]:
        """The function at (section, offset)."""
        return {(each.section, each.value): each for each in reversed(self.code)}

    def around(self, at: tuple[int, int]) -> Symbol | None:
        """The function that (section, offset) is in; None where it is in none."""
        index = bisect_right(self._starts, at) - 1
        if index < 0:
            return None
        found = self.code[index]
        inside = found.section == at[0] and at[1] - found.value < max(found.size, 1)
        return found if inside else None

    @cached_property
    def _starts(self) -> list[tuple[int, int]]:
        return [(each.section, each.value) for each in self.code]

    @cached_property
    def _variables(self) -> Mapping[int, list[tuple[int, int, str]]]:
        """Start, end and name of the variables of each writable section, by start."""
        found: dict[int, list[tuple[int, int, str]]] = {}
        for each in self.elf.symbols:
            section = self.elf.home(each)
            if each.kind == OBJECT and section and section.writable:
                entry = (each.value, each.value + max(each.size, 1), each.name)
                found.setdefault(each.section, []).append(entry)
        return {section: sorted(entries) for section, entries in found.items()}

    @cached_property
    def variables(self) -> frozenset[str]:
        """Names of the writable variables."""
        return frozenset(each[2] for entries in self._variables.values() for each in entries)

    def variable(self, at: tuple[int, int]) -> str:
        """The writable variable at (section, offset); empty where there is none."""
        entries = self._variables.get(at[0], [])
        index = bisect_right(entries, (at[1], 1 << 64, "")) - 1
        if index >= 0 and entries[index][0] <= at[1] < entries[index][1]:
            return entries[index][2]
        return ""

    @cached_property
    def cold(self) -> Mapping[str, tuple[Symbol, ...]]:
        """The parts `F.cold`, `F.cold.N` of functions, by F."""
        found: dict[str, list[Symbol]] = {}
        for each in self.at.values():
            name, cold, _ = each.name.partition(".cold")
            if cold:
                found.setdefault(name, []).append(each)
        return {name: tuple(parts) for name, parts in found.items()}


def module_name(path: str) -> str:
    """What the module in a file is called, by its name (scripts/Makefile.lib of the kernel)."""
    return path.rpartition("/")[2].partition(".")[0].replace("-", "_")


def read_module(path: str) -> Module:
    """The module in the file `path`, compressed or not.

    Raises BadInput where it is none: not ELF, truncated, of a machine without livepatching, linked,
    without sections or symbols.
    """
    image = open_image(path)
    if image.kind != "ET_REL":
        hint = "give the .ko first and the kernel as --vmlinux FILE"
        raise damaged(path, "not a kernel module: the file is linked already", hint)
    if not image.sections:
        raise damaged(path, "no section headers: no kernel loads it")
    elf = Relocatable(image)
    if not elf.symbols:
        raise damaged(path, "no symbol table: no kernel loads it")
    signed = bytes(image.bytes[-len(_SIGNATURE) :]) == _SIGNATURE
    return Module(path, elf, _modinfo(elf), _compiler(elf), image.build_id, signed)


def _modinfo(elf: Relocatable) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for each in elf.content(elf.section(".modinfo")).split(b"\0"):
        key, equals, value = each.decode("ascii", "backslashreplace").partition("=")
        if equals:
            found[key] = (*found.get(key, ()), value)
    return found


def _compiler(elf: Relocatable) -> str:
    """The first line of .comment; empty where the compiler left none."""
    lines = elf.content(elf.section(".comment")).split(b"\0")
    return next((each.decode("ascii", "backslashreplace") for each in lines if each), "")
