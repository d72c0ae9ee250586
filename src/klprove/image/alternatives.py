# SPDX-License-Identifier: GPL-2.0-or-later
"""`.altinstructions`: code that is written over other code at boot, as the processor needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from klprove.image.elf import Image
from klprove.image.symbols import Addresses, Symbol

_PLACES = [("site", "i4"), ("new", "i4")]
_LAYOUTS: Sequence[list[tuple[str, str]]] = (
    [*_PLACES, ("feature", "u2"), ("length", "u1"), ("size", "u1")],
    [*_PLACES, ("feature", "u4"), ("length", "u1"), ("size", "u1")],
    [*_PLACES, ("feature", "u2"), ("length", "u1"), ("size", "u1"), ("padding", "u1")],
)
"""struct alt_instr (arch/x86/include/asm/alternative.h) of v5.13, of v6.3 and before v5.13."""
_DIRECT_CALL = 1 << 17
"""ALT_FLAG_DIRECT_CALL (v6.8): the replacement's target is made at boot, from a pointer."""


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Four columns of equal length: what may stand instead of what."""

    sites: Addresses
    lengths: NDArray[np.uint8]
    """Bytes that are written over."""
    replacements: Addresses
    """Where the new code was linked; its calls and jumps lead to the same place when moved."""
    sizes: NDArray[np.uint8]
    """Bytes of the new code; the rest of `lengths` is filled with nops."""

    def only(self, rows: Sequence[int]) -> "Alternatives":
        """Some of the rows."""
        kept = np.array(rows, np.int64)
        return Alternatives(
            self.sites[kept], self.lengths[kept], self.replacements[kept], self.sizes[kept]
        )


def alternatives(image: Image, named: Mapping[str, Symbol]) -> Alternatives:
    """The replacements of an x86-64 image; none where their table is not there, or in no form that
    is known."""
    section = image.section(".altinstructions")
    if image.machine != "x86_64" or section is None or image.kind == "ET_REL":
        return _none()
    first, last = named.get("__alt_instructions"), named.get("__alt_instructions_end")
    size = last.address - first.address if first and last else section.size
    data = image.data(section)
    for layout in _LAYOUTS:
        width = np.dtype(layout).itemsize
        for whole in (size, section.size):
            if whole > 0 and whole % width == 0:
                found = _columns(image, section.address, data[:whole], layout)
                if found is not None:
                    return found
    image.notes.append("the table of alternatives has no form that is known: not followed")
    return _none()


def _columns(
    image: Image, start: int, data: memoryview, layout: list[tuple[str, str]]
) -> Alternatives | None:
    """The table read so; None where a record then points to what is no code."""
    records = image.records(data, layout)
    at = np.uint64(start) + np.arange(len(records), dtype=np.uint64) * np.uint64(
        np.dtype(layout).itemsize
    )
    sites = at + records["site"].astype(np.int64).astype(np.uint64)
    new = at + np.uint64(4) + records["new"].astype(np.int64).astype(np.uint64)
    used = records["size"] > 0
    if not _in_code(image, sites).all() or not _in_code(image, new[used]).all():
        return None
    kept = (records["feature"].astype(np.int64) & _DIRECT_CALL) == 0
    return Alternatives(
        sites[kept], records["length"][kept], new[kept], records["size"][kept]
    )  # fmt: skip


def _in_code(image: Image, addresses: Addresses) -> NDArray[np.bool_]:
    found = np.zeros(len(addresses), np.bool_)
    for section in image.executable():
        end = np.uint64(section.address + section.size)
        found |= (addresses >= np.uint64(section.address)) & (addresses <= end)
    return found


def _none() -> Alternatives:
    empty = np.empty(0, np.uint64)
    return Alternatives(empty, np.empty(0, np.uint8), empty, np.empty(0, np.uint8))
