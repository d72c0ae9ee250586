# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses as people read them: symbol and offset."""

from bisect import bisect_right
from collections.abc import Mapping


class Places:
    """The functions of an image, and of modules, by address."""

    def __init__(self, symbols: Mapping[str, int]) -> None:
        self._sorted = sorted((at, name) for name, at in symbols.items() if at >> 63)
        self._starts = [at for at, _ in self._sorted]

    def name(self, address: int) -> str:
        """The symbol that holds `address`; empty for none."""
        place = bisect_right(self._starts, address) - 1
        return self._sorted[place][1] if place >= 0 else ""

    def text(self, address: int) -> str:
        """`symbol+0x12`."""
        place = bisect_right(self._starts, address) - 1
        if place < 0:
            return hex(address)
        start, name = self._sorted[place]
        return f"{name}+{address - start:#x}"
