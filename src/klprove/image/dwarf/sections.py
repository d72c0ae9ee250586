# SPDX-License-Identifier: GPL-2.0-or-later
"""The debug sections of a file: unpacked, and with what a linker would still write into them."""

import zlib
from collections.abc import Mapping
from functools import cached_property
from typing import Literal

import numpy as np
import zstandard
from numpy.typing import NDArray

from klprove.image.dwarf.walking import FIELD, INDEXED, INFO_TEXT, LINE_INFO_TEXT, LINE_TEXT
from klprove.image.elf import Image, Section
from klprove.image.symtab import symbol_table
from klprove.source import plain

Octets = NDArray[np.uint8]
_LARGEST = 4 << 30
"""Bytes that a section may unpack to."""
HOME = 32
"""Where the number of a section begins in an address of a module, which has none yet."""
NOWHERE = 1 << 62
_ZLIB, _ZSTD = 1, 2
"""Kinds of compression, System V ABI, Elf64_Chdr."""
_WIDTHS: Mapping[str, Mapping[int, int]] = {
    "x86_64": {1: 8, 10: 4, 11: 4},
    "arm64": {257: 8, 258: 4},
    "ppc64le": {38: 8, 1: 4},
    "s390x": {22: 8, 4: 4},
    "loongarch64": {2: 8, 1: 4},
}
"""Bytes that a relocation by an absolute value writes, by machine and kind."""
_RELA = np.dtype([("offset", "u8"), ("kind", "u4"), ("symbol", "u4"), ("addend", "i8")])
_TABLES = {0: "str", INFO_TEXT: "info", LINE_TEXT: "line_str", LINE_INFO_TEXT: "line"}


class DebugSections:
    """`.debug_*` of an image, each read when it is asked for. `wrong`: what could not be read."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.wrong: list[str] = []
        self._read: dict[str, Octets] = {}

    @property
    def there(self) -> bool:
        """The image has debug information."""
        return len(self.section("info")) > 0 and len(self.section("abbrev")) > 0

    def section(self, name: str) -> Octets:
        """`.debug_NAME`; empty where there is none, or where it cannot be unpacked."""
        if name not in self._read:
            self._read[name] = self._load(name)
        return self._read[name]

    def _load(self, name: str) -> Octets:
        section = self.image.section(f".debug_{name}") or self.image.section(f".zdebug_{name}")
        if section is None or section.kind == "SHT_NOBITS":
            return np.zeros(0, np.uint8)
        if section.stored < section.size:
            self.wrong.append(f"the file ends inside {section.name}")
        data = self.image.bytes[section.offset : section.offset + section.stored]
        try:
            plain = _unpacked(data, section, self.endian)
        except (zlib.error, zstandard.ZstdError, ValueError, MemoryError):
            self.wrong.append(f"{section.name} cannot be unpacked")
            return np.zeros(0, np.uint8)
        found = np.frombuffer(plain, np.uint8)
        return self._relocated(found, section) if self.image.kind == "ET_REL" else found

    def _relocated(self, data: Octets, section: Section) -> Octets:
        """What a module's section is with the values that its loader would compute."""
        widths = _WIDTHS[self.image.machine]
        changed = data.copy()
        for each in self.image.sections:
            if each.kind != "SHT_RELA" or each.info != section.index:
                continue
            table = self.image.array(each, _RELA)
            table = table[table["symbol"] < len(self._symbols)]
            values = (self._symbols[table["symbol"]] + table["addend"]).astype("<u8")
            for kind, width in widths.items():
                chosen = (table["kind"] == kind) & (table["offset"] + width <= len(data))
                octets = values[chosen].view(np.uint8).reshape(-1, 8)[:, :width]
                octets = octets[:, ::-1] if self.image.order == ">" else octets
                for place in range(width):
                    changed[table["offset"][chosen] + place] = octets[:, place]
        return changed

    @cached_property
    def _symbols(self) -> NDArray[np.int64]:
        """The value of each symbol: a place in its section, whose number stands from HOME on where
        it is loaded."""
        table = symbol_table(self.image)
        if table is None:
            return np.zeros(0, np.int64)
        homes = [each.index << HOME if each.allocated else 0 for each in self.image.sections]
        sections = np.minimum(table.sections, len(homes)).astype(np.int64)
        return table.values.astype(np.int64) + np.array([*homes, 0], np.int64)[sections]

    def text(self, place: int, strings_base: int = 0) -> str:
        """The string that an attribute means, in printable ASCII; empty where it means none."""
        if place < 0:
            return ""
        kind, at = place >> FIELD, place & ((1 << FIELD) - 1)
        if kind == INDEXED:
            found = self.number("str_offsets", max(strings_base, 8) + 4 * at, 4)
            kind, at = 0, NOWHERE if found is None else found
        return self._string(_TABLES.get(kind, ""), at)

    def number(self, name: str, at: int, size: int) -> int | None:
        """The number at a place of a section, signed where it has 8 bytes; None outside."""
        data = self.section(name)
        if at < 0 or at + size > len(data):
            return None
        return int.from_bytes(data[at : at + size].tobytes(), self.endian, signed=size == 8)

    @property
    def endian(self) -> Literal["little", "big"]:
        """The byte order, as Python has it."""
        return "little" if self.image.order == "<" else "big"

    def _string(self, name: str, at: int) -> str:
        data = self.section(name) if name else np.zeros(0, np.uint8)
        if at >= len(data):
            return ""
        piece = data[at : at + 4096].tobytes()
        return plain(piece.partition(b"\0")[0].decode("ascii", "backslashreplace"))


def _unpacked(
    data: memoryview, section: Section, endian: Literal["little", "big"]
) -> memoryview | bytes:
    if section.name.startswith(".zdebug_"):
        return _inflated(data[12:], int.from_bytes(data[4:12], "big"))
    if not section.compressed:
        return data
    kind, size = int.from_bytes(data[:4], endian), int.from_bytes(data[8:16], endian)
    if kind == _ZLIB:
        return _inflated(data[24:], size)
    if kind == _ZSTD and size <= _LARGEST:
        return zstandard.ZstdDecompressor().decompress(data[24:], max_output_size=size)
    raise ValueError("a compression that is not known")


def _inflated(data: memoryview, size: int) -> bytes:
    if size > _LARGEST or size > 1100 * len(data):  # zlib packs to no less than a thousandth
        raise ValueError("too large")
    return zlib.decompressobj().decompress(data, size)
