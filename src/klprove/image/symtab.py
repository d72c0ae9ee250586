# SPDX-License-Identifier: GPL-2.0-or-later
"""The symbol table as it stands in the file: columns, and a search by name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from klprove.image.elf import Image, text_at

_RECORD = np.dtype(
    [("name", "u4"), ("info", "u1"), ("other", "u1"), ("section", "u2"), ("value", "u8"),
     ("size", "u8")]
)  # fmt: skip
"""Elf64_Sym, System V ABI."""
_RESERVED, _EXTENDED = 0xFF00, 0xFFFF
"""SHN_LORESERVE: from here no section is meant. SHN_XINDEX: its index is in a table of its own."""
_NO_SECTION = 0xFFFF0000
ABSOLUTE = _NO_SECTION | 0xFFF1
"""SHN_ABS as `SymbolTable.sections` has it, and so its like: far above any section, of which there
can be more than 65,280."""


_FEW = 128
"""So many searches through all strings cost what an index of all names does."""


@dataclass
class SymbolTable:
    """The records of a symbol table, index 0 included; columns have an entry each."""

    strings: bytes
    places: NDArray[np.uint32]
    """Where in `strings` the name is; 0 for none."""
    values: NDArray[np.uint64]
    """An address; in a relocatable file an offset in the section."""
    sizes: NDArray[np.uint64]
    kinds: NDArray[np.uint8]
    """STT_FUNC is 2."""
    bindings: NDArray[np.uint8]
    """STB_GLOBAL is 1."""
    sections: NDArray[np.uint32]
    """Index of the section that defines it; 0 where it is undefined, `ABSOLUTE` and the like."""

    _searches: int = 0

    def __len__(self) -> int:
        return len(self.places)

    def name(self, index: int) -> str:
        """The name of a symbol; empty for none."""
        return self.text(int(self.places[index]))

    def text(self, place: int) -> str:
        """The string at a place; empty outside."""
        return text_at(self.strings, place)

    @cached_property
    def _by_place(self) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
        order = np.argsort(self.places, kind="stable")
        return self.places[order], order

    @cached_property
    def by_name(self) -> Mapping[str, NDArray[np.intp]]:
        """Indices of the defined symbols of each name, in the order of the table.

        Linkers let a name end inside a longer one, so it is the places that are read, not the
        strings between them.
        """
        places, order = self._by_place
        starts = np.flatnonzero(np.diff(places, prepend=np.uint32(0)))
        ends = [*starts[1:].tolist(), len(places)]
        found: dict[str, NDArray[np.intp]] = {}
        for start, end in zip(starts.tolist(), ends, strict=True):
            name = self.text(int(places[start]))
            here = order[start:end]
            if name in found:
                here = np.sort(np.concatenate((found[name], here)))
            found[name] = here
        return found

    def find(self, name: str) -> NDArray[np.intp]:
        """Indices of the symbols called `name`, in the order of the table."""
        self._searches += 1
        if self._searches > _FEW:
            return self.by_name.get(name, np.empty(0, np.intp))
        wanted = name.encode("ascii", "replace") + b"\0"
        return self._at(wanted if name.isascii() and name else b"")

    def starting(self, prefix: str) -> NDArray[np.intp]:
        """Indices of the symbols whose names begin with `prefix`, in the order of the table."""
        return self._at(prefix.encode("ascii"))

    def _at(self, wanted: bytes) -> NDArray[np.intp]:
        """Indices of the symbols whose names stand where `wanted` stands in the strings."""
        places, order = self._by_place
        found = []
        place = self.strings.find(wanted) if wanted else -1
        while place >= 0:
            low, high = np.searchsorted(places, np.array([place, place + 1], places.dtype))
            found.append(order[low:high])
            place = self.strings.find(wanted, place + 1)
        return np.sort(np.concatenate(found)) if found else np.empty(0, np.intp)

    def with_dot(self, kept: NDArray[np.bool_]) -> Iterator[str]:
        """The names with a dot of the symbols in the mask `kept`, each once, by place."""
        text = np.frombuffer(self.strings, np.uint8)
        dots, ends = (np.flatnonzero(text == each) for each in (ord("."), 0))
        places = np.unique(self.places[kept])
        following = [
            np.append(each, len(text))[np.searchsorted(each, places)] for each in (dots, ends)
        ]
        dotted = places[following[0] < following[1]].tolist()
        return iter(dict.fromkeys(map(self.text, dotted)))


def symbol_table(image: Image) -> SymbolTable | None:
    """The symbol table of `image`; None where it is stripped."""
    table = next((each for each in image.sections if each.kind == "SHT_SYMTAB"), None)
    if table is None or not 0 < table.link < len(image.sections):
        return None
    records = image.array(table, _RECORD)
    info = records["info"].astype(np.uint8)
    return SymbolTable(
        bytes(image.data(image.sections[table.link])),
        records["name"].astype(np.uint32),
        records["value"].astype(np.uint64),
        records["size"].astype(np.uint64),
        info & np.uint8(15),
        info >> np.uint8(4),
        _sections(image, records["section"].astype(np.uint32)),
    )


def _sections(image: Image, found: NDArray[np.uint32]) -> NDArray[np.uint32]:
    far = np.flatnonzero(found == _EXTENDED)
    found[found >= _RESERVED] |= np.uint32(_NO_SECTION)
    if len(far):
        table = next((each for each in image.sections if each.kind == "SHT_SYMTAB_SHNDX"), None)
        known = image.array(table, "u4") if table else np.empty(0, np.uint32)
        found[far] = 0
        far = far[far < len(known)]
        found[far] = known[far]
    return found
