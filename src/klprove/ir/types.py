# SPDX-License-Identifier: GPL-2.0-or-later
"""Integer types: the only scalar types of the IR. Pointers are u64."""

from typing import NamedTuple


class Int(NamedTuple):
    """A two's complement integer of 8, 16, 32 or 64 bits."""

    bits: int
    signed: bool

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self.bits // 8

    def wrap(self, value: int) -> int:
        """`value` reduced to the range of this type (wrapping, as -fno-strict-overflow)."""
        value &= (1 << self.bits) - 1
        if self.signed and value >> (self.bits - 1):
            value -= 1 << self.bits
        return value

    def __str__(self) -> str:
        return f"{'i' if self.signed else 'u'}{self.bits}"


I8, I16, I32, I64 = (Int(bits, True) for bits in (8, 16, 32, 64))
U8, U16, U32, U64 = (Int(bits, False) for bits in (8, 16, 32, 64))
PTR = U64
BY_NAME: dict[str, Int] = {str(ty): ty for ty in (I8, I16, I32, I64, U8, U16, U32, U64)}
