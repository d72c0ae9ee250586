# SPDX-License-Identifier: GPL-2.0-or-later
"""What travels between parts: states as exact records, each with the hash of the state before it.

    batch = item, item, ...      item = record of the state | hash of its parent, 8 bytes

The hash says who owns a state and names a parent; it never stands for a state: records are
compared.
"""

from collections.abc import Iterator
from hashlib import blake2b

HASH = 8
"""Bytes of a hash."""


def hashed(record: bytes) -> int:
    """62 bits that are the same on every machine; machine code has another function for it."""
    return int.from_bytes(blake2b(record, digest_size=HASH).digest(), "little") >> 2


def owner(value: int, parts: int) -> int:
    """Which of so many parts owns the states of a hash: the high half decides, as tables use the
    low one."""
    return (value >> 32) * parts >> 30


def item(record: bytes, parent: int) -> bytes:
    """One state of a batch."""
    return record + parent.to_bytes(HASH, "little")


def items(batch: bytes, size: int) -> Iterator[tuple[bytes, int]]:
    """Records of `size` bytes and the hashes of their parents."""
    for start in range(0, len(batch), size + HASH):
        end = start + size
        yield batch[start:end], int.from_bytes(batch[end : end + HASH], "little")
