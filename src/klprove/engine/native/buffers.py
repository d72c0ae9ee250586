# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory outside Python's heap that grows without being copied."""

import ctypes
import mmap
import os
from contextlib import suppress

_HUGE = 1 << 21
"""Bytes of a huge page."""
_CHUNK = 1 << 26
"""Bytes that are moved at a time."""
_NORESERVE = getattr(mmap, "MAP_NORESERVE", 0x4000)
"""mmap(2): address space alone takes nothing from what others may have (named from Python 3.13)."""


class Buffer:
    """A private anonymous mapping. Pages cost nothing until they are written."""

    def __init__(self, size: int, huge: bool = False) -> None:
        """`huge`: ask for huge pages, which is worth it for what is read at random."""
        reserved = _reserved() if huge else None
        self._map = reserved or _mapped(size, 0)
        self._start = 0
        if reserved and hasattr(mmap, "MADV_HUGEPAGE"):
            with suppress(OSError):  # a kernel without them
                reserved.madvise(mmap.MADV_HUGEPAGE)
            self._start = -self._find() % _HUGE
        self.size = size
        """Bytes in use."""
        self.address = self._find()

    def _find(self) -> int:
        return ctypes.addressof(ctypes.c_char.from_buffer(self._map)) + self._start

    def grow(self, size: int) -> None:
        """Make room for `size` bytes; the address may change, the content does not (mremap)."""
        if self._start + size > len(self._map) or (not self._start and size != self.size):
            self._map.resize(self._start + size)
            self.address = self._find()
        self.size = size

    def read(self, start: int, size: int) -> bytes:
        """Some of the bytes."""
        start += self._start
        return self._map[start : start + size]

    def write(self, start: int, raw: bytes) -> None:
        """Put bytes at a place."""
        start += self._start
        self._map[start : start + len(raw)] = raw

    def shift(self, start: int, size: int) -> None:
        """Move bytes to the beginning, and give back the pages behind them, as they are moved."""
        for at in range(0, size, _CHUNK):
            more = min(_CHUNK, size - at)
            self._map.move(self._start + at, self._start + start + at, more)
            self.release(max(start, at + more), start + at + more)
        self.release(size, len(self._map) - self._start)

    def release(self, first: int, last: int) -> None:
        """Give back the whole pages between two places: they are zero when they are used again."""
        page = mmap.PAGESIZE
        low, high = -(-(self._start + first) // page) * page, (self._start + last) // page * page
        if low < high:
            self._map.madvise(mmap.MADV_DONTNEED, low, high - low)

    def word(self, index: int) -> int:
        """The signed word of 64 bits at an index."""
        return int.from_bytes(self.read(8 * index, 8), "little", signed=True)

    def put(self, index: int, value: int) -> None:
        """Set the word of 64 bits at an index."""
        self.write(8 * index, value.to_bytes(8, "little", signed=True))

    def close(self) -> None:
        """Give the memory back."""
        self._map.close()


def _mapped(size: int, flags: int) -> mmap.mmap:
    return mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | flags)


def _reserved() -> mmap.mmap | None:
    """Address space for all the memory there is, so that nothing in it has to move: a mapping that
    moves loses its huge pages. None where it cannot be had."""
    try:
        return _mapped(os.sysconf("SC_PHYS_PAGES") * mmap.PAGESIZE, _NORESERVE)
    except (OSError, ValueError):
        return None
