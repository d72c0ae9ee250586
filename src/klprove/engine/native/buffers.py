"""Memory outside Python's heap that grows without being copied."""

import ctypes
import mmap
from contextlib import suppress

_HUGE = 1 << 22
"""Bytes from which on huge pages make a difference."""


class Buffer:
    """A private anonymous mapping. Pages cost nothing until they are written."""

    def __init__(self, size: int, huge: bool = False) -> None:
        """`huge`: ask for huge pages, which is worth it for what is read at random."""
        self._huge = huge
        self._map = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.address = self._find()

    def _find(self) -> int:
        if self._huge and self.size >= _HUGE and hasattr(mmap, "MADV_HUGEPAGE"):
            with suppress(OSError):  # a kernel without them
                self._map.madvise(mmap.MADV_HUGEPAGE)
        return ctypes.addressof(ctypes.c_char.from_buffer(self._map))

    @property
    def size(self) -> int:
        """Bytes of the mapping."""
        return len(self._map)

    def grow(self, size: int) -> None:
        """Make room for `size` bytes; the address may change, the content does not (mremap)."""
        if size != self.size:
            self._map.resize(size)
        self.address = self._find()

    def read(self, start: int, size: int) -> bytes:
        """Some of the bytes."""
        return self._map[start : start + size]

    def write(self, start: int, raw: bytes) -> None:
        """Put bytes at a place."""
        self._map[start : start + len(raw)] = raw

    def shift(self, start: int, size: int) -> None:
        """Move bytes to the beginning, and give back the pages behind them."""
        self._map.move(0, start, size)
        first = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        if first < self.size:
            self._map.madvise(mmap.MADV_DONTNEED, first, self.size - first)

    def word(self, index: int) -> int:
        """The signed word of 64 bits at an index."""
        return int.from_bytes(self._map[8 * index : 8 * index + 8], "little", signed=True)

    def put(self, index: int, value: int) -> None:
        """Set the word of 64 bits at an index."""
        self._map[8 * index : 8 * index + 8] = value.to_bytes(8, "little", signed=True)

    def close(self) -> None:
        """Give the memory back."""
        self._map.close()
