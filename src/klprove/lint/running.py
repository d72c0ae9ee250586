# SPDX-License-Identifier: GPL-2.0-or-later
"""Which builds a running system has: build-ids in /sys, or in a copy of these files."""

import struct
from pathlib import Path

_BUILD_ID = 3
"""NT_GNU_BUILD_ID."""
_LARGEST = 1 << 16


class Running:
    """The system whose /sys is `root`: only what it says about builds is read."""

    def __init__(self, root: str, little: bool = True) -> None:
        self._root, self._order = Path(root), "<" if little else ">"

    def kernel(self) -> str:
        """The build-id of the kernel in hexadecimal; empty where it is not told."""
        return self._build_id("kernel/notes")

    def loaded(self, name: str) -> bool:
        """A module of that name is loaded."""
        return (self._root / "module" / name / "initstate").exists()

    def module(self, name: str) -> str:
        """The build-id of a module that is loaded; empty where it is not told."""
        return self._build_id(f"module/{name}/notes/.note.gnu.build-id")

    def _build_id(self, file: str) -> str:
        try:
            with open(self._root / file, "rb") as opened:
                data = opened.read(_LARGEST)
        except (OSError, ValueError):
            return ""
        return _build_id(data, self._order)


def _build_id(notes: bytes, order: str) -> str:
    """The build-id among ELF notes: sizes of name and content, kind, and both padded to 4."""
    at = 0
    while at + 12 <= len(notes):
        name, size, kind = struct.unpack_from(order + "III", notes, at)
        content = at + 12 + (name + 3 & ~3)
        if kind == _BUILD_ID and notes[at + 12 : at + 16] == b"GNU\0":
            return notes[content : content + size].hex()
        at = content + (size + 3 & ~3)
    return ""
