"""What can be opened, and what is said about what cannot."""

import gzip
import lzma
import os
import struct
from collections.abc import Callable
from pathlib import Path

import lz4.block
import pytest
import zstandard

from klprove.image import functions, open_image, symbols, unpack
from klprove.source import BadInput
from tests.scan.toy import toy


def lz4_legacy(content: bytes) -> bytes:
    packed = lz4.block.compress(content, store_size=False)
    return b"\x02\x21\x4c\x18" + struct.pack("<I", len(packed)) + packed


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "lzma": lambda content: lzma.compress(content, lzma.FORMAT_ALONE),
    "zstd": zstandard.compress,
    "lz4": lz4_legacy,
}


def bzimage(payload: bytes) -> bytes:
    """The least of a bzImage: one setup sector, the header, the payload 64 bytes behind it."""
    head = bytearray(1024)
    head[0x1F1] = 1
    head[0x202:0x208] = b"HdrS" + struct.pack("<H", 0x20F)
    head[0x248:0x250] = struct.pack("<II", 64, len(payload) + 4)
    size = struct.pack("<I", len(payload))
    return bytes(head) + bytes(64) + payload + size + b"the code that unpacks it"


@pytest.mark.parametrize("how", PACKERS)
def test_a_bzimage_is_unpacked(how: str, tmp_path: Path) -> None:
    whole = toy().read_bytes()
    path = tmp_path / "vmlinuz"
    path.write_bytes(bzimage(PACKERS[how](whole)))
    image = open_image(str(path))
    assert bytes(image.bytes) == whole
    assert image.build_id == open_image(str(toy())).build_id != ""


@pytest.mark.parametrize("how", PACKERS)
def test_what_unpacks_to_too_much_is_refused(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "_LARGEST", 1 << 16)
    path = tmp_path / "module.ko.packed"
    path.write_bytes(PACKERS[how](bytes(1 << 20)))
    with pytest.raises(BadInput, match="unpacks to more than"):
        open_image(str(path))


@pytest.mark.parametrize("how", ["gzip", "xz"])
def test_a_packed_file_that_is_cut_short_is_refused(how: str, tmp_path: Path) -> None:
    packed = PACKERS[how](toy().read_bytes())
    path = tmp_path / "module.ko.packed"
    for length in range(20, len(packed), 997):
        path.write_bytes(packed[:length])
        with pytest.raises(BadInput, match="compressed file is"):
            open_image(str(path))


@pytest.mark.parametrize("how", PACKERS)
def test_a_damaged_bzimage_is_refused(how: str, tmp_path: Path) -> None:
    packed = bytearray(PACKERS[how](toy().read_bytes()))
    packed[len(packed) // 2 : len(packed) // 2 + 64] = bytes(64)
    path = tmp_path / "vmlinuz"
    path.write_bytes(bzimage(bytes(packed)))
    with pytest.raises(BadInput):
        image = open_image(str(path))
        # Neither lzma alone nor lz4 has a checksum: it may unpack, to something else.
        assert how in ("lzma", "lz4") and bytes(image.bytes) != toy().read_bytes()
        raise BadInput([])


REFUSED = {
    "empty": b"",
    "text": b"#!/bin/sh\necho this is no kernel\n",
    "32-bit": b"\x7fELF\x01" + bytes(60),
    "truncated head": b"\x7fELF\x02\x01\x01" + bytes(20),
    "bzImage cut short": bzimage(gzip.compress(b"x" * 4096))[:1100],
    "unknown compression": bzimage(b"not any magic number" * 10),
    "old bzImage": bytes(0x202) + b"HdrS\x00\x02" + bytes(1024),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_image_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(REFUSED[name])
    with pytest.raises(BadInput) as error:
        open_image(str(path))
    assert str(path) in str(error.value)


def test_no_file_no_folder_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "nothing", "a\0b"):
        with pytest.raises(BadInput):
            open_image(str(path))


def test_another_machine_is_named(tmp_path: Path) -> None:
    content = bytearray(toy().read_bytes())
    content[18:20] = struct.pack("<H", 8)
    path = tmp_path / "mips"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="made for MIPS"):
        open_image(str(path))


def test_a_file_cut_at_every_place_is_refused_or_read(tmp_path: Path) -> None:
    content = toy().read_bytes()
    path = tmp_path / "cut"
    refused = 0
    for length in range(0, len(content), 211):
        path.write_bytes(content[:length])
        try:
            image = open_image(str(path))
            functions(image, symbols(image))
        except BadInput:
            refused += 1
    assert refused > 10


def test_a_byte_changed_anywhere_in_the_headers_ends_in_no_traceback(tmp_path: Path) -> None:
    content = toy().read_bytes()
    table = struct.unpack_from("<Q", content, 0x28)[0]
    path = tmp_path / "changed"
    read = 0
    for place in [*range(5, 64), *range(table, len(content), 5)]:
        changed = bytearray(content)
        changed[place] ^= 0xFF
        path.write_bytes(changed)
        try:
            image = open_image(str(path))
            functions(image, symbols(image))
            read += 1
        except BadInput:
            pass
    assert read > 10


def test_compressed_sections_are_unpacked(tmp_path: Path) -> None:
    image = open_image(str(toy("-gz=zlib", "-g")))
    section = image.section(".debug_info")
    assert section is not None and section.compressed
    assert len(image.data(section)) > section.stored
