# SPDX-License-Identifier: GPL-2.0-or-later
"""The symbol table, and the functions in it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from klprove.image.elf import Image, Section
from klprove.image.symtab import symbol_table

FUNCTION, OBJECT, UNTYPED = 2, 1, 0
"""Types of a symbol: STT_FUNC; STT_OBJECT; STT_NOTYPE, which assembler code often has."""
_GLOBAL, _WEAK = 1, 2
_FRAGMENT = re.compile(r"\.cold(\.\d+)?$")
_CLONE = re.compile(r"\.(constprop|isra|part)(\.|$)")

Addresses = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol; `section` is an index, 0 where it is defined elsewhere."""

    name: str
    address: int
    size: int
    type: int
    binding: int
    section: int


@dataclass(frozen=True)
class Functions:
    """The functions of an image, by address; aliases share an entry.

    `starts[i]` and `ends[i]` bound function i; a function without a size ends where the next symbol
    of code starts.
    """

    starts: Addresses
    ends: Addresses
    names: Sequence[str]
    aliases: Mapping[int, Sequence[str]]
    """Further names of function i, where it has any."""
    sections: Sequence[str]
    typed: NDArray[np.bool_]
    """False where the symbol has no type: assembler code, or names from a list."""

    @cached_property
    def number(self) -> Mapping[str, int]:
        """Index by name, aliases too; the first by address of functions of one name."""
        found: dict[str, int] = {}
        for index, name in enumerate(self.names):
            found.setdefault(name, index)
        for index, others in self.aliases.items():
            for name in others:
                found.setdefault(name, index)
        return found

    @cached_property
    def namesakes(self) -> Mapping[str, Sequence[int]]:
        """Indices, ascending, of each name that more than one function has."""
        every: dict[str, list[int]] = {}
        for index, name in enumerate(self.names):
            every.setdefault(name, []).append(index)
            for other in self.aliases.get(index, ()):
                every.setdefault(other, []).append(index)
        return {name: found for name, found in every.items() if len(found) > 1}

    @cached_property
    def _bases(self) -> Sequence[str]:
        return [_CLONE.split(_FRAGMENT.sub("", name), maxsplit=1)[0] for name in self.names]

    @cached_property
    def variants(self) -> Mapping[str, Sequence[int]]:
        """Indices by the name without `.constprop`, `.isra`, `.part`, `.cold`; aliases too."""
        found: dict[str, list[int]] = {}
        for index, base in enumerate(self._bases):
            found.setdefault(base, []).append(index)
        for index, others in self.aliases.items():
            for name in others:
                base = _CLONE.split(_FRAGMENT.sub("", name), maxsplit=1)[0]
                if index not in found.setdefault(base, []):
                    found[base].append(index)
        return found

    def fragment(self, index: int) -> bool:
        """True for the part of a function that the compiler moved away (`.cold`)."""
        return index in self._fragments

    @cached_property
    def _fragments(self) -> frozenset[int]:
        return frozenset(i for i, name in enumerate(self.names) if _FRAGMENT.search(name))

    def at(self, addresses: Addresses) -> NDArray[np.int64]:
        """Index of the function that starts at each address; -1 for none."""
        return _exact(self.starts, addresses)

    def around(self, addresses: Addresses) -> NDArray[np.int64]:
        """Index of the function that holds each address; -1 for none."""
        place = np.searchsorted(self.starts, addresses, side="right").astype(np.int64) - 1
        inside = place >= 0
        inside[inside] &= addresses[inside] < self.ends[place[inside]]
        return np.where(inside, place, -1)


def _exact(starts: Addresses, addresses: Addresses) -> NDArray[np.int64]:
    if not len(starts):
        return np.full(len(addresses), -1, np.int64)
    place = np.searchsorted(starts, addresses)
    place[place == len(starts)] = 0
    return np.where(starts[place] == addresses, place.astype(np.int64), -1)


def symbols(image: Image) -> list[Symbol]:
    """Every named symbol of `image` that is defined in it; empty where it is stripped."""
    table = symbol_table(image)
    if table is None:
        return []
    kept = np.flatnonzero((table.places != 0) & (table.sections != 0))
    moved = {each.index: each.address for each in image.sections if image.kind == "ET_REL"}
    columns = (table.places, table.values, table.sizes, table.kinds, table.bindings, table.sections)
    return [
        Symbol(table.text(name), value + moved.get(section, 0), size, kind, binding, section)
        for name, value, size, kind, binding, section in zip(
            *(each[kept].tolist() for each in columns), strict=True
        )
    ]


def functions(image: Image, table: Sequence[Symbol]) -> Functions:
    """The functions among `table`.

    Assembler code counts where its symbol is global and lies in no typed function; padding before
    functions (`__pfx_`, `__cfi_`) does not.
    """
    code = {each.index: each for each in image.executable()}
    typed: dict[int, list[Symbol]] = {}
    other: dict[int, list[Symbol]] = {}
    outside = 0
    for each in table:
        if each.section not in code or each.name.startswith(("__pfx_", "__cfi_", ".L")):
            continue
        home = code[each.section]
        if not home.address <= each.address < home.address + home.size:
            outside += each.type == FUNCTION  # names of boundaries may stand at the end
            continue
        if each.size > home.address + home.size - each.address:
            each = replace(each, size=0)
        if each.type == FUNCTION:
            typed.setdefault(each.address, []).append(each)
        elif each.type == UNTYPED and each.binding == _GLOBAL and not _boundary(each.name):
            other.setdefault(each.address, []).append(each)
    if outside:
        image.notes.append(f"{outside} symbols of code lie outside it: damaged, left out")
    inside = _inside(typed, other)
    return _assemble(typed | {each: other[each] for each in inside}, frozenset(typed), code)


def _boundary(name: str) -> bool:
    """Names that a linker script gives to places, not to code."""
    return name.startswith(("_", "__")) and name.endswith(("_start", "_end", "_begin", "text"))


def _inside(
    typed: Mapping[int, Sequence[Symbol]], other: Mapping[int, Sequence[Symbol]]
) -> list[int]:
    """Addresses of `other` that no typed function covers."""
    starts = np.array(sorted(typed), np.uint64)
    ends = np.array([each + max(s.size for s in typed[each]) for each in sorted(typed)], np.uint64)
    wanted = np.array(sorted(other), np.uint64)
    if not len(starts):
        return [int(each) for each in wanted]
    place = np.searchsorted(starts, wanted, side="right").astype(np.int64) - 1
    covered = (place >= 0) & (wanted < ends[np.maximum(place, 0)])
    covered |= starts[np.maximum(place, 0)] == wanted
    return [int(each) for each in wanted[~covered]]


def _assemble(
    found: Mapping[int, Sequence[Symbol]], typed: frozenset[int], code: Mapping[int, Section]
) -> Functions:
    starts = sorted(found)
    names, aliases, ends, sections = [], {}, [], []
    for index, start in enumerate(starts):
        mates = sorted(found[start], key=_preference)
        unique = list(dict.fromkeys(each.name for each in mates))
        names.append(unique[0])
        if unique[1:]:
            aliases[index] = tuple(unique[1:])
        home = code[mates[0].section]
        size = max(each.size for each in mates)
        limit = home.address + home.size
        follower = starts[index + 1] if index + 1 < len(starts) else limit
        ends.append(start + size if size else max(min(follower, limit), start))
        sections.append(home.name)
    return Functions(
        np.array(starts, np.uint64),
        np.array(ends, np.uint64),
        names,
        aliases,
        sections,
        np.array([each in typed for each in starts], np.bool_),
    )


def _preference(symbol: Symbol) -> tuple[int, int, str]:
    order = {_GLOBAL: 0, 0: 1, _WEAK: 2}
    return order.get(symbol.binding, 3), symbol.name.count("_"), symbol.name
