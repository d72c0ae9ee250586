"""The symbols of a vmlinux: ELF for x86-64, one section read at a time (System V ABI, gABI 4.1).

Own reader: pyelftools takes half a minute for the 200,000 symbols of a kernel with names, this a
second, and a damaged file can be told from a foreign one.
"""

import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from klprove.source import BadInput, Diagnostic, Span

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_SYMTAB, _EXTENDED, _X86_64 = 2, 0xFFFF, 62
_MACHINES = {3: "i386", 20: "PowerPC", 21: "PowerPC64", 22: "s390", 40: "ARM", 62: "x86-64",
             183: "AArch64", 243: "RISC-V", 258: "LoongArch"}  # fmt: skip
_PACKED = {b"\x1f\x8b": "gzip", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2"}
_MOST_BYTES = 1 << 28
"""Of a section that is read."""


class _Damaged(Exception):
    """What is wrong with the file."""


def symbols(path: Path) -> Mapping[str, int]:
    """Name and value of every symbol of the ELF file `path`; of a part of a function that the
    compiler split or cloned (`f.isra.0`), also of the function. Raises BadInput "kernel"."""
    try:
        with open(path, "rb") as file:
            return _symbols(file)
    except _Damaged as wrong:
        text, _, hint = str(wrong).partition("\n")
        raise BadInput([Diagnostic("kernel", Span(str(path), 0, 0), text, hint)]) from None
    except OSError as error:
        text = f"cannot read: {error.strerror or error}"
        raise BadInput([Diagnostic("kernel", Span(str(path), 0, 0), text)]) from None


def _symbols(file: BinaryIO) -> Mapping[str, int]:
    size = os.fstat(file.fileno()).st_size
    start = file.read(0x206)
    _refuse_other(start)
    if len(start) < _HEADER.size:
        raise _Damaged("the file is cut off in its ELF header")
    (ident, _, machine, _, _, _, offset, _, _, _, _, entry, count, _) = _HEADER.unpack_from(start)
    if ident[4] != 2 or ident[5] != 1 or machine != _X86_64:
        name = _MACHINES.get(machine, f"machine {machine}") if ident[5] == 1 else "big-endian"
        bits = "64" if ident[4] == 2 else "32"
        raise _Damaged(f"an ELF file for {name}, {bits} bits: the models are of x86-64")
    if not offset:
        raise _Damaged("the file has no sections, so no symbols\n" + _WHERE)
    if entry != _SECTION.size:
        raise _Damaged(f"section headers of {entry} bytes: the file is damaged")
    if count == 0:  # more than 65,279: the first header says how many
        count = _SECTION.unpack(_read(file, size, offset, entry, "section header"))[5]
    table = _read(file, size, offset, count * entry, "section headers")
    sections = list(_SECTION.iter_unpack(table))
    for section in sections:
        if section[1] == _SYMTAB:
            link = section[6]
            if link >= len(sections):
                raise _Damaged("the symbol table names no string table: the file is damaged")
            text = _read(file, size, sections[link][4], sections[link][5], "symbol names")
            data = _read(file, size, section[4], section[5], "symbol table")
            return _named(data[: len(data) - len(data) % _SYMBOL.size], text)
    raise _Damaged("the file has no symbol table: it was stripped\n" + _WHERE)


_WHERE = "take the vmlinux of the debug package, or of the build"


def _refuse_other(start: bytes) -> None:
    """Raise _Damaged for what is no ELF file, with what it is."""
    if start.startswith(b"\x7fELF"):
        return
    if not start:
        raise _Damaged("the file is empty")
    packed = next((name for magic, name in _PACKED.items() if start.startswith(magic)), None)
    if start[0x202:0x206] == b"HdrS":
        packed = "a bzImage"
    if packed:
        raise _Damaged(
            f"a packed kernel ({packed}), no vmlinux\nunpack it: scripts/extract-vmlinux"
        )
    raise _Damaged("neither an ELF file nor a folder with a kernel's source")


def _read(file: BinaryIO, size: int, offset: int, length: int, what: str) -> bytes:
    if offset + length > size:
        raise _Damaged(
            f"the file is cut off: its {what} would end at byte {offset + length:,}, and it has "
            f"{size:,}"
        )
    if length > _MOST_BYTES:
        raise _Damaged(f"{what} of {length:,} bytes: the file is damaged")
    file.seek(offset)
    data = file.read(length)
    if len(data) < length:
        raise _Damaged("the file shrinks while it is read")
    return data


def _named(data: bytes, text: bytes) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for place, _, _, section, value, _ in _SYMBOL.iter_unpack(data):
        if section == 0:  # only referred to
            continue
        name = text[place : text.find(b"\0", place)].decode("latin-1")
        found[name] = value
        found.setdefault(name.partition(".")[0], value)
    return found
