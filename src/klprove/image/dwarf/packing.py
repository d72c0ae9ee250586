# SPDX-License-Identifier: GPL-2.0-or-later
"""`Inlines` as bytes, to be kept: numbers of 32 or 64 bits, and texts, a line each."""

import json

import numpy as np

from klprove.image.dwarf.inlines import Inlines, Numbers

_SHORT = (
    *("names", "files", "lines", "owners", "copies", "parents", "call_files", "call_lines"),
    "traceless",
)
_LONG = ("addresses", "hosts", "entries")


def pack(found: Inlines) -> bytes:
    """The bytes that `unpack` takes."""
    narrow = [np.clip(getattr(found, each), -1, (1 << 31) - 1).astype("<i4") for each in _SHORT]
    parts = [*narrow, *(getattr(found, each).astype("<i8") for each in _LONG)]
    texts = "\n".join(found.texts).encode("ascii")
    head = {"lengths": [len(each) for each in parts], "notes": list(found.notes)}
    first = json.dumps(head).encode("ascii") + b"\n"
    return first + b"".join(each.tobytes() for each in parts) + texts


def unpack(data: bytes) -> Inlines:
    """Raises ValueError or KeyError where `data` is not what `pack` made."""
    first, _, rest = data.partition(b"\n")
    head = json.loads(first)
    lengths = head["lengths"]
    columns: dict[str, Numbers] = {}
    at = 0
    for name, length in zip((*_SHORT, *_LONG), lengths, strict=True):
        kind = np.dtype("<i4" if name in _SHORT else "<i8")
        columns[name] = np.frombuffer(rest, kind, length, at).astype(np.int64)
        at += length * kind.itemsize
    return Inlines(
        rest[at:].decode("ascii").split("\n"), **columns, notes=tuple(map(str, head["notes"]))
    )
