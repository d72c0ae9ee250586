# SPDX-License-Identifier: GPL-2.0-or-later
"""Which instructions may have the address of a variable as an operand, from the bytes of the code.

A few are operands of something else: whoever needs to be sure decodes the function.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from klprove.image import Addresses, Functions, Image

_TRAILING = (4, 5, 6, 8)
"""From a displacement to the end of its instruction: an immediate may stand between."""


class References:
    """The operands in the code of one image that are addresses of its data."""

    def __init__(self, image: Image, functions: Functions) -> None:
        self._image, self._functions = image, functions

    def to(self, address: int) -> Mapping[int, Sequence[int]]:
        """Functions with an operand that may be `address`, and the places of those operands."""
        targets, places = self._operands
        first, last = np.searchsorted(targets, [np.uint64(address), np.uint64(address + 1)])
        here = np.unique(places[first:last])
        found: dict[int, list[int]] = {}
        for owner, place in zip(self._functions.around(here).tolist(), here.tolist(), strict=True):
            if owner >= 0:
                found.setdefault(owner, []).append(place)
        return found

    @cached_property
    def _operands(self) -> tuple[Addresses, Addresses]:
        """The address that each operand may be, ascending, and the operand's place."""
        low, high = self._bounds()
        targets: list[Addresses] = [np.empty(0, np.uint64)]
        places: list[Addresses] = [np.empty(0, np.uint64)]
        for section in self._image.executable():
            data = np.frombuffer(self._image.data(section), np.uint8)
            if len(data) < 8:
                continue
            words = np.zeros(len(data) - 3, np.uint32)
            for each in range(4):
                words |= data[each : len(data) - 3 + each].astype(np.uint32) << np.uint32(8 * each)
            base = np.uint64(section.address)
            # As it stands, sign-extended; or from the end of the instruction: mod 0, rm 5.
            near = np.flatnonzero((data[:-4] & 0xC7) == 5) + 1
            moved = _extended(words[near]) + base + near.astype(np.uint64)
            for value, at in (
                (_extended(words), np.arange(len(words))),
                *((moved + np.uint64(trailing), near) for trailing in _TRAILING),
            ):
                kept = (value >= low) & (value < high)
                targets.append(value[kept])
                places.append(base + at[kept].astype(np.uint64))
        every = np.concatenate(targets)
        order = np.argsort(every, kind="stable")
        return every[order], np.concatenate(places)[order]

    def _bounds(self) -> tuple[np.uint64, np.uint64]:
        data = [each for each in self._image.loaded() if not each.executable]
        low = min((each.address for each in data), default=0)
        high = max((each.address + each.size for each in data), default=0)
        return np.uint64(low), np.uint64(min(high, (1 << 64) - 1))


def _extended(words: NDArray[np.uint32]) -> Addresses:
    return words.astype(np.int32).astype(np.int64).astype(np.uint64)
