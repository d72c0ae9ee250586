"""ELF64 files as lint needs them: sections, symbols, relocations, read when they are asked for.

Formats: System V ABI, chapters 4 and 5, and its x86-64 supplement. What lies outside the file is
told apart (`Section.intact`), not guessed, so that what is whole can still be used.
"""

import gzip
import lzma
import mmap
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from klprove.source import BadInput, Diagnostic, Span

X86_64, S390, PPC64, AARCH64, LOONGARCH, RISCV = 62, 22, 21, 183, 258, 243
MACHINES = {
    X86_64: "x86-64", S390: "s390x", PPC64: "ppc64le", AARCH64: "arm64",
    LOONGARCH: "loongarch64", RISCV: "riscv64", 3: "i386", 40: "arm",
}  # fmt: skip
RELOCATABLE, EXECUTABLE, SHARED = 1, 2, 3
PROGBITS, SYMTAB, RELA, NOBITS, INDICES = 1, 2, 4, 8, 18
WRITE, ALLOC, EXECUTE, STRINGS = 1, 2, 4, 0x20
UNDEFINED, LIVEPATCH, ABSOLUTE, EXTENDED = 0, 0xFF20, 0xFFF1, 0xFFFF
NOTYPE, OBJECT, FUNCTION, SECTION, FILE = range(5)

_UNPACKED_LIMIT = 512 << 20
_LONGEST = 4096
_PACKERS = ((b"\x1f\x8b", "gzip"), (b"\xfd7zXZ", "xz"))


class Section(NamedTuple):
    """A section header; `intact`: its bytes are all in the file."""

    number: int
    name: str
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    intact: bool

    @property
    def executable(self) -> bool:
        """Holds code."""
        return bool(self.flags & EXECUTE)

    @property
    def writable(self) -> bool:
        """Holds data that may change."""
        return bool(self.flags & WRITE)


class Symbol(NamedTuple):
    """A symbol; `value` is an offset in `section` in a module, an address in a kernel."""

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


def refuse(path: str, text: str, hint: str = "") -> BadInput:
    """The complaint that the file `path` cannot be used."""
    return BadInput([Diagnostic("image", Span(path, 0, 0), text, hint)])


class Elf:
    """A module or a kernel. Raises BadInput where nothing can be read."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._data = _content(path)
        self._by_offset: dict[int, Mapping[int, Relocation]] = {}
        self._header()

    def _header(self) -> None:
        data = self._data
        if data[:4] != b"\x7fELF":
            raise refuse(self.path, "this is no ELF file", "give the .ko or the vmlinux itself")
        if len(data) < 64:
            raise refuse(self.path, "the file ends within the ELF header")
        if data[4] != 2 or data[5] not in (1, 2):
            raise refuse(self.path, "not a 64-bit ELF file: no such kernel has livepatching")
        self._order = "<" if data[5] == 1 else ">"
        fields = struct.unpack_from(self._order + "HHIQQQIHHHHHH", data, 16)
        self.type: int = fields[0]
        self.machine: int = fields[1]
        self._table: int = fields[5]
        self._count: int = fields[11]
        self._names: int = fields[12]

    @property
    def machine_name(self) -> str:
        """`x86-64`, or `machine 99`."""
        return MACHINES.get(self.machine, f"machine {self.machine}")

    @property
    def little(self) -> bool:
        """Least significant byte first."""
        return self._order == "<"

    def numbers(self, code: str, data: bytes) -> Iterator[tuple[int, ...]]:
        """Records of `data`, as `struct` names them, without a torn one at the end."""
        record = struct.Struct(self._order + code)
        return record.iter_unpack(data[: len(data) // record.size * record.size])

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All sections by index. Raises BadInput where there is no table of them."""
        first = self._raw_section(0)
        count = self._count or first[5]
        names = first[6] if self._names == EXTENDED else self._names
        if not 0 < count <= 1 << 20 or self._table + 64 * count > len(self._data):
            raise refuse(
                self.path,
                "the table of sections is not in the file: it is truncated",
                f"the header puts {count} sections at byte {self._table} of {len(self._data)}",
            )
        raw = [self._raw_section(index) for index in range(count)]
        strings = self._slice(raw[names][4], raw[names][5]) if names < count else b""
        return tuple(
            Section(
                number,
                text_at(strings, name),
                *(kind, flags, address, offset, size, link, info),
                kind == NOBITS or offset + size <= len(self._data),
            )
            for number, (name, kind, flags, address, offset, size, link, info, *_) in enumerate(raw)
        )

    def _raw_section(self, index: int) -> tuple[int, ...]:
        at = self._table + 64 * index
        if not self._table or at + 64 > len(self._data):
            raise refuse(
                self.path,
                "the table of sections is not in the file: it is truncated",
                f"the header puts it at byte {self._table} of {len(self._data)}",
            )
        return struct.unpack_from(self._order + "IIQQQQIIQQ", self._data, at)

    @cached_property
    def by_name(self) -> Mapping[str, Section]:
        """The first section of each name."""
        found: dict[str, Section] = {}
        for each in self.sections:
            found.setdefault(each.name, each)
        return found

    @property
    def damaged(self) -> tuple[str, ...]:
        """Names of sections that the file does not hold whole."""
        broken = (each for each in self.sections if not each.intact)
        return tuple(each.name or f"section {each.number}" for each in broken)

    def content(self, section: Section | None) -> bytes:
        """The bytes of a section; empty without one, where it has none and where it is damaged."""
        if section is None or section.kind == NOBITS or not section.intact:
            return b""
        return self._slice(section.offset, section.size)

    def piece(self, section: Section, offset: int, size: int) -> bytes:
        """`size` bytes from `offset` of a section; fewer where they are not there."""
        if section.kind == NOBITS or not section.intact or not 0 <= offset <= section.size:
            return b""
        return self._slice(section.offset + offset, min(size, section.size - offset))

    def tail(self, size: int) -> bytes:
        """The last bytes of the file; that is where a signature would be."""
        return bytes(self._data[-size:])

    def _slice(self, offset: int, size: int) -> bytes:
        return bytes(self._data[offset : offset + size])

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """All symbols by index; empty in a stripped file."""
        table = next((each for each in self.sections if each.kind == SYMTAB), None)
        if table is None or table.link >= len(self.sections):
            return ()
        strings = self.content(self.sections[table.link])
        extended = self._extended()
        found = []
        for index, each in enumerate(self.numbers("IBBHQQ", self.content(table))):
            name, info, _, section, value, size = each
            if section == EXTENDED:
                section = extended[index] if index < len(extended) else UNDEFINED
            found.append(Symbol(text_at(strings, name), value, size, section, info & 15, info >> 4))
        return tuple(found)

    def _extended(self) -> list[int]:
        table = next((each for each in self.sections if each.kind == INDICES), None)
        return [each[0] for each in self.numbers("I", self.content(table))]

    def relocations(self, section: Section) -> tuple[Relocation, ...]:
        """What is relocated in `section`, in the order of the file, over all tables for it."""
        return self._relocations.get(section.number, ())

    def relocated(self, section: Section) -> Mapping[int, Relocation]:
        """`relocations` by offset."""
        if section.number not in self._by_offset:
            found = {each.offset: each for each in self.relocations(section)}
            self._by_offset[section.number] = found
        return self._by_offset[section.number]

    @cached_property
    def _relocations(self) -> Mapping[int, tuple[Relocation, ...]]:
        found: dict[int, tuple[Relocation, ...]] = {}
        for each in self.sections:
            if each.kind == RELA and 0 < each.info < len(self.sections):
                found[each.info] = found.get(each.info, ()) + tuple(self.table(each))
        return found

    def table(self, section: Section) -> Iterator[Relocation]:
        """The relocations that a section of type RELA holds."""
        symbols = self.symbols
        for offset, info, addend in self.numbers("QQq", self.content(section)):
            index = info >> 32
            if index < len(symbols):
                yield Relocation(offset, info & 0xFFFFFFFF, symbols[index], addend)


def text_at(data: bytes, offset: int) -> str:
    """The C string at `offset`, of which no more than a name may have is read; empty outside."""
    end = data.find(b"\0", offset, offset + _LONGEST)
    return data[offset : end if end >= 0 else offset + _LONGEST].decode("ascii", "backslashreplace")


def _content(path: str) -> mmap.mmap | bytes:
    try:
        with open(path, "rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise refuse(path, "the file is empty, or is no file")
            head = file.read(6)
            if head.startswith(b"\x28\xb5\x2f\xfd"):
                raise refuse(path, "compressed with zstd", f"unpack it first: zstd -d {path}")
            packer = next((name for magic, name in _PACKERS if head.startswith(magic)), "")
            if not packer:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        with gzip.open(path) if packer == "gzip" else lzma.open(path) as packed:
            return packed.read(_UNPACKED_LIMIT)
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise refuse(path, f"the compressed file is damaged: {error}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refuse(path, f"cannot be read: {reason}") from None
