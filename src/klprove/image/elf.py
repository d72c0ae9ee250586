# SPDX-License-Identifier: GPL-2.0-or-later
"""ELF files: sections, symbols, bytes at an address. A file is mapped, never read whole."""

import mmap
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, cast

import numpy as np
from elftools.common.exceptions import ELFError
from elftools.construct import ConstructError
from elftools.elf.elffile import ELFFile
from elftools.elf.enums import ENUM_SH_TYPE_BASE
from elftools.elf.sections import NoteSection
from elftools.elf.sections import Section as ElfSection
from numpy.typing import DTypeLike, NDArray

from klprove.source import NOWHERE, BadInput, Diagnostic, Span

MACHINES = {
    "EM_X86_64": "x86_64",
    "EM_AARCH64": "arm64",
    "EM_PPC64": "ppc64le",
    "EM_S390": "s390x",
    "EM_LOONGARCH": "loongarch64",
}
"""Machines by the names of pyelftools and of the kernel: those with livepatching."""

_WRITE, _ALLOC, _EXECUTE, _COMPRESSED = 0x1, 0x2, 0x4, 0x800
_NOBITS = "SHT_NOBITS"
_KINDS = {number: name for name, number in ENUM_SH_TYPE_BASE.items() if name != "_default_"}
_HEADER = np.dtype(
    [("name", "u4"), ("kind", "u4"), ("flags", "u8"), ("address", "u8"), ("offset", "u8"),
     ("size", "u8"), ("link", "u4"), ("info", "u4"), ("align", "u8"), ("entry", "u8")]
)  # fmt: skip
"""Elf64_Shdr, System V ABI. Read as an array: a module can have 65,000 sections (one a function),
and pyelftools makes objects of each header several times."""
_LONGEST = 4096
"""Characters that a name may have."""
_RELOCATABLE = 1
"""ET_REL."""
_HIGHEST = (1 << 64) - 1
_DAMAGE = (
    ELFError, ConstructError, ValueError, KeyError, TypeError, AttributeError, IndexError,
    OverflowError, OSError, MemoryError, AssertionError, ArithmeticError,
)  # fmt: skip
"""What pyelftools raises where a file is damaged: much of it by accident."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section: bytes of the file `[offset, offset + stored)`, `size` bytes at `address`."""

    name: str
    index: int
    address: int
    offset: int
    size: int
    stored: int
    """Bytes in the file; 0 for what starts as zeros."""
    allocated: bool
    writable: bool
    executable: bool
    compressed: bool
    kind: str
    """As pyelftools has it: SHT_PROGBITS."""
    link: int
    info: int

    @property
    def intact(self) -> bool:
        """The file holds all of its bytes."""
        return self.kind in (_NOBITS, "SHT_NULL") or self.stored == self.size


@dataclass(slots=True)
class Image:
    """An ELF file. Addresses are those that it was linked for."""

    path: str
    machine: str
    """A value of `MACHINES`."""
    order: Literal["<", ">"]
    """`<` or `>`, as numpy and struct have it."""
    kind: str
    """`ET_EXEC`, `ET_DYN`: a kernel; `ET_REL`: a module, whose addresses are places in the file."""
    sections: tuple[Section, ...]
    build_id: str
    """Hexadecimal; empty where the file has none."""
    bytes: memoryview
    notes: list[str] = field(default_factory=list)
    """What could not be read, for the user."""
    _elf: ELFFile | None = None
    _named: Mapping[str, Section] = field(default_factory=dict)
    _loaded: Sequence[Section] = ()

    def section(self, name: str) -> Section | None:
        """The first section of that name."""
        return self._named.get(name)

    def data(self, section: Section) -> memoryview:
        """The bytes of a section, decompressed; empty where the file holds none."""
        if not section.compressed:
            return self.bytes[section.offset : section.offset + section.stored]
        if self._elf is None:
            return memoryview(b"")
        try:
            return memoryview(self._elf.get_section(section.index).data())
        except _DAMAGE as error:
            raise damaged(
                self.path, f"section {section.name} cannot be unpacked: {error}"
            ) from None

    def array(self, section: Section, kind: DTypeLike) -> NDArray[Any]:
        """A section as an array of numpy's `kind`, as `records` has it."""
        return self.records(self.data(section), kind)

    def records(self, data: memoryview, kind: DTypeLike) -> NDArray[Any]:
        """`data` as an array of numpy's `kind`, in the file's byte order; a broken last record is
        left out."""
        dtype = np.dtype(kind).newbyteorder(self.order)
        return np.frombuffer(data, dtype, len(data) // dtype.itemsize)

    def at(self, address: int, size: int) -> memoryview:
        """Up to `size` bytes that are loaded at `address`; fewer where the file holds fewer."""
        for section in self._loaded or self._remember():
            if section.address <= address < section.address + section.size:
                skip = address - section.address
                return self.data(section)[skip : skip + size]
        return memoryview(b"")

    def _remember(self) -> Sequence[Section]:
        self._loaded = tuple(self.loaded())
        return self._loaded

    def word(self, address: int) -> int | None:
        """The 8-byte word at `address`; None where the file has none."""
        found = self.at(address, 8)
        if len(found) < 8:
            return None
        return int.from_bytes(found, "little" if self.order == "<" else "big")

    def loaded(self) -> Iterator[Section]:
        """The sections that have an address in a linked kernel."""
        return (each for each in self.sections if each.allocated and each.address)

    def executable(self) -> Iterator[Section]:
        """The sections that hold code."""
        return (each for each in self.sections if each.allocated and each.executable)


def damaged(path: str, text: str, hint: str = "") -> BadInput:
    """The complaint about a file that cannot be used."""
    return BadInput([Diagnostic("image", Span(path, 0, 0) if path else NOWHERE, text, hint)])


def map_file(path: str) -> memoryview:
    """The bytes of a file, mapped. Raises BadInput for what is no file or has no bytes."""
    try:
        with open(Path(path), "rb", opener=_open) as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise damaged(path, "not a regular file")
            if about.st_size < 16:
                raise damaged(path, f"only {about.st_size} bytes: neither a kernel nor a module")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:
        text = error.strerror if isinstance(error, OSError) else str(error)
        raise BadInput([Diagnostic("file", Span(path, 0, 0), f"cannot be read: {text}")]) from None


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe is refused, not waited for


def read_elf(path: str, content: memoryview) -> Image:
    """The ELF file in `content`. Raises BadInput where it is none, or not for a 64-bit machine
    that klprove knows."""
    if bytes(content[:4]) != b"\x7fELF":
        raise damaged(path, "not an ELF file", "give a vmlinux, a bzImage (vmlinuz) or a module")
    if content[4] == 1:
        raise damaged(path, "a 32-bit ELF file: no such kernel has livepatching")
    if len(content) < 64:
        raise damaged(path, "the file ends within the ELF header: truncated")
    order: Literal["<", ">"] = ">" if content[5] == 2 else "<"
    relocatable = (
        int.from_bytes(content[16:18], "little" if order == "<" else "big") == _RELOCATABLE
    )
    sections = tuple(_sections(path, content, order, relocatable))
    try:
        elf = ELFFile(cast(IO[bytes], _Stream(content)))
        machine, kind = str(elf.header["e_machine"]), str(elf.header["e_type"])
    except _DAMAGE as error:
        raise damaged(path, f"a damaged or truncated ELF file: {_short(error)}") from None
    if machine not in MACHINES:
        name = machine.removeprefix("EM_")
        raise damaged(path, f"made for {name}", f"klprove reads {', '.join(MACHINES.values())}")
    image = Image(
        path,
        MACHINES[machine],
        order,
        kind,
        sections,
        _build_id(elf, sections),
        content,
        _elf=elf,
        _named={each.name: each for each in reversed(sections)},
    )
    cut = [each.name for each in sections if not each.intact]
    if cut:
        image.notes.append(f"the file ends inside {', '.join(cut[:4])}: truncated")
    if not sections:
        image.notes.append("no section headers")
    return image


class _Stream:
    """A file to read from, over mapped bytes, for pyelftools."""

    def __init__(self, content: memoryview) -> None:
        self._content, self._place = content, 0

    def read(self, size: int = -1) -> bytes:
        end = len(self._content) if size < 0 else self._place + size
        found = bytes(self._content[self._place : end])
        self._place += len(found)
        return found

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: len(self._content)}[whence]
        self._place = base + offset
        if self._place < 0:
            raise ValueError("an offset before the file")
        return self._place

    def tell(self) -> int:
        return self._place


def _sections(
    path: str, content: memoryview, order: Literal["<", ">"], relocatable: bool
) -> Iterator[Section]:
    table, size, count, names = (
        int.from_bytes(content[at : at + width], "little" if order == "<" else "big")
        for at, width in ((0x28, 8), (0x3A, 2), (0x3C, 2), (0x3E, 2))
    )
    if not table:
        return
    dtype = _HEADER.newbyteorder(order)
    if size != 64 or table + 64 > len(content):
        raise _without_table(path, f"the header puts it at byte {table} of {len(content)}")
    first = np.frombuffer(content, dtype, 1, table)[0]
    count = count or int(first["size"])  # more than 65,279: the first header has the number
    names = int(first["link"]) if names == 0xFFFF else names
    if table + 64 * count > len(content):
        raise _without_table(path, f"{count} sections at byte {table} of {len(content)}")
    records = np.frombuffer(content, dtype, count, table).tolist()
    text = b""
    if names < count:
        text = bytes(content[records[names][4] : records[names][4] + records[names][5]])
    for index, record in enumerate(records):
        yield _section(index, record, text, len(content), relocatable)


def _section(
    index: int, record: tuple[int, ...], names: bytes, length: int, relocatable: bool
) -> Section:
    name, kind, flags, address, offset, size, link, info, _, _ = record
    address = offset if relocatable else address
    size = min(size, _HIGHEST - address)
    there = kind != ENUM_SH_TYPE_BASE[_NOBITS]
    return Section(
        text_at(names, name),
        index,
        address,
        offset,
        size,
        max(min(size, length - offset), 0) if there else 0,
        bool(flags & _ALLOC),
        bool(flags & _WRITE),
        bool(flags & _EXECUTE),
        bool(flags & _COMPRESSED),
        _KINDS.get(kind, str(kind)),
        link,
        info,
    )


def _without_table(path: str, hint: str) -> BadInput:
    return damaged(path, "the table of sections is not in the file: damaged or truncated", hint)


def text_at(data: bytes, offset: int) -> str:
    """The C string at `offset`, of which no more than a name may have is read; empty outside."""
    end = data.find(b"\0", offset, offset + _LONGEST)
    return data[offset : end if end >= 0 else offset + _LONGEST].decode("ascii", "backslashreplace")


def _build_id(elf: ELFFile, sections: Sequence[Section]) -> str:
    with suppress(*_DAMAGE):
        for each in sections:
            if each.kind != "SHT_NOTE":
                continue
            section: ElfSection = elf.get_section(each.index)
            notes = section.iter_notes() if isinstance(section, NoteSection) else ()
            for note in notes:
                if note["n_type"] == "NT_GNU_BUILD_ID" and note["n_name"] == "GNU":
                    return str(note["n_desc"])
    return ""


def _short(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120]
