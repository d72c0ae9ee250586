# SPDX-License-Identifier: GPL-2.0-or-later
"""Opening what the user gave: an ELF file, or a bzImage with one inside."""

import lzma
import mmap
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

from klprove.image.elf import Image, damaged, map_file, read_elf
from klprove.source import Unavailable

_LARGEST = 1 << 30
"""Bytes that a payload may unpack to."""
_SETUP = 0x202
"""`HdrS` and, behind it, the version of the boot protocol (Documentation/arch/x86/boot.rst)."""


def open_image(path: str) -> Image:
    """The kernel or module at `path`, which may be compressed as modules are (.ko.xz).

    Raises BadInput for anything else, Unavailable where its compression needs a package that is
    not installed.
    """
    content = map_file(path)
    if bytes(content[_SETUP : _SETUP + 4]) == b"HdrS":
        return read_elf(path, _payload(path, content))
    for magic, unpack in _FORMATS.items():
        if bytes(content[: len(magic)]) == magic:
            return read_elf(path, _unpack(path, content, unpack))
    return read_elf(path, content)


def _payload(path: str, content: memoryview) -> memoryview:
    """The kernel inside a bzImage, whose header says where it is (protocol 2.08 and newer)."""
    if len(content) < 0x250 or struct.unpack_from("<H", content, _SETUP + 4)[0] < 0x208:
        raise damaged(path, "a bzImage older than boot protocol 2.08, or cut short")
    sectors = content[0x1F1] or 4
    offset, length = struct.unpack_from("<II", content, 0x248)
    start = 512 * (sectors + 1) + offset
    found = content[start : start + length]
    if len(found) < length or length < 16:
        raise damaged(path, "the bzImage ends inside its payload: truncated")
    for magic, unpack in _FORMATS.items():
        if bytes(found[: len(magic)]) == magic:
            return _unpack(path, found, unpack)
    if bytes(found[:4]) == b"\x7fELF":
        return found
    raise damaged(
        path,
        f"the bzImage is compressed in a way not known here ({bytes(found[:4]).hex()})",
        "klprove unpacks gzip, xz, lzma, zstd and lz4; or give the vmlinux",
    )


def _unpack(path: str, packed: memoryview, unpack: Callable[[memoryview], bytes]) -> memoryview:
    try:
        found = unpack(packed)
    except (OSError, ValueError, EOFError, lzma.LZMAError, zlib.error, RuntimeError) as error:
        raise damaged(path, f"the compressed file is damaged: {error}") from None
    if len(found) < 16:
        raise damaged(path, "the compressed file is empty or cut short")
    if len(found) > _LARGEST:
        raise damaged(path, f"unpacks to more than {_LARGEST >> 20:,} MiB: no kernel or module")
    whole = mmap.mmap(-1, len(found))
    whole[:] = found
    return memoryview(whole)


def _gzip(packed: memoryview) -> bytes:
    return _whole(zlib.decompressobj(31), packed)


def _xz(packed: memoryview) -> bytes:
    return _whole(lzma.LZMADecompressor(memlimit=1 << 30), packed)


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: memoryview, most: int, /) -> bytes: ...


def _whole(unpacker: _Unpacker, packed: memoryview) -> bytes:
    found = unpacker.decompress(packed, _LARGEST + 1)
    if not unpacker.eof and len(found) <= _LARGEST:
        raise EOFError("it is cut short")
    return found


def _zstd(packed: memoryview) -> bytes:
    try:
        import zstandard
    except ImportError:
        raise Unavailable("this file is packed with zstd: pip install zstandard") from None
    try:
        with zstandard.ZstdDecompressor().stream_reader(packed) as reader:
            found: bytes = reader.read(_LARGEST + 1)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from None
    return found


def _lz4(packed: memoryview) -> bytes:
    """The legacy frame: blocks of a 4-byte length and data that unpacks to at most 8 MiB."""
    try:
        from lz4 import block
    except ImportError:
        raise Unavailable("this file is packed with lz4: pip install lz4") from None
    place, whole = 4, bytearray()
    while place + 4 <= len(packed) and len(whole) < _LARGEST:
        length = struct.unpack_from("<I", packed, place)[0]
        place += 4
        if length == 0 or length > len(packed) - place:
            break  # the size of the kernel, which the build appends
        try:
            whole += block.decompress(packed[place : place + length], uncompressed_size=8 << 20)
        except block.LZ4BlockError as error:
            raise ValueError(str(error)) from None
        place += length
    return bytes(whole)


_FORMATS: Mapping[bytes, Callable[[memoryview], bytes]] = {
    b"\x1f\x8b\x08": _gzip,
    b"\xfd7zXZ\x00": _xz,
    b"\x5d\x00\x00": _xz,
    b"\x28\xb5\x2f\xfd": _zstd,
    b"\x02\x21\x4c\x18": _lz4,
}
"""By the first bytes; scripts/Makefile.lib of the kernel names the programs that made them."""
