# SPDX-License-Identifier: GPL-2.0-or-later
"""Where each function was inlined, by the inline records of DWARF (section 3.3.8 of version 5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from klprove.image.dwarf.sections import HOME

Numbers = NDArray[np.int64]
NOTHING = -1


class Call(NamedTuple):
    """One inlined copy: `host` is the address of the function whose code it is in; `through` are
    the functions, inlined as well, between the host and the copy, the host's callee first; `file`
    and `line` of the call, 0 where that is not known."""

    host: int
    through: tuple[str, ...]
    file: str
    line: int


@dataclass(frozen=True)
class Inlines:
    """Every inlined copy in an image, and every function that has code of its own.

    A *function* here is a declaration: one name in one line of one file, in however many units it
    was compiled. Columns of integers; texts by number.
    """

    texts: Sequence[str]
    names: Numbers
    """Of each function, its name as a number in `texts`; so are files."""
    files: Numbers
    lines: Numbers
    addresses: Numbers
    """Of each out-of-line instance, ascending."""
    owners: Numbers
    """The function of which each out-of-line instance is one."""
    entries: Numbers
    """The place in `.debug_info` of each out-of-line instance."""
    copies: Numbers
    """The function of which each inlined copy is one."""
    parents: Numbers
    """The copy in which each copy is; NOTHING for one that is directly in its host."""
    hosts: Numbers
    """The address of the out-of-line instance in which each copy is."""
    call_files: Numbers
    call_lines: Numbers
    traceless: Numbers
    """Functions of which a unit says that they were inlined in it, and has no record of where: what
    is folded away whole leaves none. What remains as a clone is here, too."""
    notes: Sequence[str] = ()
    """What could not be read, so that there may be more."""

    def functions_at(self, address: int) -> Sequence[int]:
        """The functions whose out-of-line instance starts at `address`; empty for code that no
        unit describes."""
        first, last = np.searchsorted(self.addresses, [_signed(address), _signed(address) + 1])
        return sorted(set(self.owners[first:last].tolist()))

    def of(self, address: int, name: str) -> Sequence[int]:
        """The functions that the code at `address` may be: by its address; where no unit describes
        that (assembler; a jump to a function of equal body, which compilers leave), all that have
        its name, for inlined copies always have one."""
        plain = name.partition(".")[0]
        return self.functions_at(address) or self._by_name.get(plain, ())

    def entry(self, address: int) -> int | None:
        """The place in `.debug_info` of what starts at an address; None where no unit has it."""
        place = int(np.searchsorted(self.addresses, _signed(address)))
        if place == len(self.addresses) or self.addresses[place] != _signed(address):
            return None
        return int(self.entries[place])

    def instances(self, function: int) -> Sequence[int]:
        """Addresses of a function's out-of-line instances: itself, its clones, and in other units
        what they made of the same text in a header."""
        return [_unsigned(each) for each in self.addresses[self.owners == function].tolist()]

    def calls(self, function: int) -> Sequence[Call]:
        """Its inlined copies, by host."""
        first, last = np.searchsorted(self._sorted, [function, function + 1])
        found = {self._call(each) for each in self._order[first:last].tolist()}
        return sorted(found)

    def named(self, name: str) -> Sequence[int]:
        """The functions of a name; an inlined one may have no code of its own."""
        return self._by_name.get(name, ())

    def said(self, function: int) -> tuple[str, str, int]:
        """Name, file and line of a function."""
        file = self.texts[self.files[function]]
        return self.texts[self.names[function]], file, int(self.lines[function])

    def moved(self, homes: Numbers) -> "Inlines":
        """The same of a module whose sections are at `homes`."""
        addresses, hosts = _moved(self.addresses, homes), _moved(self.hosts, homes)
        order = np.argsort(addresses, kind="stable")
        return replace(
            self,
            addresses=addresses[order],
            owners=self.owners[order],
            entries=self.entries[order],
            hosts=hosts,
        )

    @cached_property
    def inlined(self) -> frozenset[int]:
        """The functions that have at least one inlined copy."""
        return frozenset(np.unique(self.copies).tolist())

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = {}
        for function, name in enumerate(self.names.tolist()):
            found.setdefault(self.texts[name], []).append(function)
        return found

    @cached_property
    def _order(self) -> Numbers:
        return np.argsort(self.copies, kind="stable")

    @cached_property
    def _sorted(self) -> Numbers:
        return self.copies[self._order]

    def _call(self, copy: int) -> Call:
        through: list[str] = []
        around = int(self.parents[copy])
        while around != NOTHING and len(through) < 64:
            through.append(self.said(int(self.copies[around]))[0])
            around = int(self.parents[around])
        file = self.texts[self.call_files[copy]]
        host = _unsigned(int(self.hosts[copy]))
        return Call(host, tuple(reversed(through)), file, int(self.call_lines[copy]))


def _moved(addresses: Numbers, homes: Numbers) -> Numbers:
    section = np.clip(addresses >> HOME, 0, max(len(homes) - 1, 0))
    found: Numbers = homes[section] + (addresses & ((1 << HOME) - 1))
    return found


def _signed(address: int) -> int:
    return address - (1 << 64) if address >> 63 else address


def _unsigned(address: int) -> int:
    return address % (1 << 64)
