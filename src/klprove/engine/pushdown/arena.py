# SPDX-License-Identifier: GPL-2.0-or-later
"""Room for arrays whose end nobody knows: addresses are reserved, memory is taken when it is
written."""

import ctypes
import mmap
from contextlib import suppress
from struct import unpack_from

_UNCOUNTED = 0x4000
"""MAP_NORESERVE of Linux, which the mmap module has no name for."""
_SMALLEST = 1 << 28


class Arena:
    """A mapping of up to `most` bytes that costs nothing until it is written; `address` stays."""

    def __init__(self, most: int) -> None:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _UNCOUNTED
        while True:
            try:
                self._map = mmap.mmap(-1, most, flags)
                break
            except OSError:  # where memory is promised only as far as there is some
                if most <= _SMALLEST:
                    raise
                most //= 2
        self.size = most
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._map))

    def cells(self, start: int, count: int) -> tuple[int, ...]:
        """Some cells of 32 bits."""
        return unpack_from(f"<{count}I", self._map, 4 * start)

    def read(self, start: int, size: int) -> bytes:
        """Some of the bytes."""
        return self._map[start : start + size]

    def write(self, start: int, raw: bytes) -> None:
        """Put bytes at a place."""
        self._map[start : start + len(raw)] = raw

    def word(self, index: int) -> int:
        """The signed word of 64 bits at an index."""
        return int.from_bytes(self._map[8 * index : 8 * index + 8], "little", signed=True)

    def put(self, index: int, value: int) -> None:
        """Set the word of 64 bits at an index."""
        self._map[8 * index : 8 * index + 8] = value.to_bytes(8, "little", signed=True)

    def hasten(self) -> None:
        """Ask for huge pages, which is worth it for much that is read at random."""
        if hasattr(mmap, "MADV_HUGEPAGE"):
            with suppress(OSError):  # a kernel without them
                self._map.madvise(mmap.MADV_HUGEPAGE)

    def clear(self) -> None:
        """Give the memory back, keep the addresses; all reads as zero."""
        self._map.madvise(mmap.MADV_DONTNEED)

    def close(self) -> None:
        """Give everything back."""
        self._map.close()
