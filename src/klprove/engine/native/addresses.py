# SPDX-License-Identifier: GPL-2.0-or-later
"""Computed addresses, in the part of Python that `engine/native/lowering.py` compiles.

As `Image.locate()` and `Image.free()`, on the record of a state.
"""

from collections.abc import MutableSequence
from typing import TypeAlias

from klprove.engine.native.kernels import below

Bytes: TypeAlias = MutableSequence[int]
"""Unsigned bytes."""
Words: TypeAlias = MutableSequence[int]
"""Signed integers of 64 bits."""

NULL, WILD, BOUNDS, FREED = -1, -2, -3, -4
objects: Words = []
"""How many objects, then six words for each, by address: start, length, position (-1: it never
changes), granule, first flag, whether it is read only."""


def holder(addr: int) -> int:
    """Where in `objects` the last object that begins at or before an address stands; -1: none."""
    low = 0
    high = objects[0]
    while low < high:
        middle = (low + high) // 2
        if below(addr, objects[1 + 6 * middle]):
            high = middle
        else:
            low = middle + 1
    return 6 * low - 5 if low > 0 else -1


def freed(m: Bytes, at: int, offset: int, size: int) -> int:
    """1 where a flag of the bytes at an offset of the object at `at` is set."""
    first = objects[at + 4]
    last = first + (offset + size - 1) // objects[at + 3]
    for i in range(first + offset // objects[at + 3], last + 1, 1):
        if m[i] != 0:
            return 1
    return 0


def locate(m: Bytes, addr: int, size: int, writes: int) -> int:
    """Position of the bytes at a computed address, or a fault: as Image.locate()."""
    if below(addr, 0x1000):
        return NULL
    at = holder(addr)
    if at < 0:
        return WILD
    offset = addr - objects[at]
    outside = objects[at + 2] < 0 or not below(offset, objects[at + 1])
    if outside or (writes != 0 and objects[at + 5] != 0):
        return WILD
    if offset + size > objects[at + 1]:
        return BOUNDS
    if objects[at + 3] != 0 and freed(m, at, offset, size) != 0:
        return FREED
    return objects[at + 2] + offset


def free(m: Bytes, addr: int, size: int) -> int:
    """Free the bytes at an address: 0, or a fault. As Image.free()."""
    if addr == 0:
        return 0
    if below(addr, 0x1000):
        return NULL
    at = holder(addr)
    if at < 0:
        return WILD
    offset = addr - objects[at]
    if not below(offset, objects[at + 1]):
        return WILD
    if offset + size > objects[at + 1]:
        return BOUNDS
    if objects[at + 2] < 0 or objects[at + 3] == 0:
        return WILD
    if freed(m, at, offset, size) != 0:
        return FREED
    first = objects[at + 4]
    last = first + (offset + size - 1) // objects[at + 3]
    for i in range(first + offset // objects[at + 3], last + 1, 1):
        m[i] = 1
    return 0
