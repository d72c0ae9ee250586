# SPDX-License-Identifier: GPL-2.0-or-later
"""Computed addresses, for programs with several CPUs: what they lead to is kept. A layer of the
kernels, see `store.py`."""

from klprove.engine.native.addresses import free as freeing
from klprove.engine.native.addresses import holder
from klprove.engine.native.addresses import locate as located
from klprove.engine.pushdown.store import (
    OTHERS,
    Bytes,
    allowed,
    below,
    objects,
    places,
    touched,
)


def locate(m: Bytes, addr: int, size: int, writing: int) -> int:
    """Position of the bytes at a computed address, or a fault; what is touched is kept."""
    at = holder(addr) if not below(addr, 0x1000) else -1
    if OTHERS != 0 and at >= 0 and objects[at + 3] != 0:
        flags(at, addr - objects[at], size)
    found = located(m, addr, size, writing)
    if OTHERS != 0 and found >= 0:
        for i in range(found, found + size, 1):
            touched[0] = touched[0] | gone(i)
            if writing != 0:
                touched[1] = touched[1] | places[i]
    return found


def gone(at: int) -> int:
    """The place of a byte to which a computed address has led."""
    if allowed[at] & touched[2] == 0:
        allowed[at] = allowed[at] | touched[2] << 2
        touched[3] = 1
    return places[at]


def flags(at: int, offset: int, size: int) -> int:
    """The flags of freed bytes at an offset of an object are read: those that there are."""
    read = 0
    if below(offset, objects[at + 1]):
        last = offset + size - 1
        if last >= objects[at + 1]:
            last = objects[at + 1] - 1
        first = objects[at + 4]
        for i in range(first + offset // objects[at + 3], first + last // objects[at + 3] + 1, 1):
            read = read | gone(i)
    touched[0] = touched[0] | read
    return read


def free(m: Bytes, addr: int, size: int) -> int:
    """Free the bytes at an address: 0, or a fault; what is touched is kept."""
    at = holder(addr) if not below(addr, 0x1000) else -1
    if OTHERS != 0 and at >= 0 and objects[at + 3] != 0:
        touched[1] = touched[1] | flags(at, addr - objects[at], size)
    return freeing(m, addr, size)
