# SPDX-License-Identifier: GPL-2.0-or-later
"""One structure out of `.BTF`, found by its name: reading all 130,000 types takes a second."""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from klprove.image.elf import Image, text_at

_MAGIC, _STRUCT = 0xEB9F, 4
_MOST_MEMBERS, _LARGEST = 512, 1 << 20
_NAME = re.compile(r"\w*")


@dataclass(frozen=True, slots=True)
class Structure:
    """Size in bytes, and where each named member starts."""

    size: int
    members: Mapping[str, int]


def structure(image: Image, name: str) -> Structure | None:
    """The first structure of that name in the types of `image`; None where there is none, where
    the types are damaged, and for one with bit-fields.

    A record is told by the place of its name, its kind and the names of its members, which all
    have to be words (Documentation/bpf/btf.rst).
    """
    section = image.section(".BTF")
    data = bytes(image.data(section)) if section else b""
    try:
        magic, _, _, head, types, length, strings, size = struct.unpack_from(
            image.order + "HBBIIIII", data
        )
    except struct.error:
        return None
    if magic != _MAGIC or head + max(types + length, strings + size) > len(data):
        return None
    text = data[head + strings : head + strings + size]
    place = text.find(b"\0" + name.encode("ascii", "replace") + b"\0") + 1
    if not place:
        return None
    records = data[head + types : head + types + length]
    words = image.records(memoryview(records), "u4")
    for at in np.flatnonzero(words[:-2] == place).tolist():
        found = _read(records, text, image.order, 4 * at)
        if found:
            return found
    return None


def _read(records: bytes, text: bytes, order: str, at: int) -> Structure | None:
    _, info, size = struct.unpack_from(order + "III", records, at)
    count = info & 0xFFFF
    end = at + 12 + 12 * count
    if info >> 24 != _STRUCT or not 0 < count <= _MOST_MEMBERS or end > len(records):
        return None
    if not 0 < size <= _LARGEST:
        return None
    words = struct.unpack_from(f"{order}{3 * count}I", records, at + 12)
    names = [text_at(text, each) for each in words[::3]]
    if not all(map(_NAME.fullmatch, names)) or max(words[2::3]) >= 8 * size:
        return None
    found = {each: bits // 8 for each, bits in zip(names, words[2::3], strict=True) if each}
    return Structure(size, found)
