# SPDX-License-Identifier: GPL-2.0-or-later
"""Who calls or jumps to whom, from the bytes of the code.

x86 code is not decoded as a whole for this. Wherever the bytes behind an opcode of a call or a jump
lead exactly to the start of a function, an edge is recorded: every real one, and a few that are
operands of other instructions (tests compare it with a full decoding).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from iced_x86 import Decoder
from numpy.typing import NDArray

from klprove.image import Addresses, Functions, Image, Section, Tables
from klprove.image.alternatives import Alternatives

CALL, TAIL, TAKEN = 0, 1, 2
"""Kinds of edge: a call; a jump to another function's start; its address is an operand."""

_SHORT = 3
"""A jump with an operand of one byte: so often something else that each is looked at again."""

_Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Graph:
    """Edges between functions, by index, sorted by source. Three columns and one of addresses."""

    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    kinds: NDArray[np.int8]
    sites: Addresses
    """Address of the instruction; for TAKEN, of its operand."""
    first: NDArray[np.int64]
    """Edges of function i are `[first[i], first[i + 1])`."""

    def edges(self, source: int) -> Iterator[tuple[int, int, int]]:
        """(target, kind, site) of each edge out of `source`."""
        start, end = self.first[source], self.first[source + 1]
        columns = (each[start:end].tolist() for each in (self.targets, self.kinds, self.sites))
        return zip(*columns, strict=True)

    def callers(self, target: int) -> NDArray[np.int64]:
        """Functions with a call or a jump to `target`."""
        return np.unique(self.sources[(self.targets == target) & (self.kinds != TAKEN)])


def graph(image: Image, functions: Functions, alternatives: Alternatives) -> Graph:
    """The edges between `functions`; what replacements call is called where they go. x86-64 only:
    empty elsewhere."""
    columns: list[tuple[Addresses, Addresses, int]] = []
    if image.machine == "x86_64":
        for section in image.executable():
            columns += _section(image, section, functions)
        columns += [_moved(each, alternatives) for each in columns if each[2] in (CALL, TAIL)]
    return _build(image, columns, functions)


def _section(
    image: Image, section: Section, functions: Functions
) -> Iterator[tuple[Addresses, Addresses, int]]:
    data = np.frombuffer(image.data(section), np.uint8)
    if len(data) < 8:
        return
    base = np.uint64(section.address)
    second, first = data[1:], data[:-1]
    yield _relative(data, base, np.flatnonzero(data[:-4] == 0xE8), 1, CALL, functions)
    yield _relative(data, base, np.flatnonzero(data[:-4] == 0xE9), 1, TAIL, functions)
    wide = np.flatnonzero((first[:-4] == 0x0F) & ((second[:-4] & 0xF0) == 0x80))
    yield _relative(data, base, wide, 2, TAIL, functions)
    short = np.flatnonzero((first == 0xEB) | ((first & 0xF0) == 0x70))
    moved = data[short + 1].astype(np.int8).astype(np.int64)
    yield base + short.astype(np.uint64), _add(base, short + 2 + moved), _SHORT
    # lea reg, [rip + rel32]: REX.W 8d, mod 0, rm 5
    lea = np.flatnonzero(
        (first[:-6] & 0xF8 == 0x48) & (second[:-6] == 0x8D) & (data[2:-5] & 0xC7 == 5)
    )
    yield _relative(data, base, lea, 3, TAKEN, functions)
    # An absolute operand: four bytes, sign-extended, that are the address of a function. What a
    # call or jump has there is no such address.
    words = _words(data, np.arange(len(data) - 3)).astype(np.int64).astype(np.uint64)
    low, high = functions.starts.min(), functions.starts.max()
    places = np.flatnonzero((words >= low) & (words <= high))
    yield base + places.astype(np.uint64), words[places], TAKEN


def _moved(
    column: tuple[Addresses, Addresses, int], table: Alternatives
) -> tuple[Addresses, Addresses, int]:
    """The edges among `column` out of replacements, from the places that these are written to."""
    sites, targets, kind = column
    order = np.argsort(table.replacements, kind="stable")
    starts, sizes = table.replacements[order], table.sizes[order].astype(np.uint64)
    place = np.searchsorted(starts, sites, side="right").astype(np.int64) - 1
    known = place >= 0
    place = np.maximum(place, 0)
    if not len(starts):
        known = np.zeros(len(sites), np.bool_)
        return sites[known], targets[known], kind
    known &= sites < starts[place] + sizes[place]
    return table.sites[order][place[known]], targets[known], kind


def _words(data: NDArray[np.uint8], places: _Places) -> NDArray[np.int32]:
    """The little-endian 4-byte words at `places`."""
    found = np.zeros(len(places), np.uint32)
    for each in range(4):
        found |= data[places + each].astype(np.uint32) << np.uint32(8 * each)
    return found.astype(np.int32)


def _relative(
    data: NDArray[np.uint8],
    base: np.uint64,
    places: _Places,
    skip: int,
    kind: int,
    functions: Functions,
) -> tuple[Addresses, Addresses, int]:
    """Operands that are relative to their own end, `skip` bytes into the instruction."""
    places = places[places + skip + 4 <= len(data)]
    target = _add(base, places + skip + 4 + _words(data, places + skip).astype(np.int64))
    return base + places.astype(np.uint64), target, kind


def _add(base: np.uint64, moved: _Places) -> Addresses:
    return base + moved.astype(np.uint64)


def _real(
    image: Image, functions: Functions, sources: _Places, sites: Addresses
) -> NDArray[np.bool_]:
    """Which of `sites` are starts of instructions, by decoding the functions around them."""
    texts = [(each.address, each.size, image.data(each)) for each in image.executable()]
    starts: dict[int, frozenset[int]] = {}
    for source in np.unique(sources).tolist():
        first, last = int(functions.starts[source]), int(functions.ends[source])
        for address, size, data in texts:
            if address <= first < address + size:
                code = bytes(data[first - address : last - address])
                starts[source] = frozenset(each.ip for each in Decoder(64, code, ip=first))
    return np.array(
        [
            site in starts.get(source, ())
            for source, site in zip(sources.tolist(), sites.tolist(), strict=True)
        ],
        np.bool_,
    )


def _build(
    image: Image, columns: list[tuple[Addresses, Addresses, int]], functions: Functions
) -> Graph:
    none = np.empty(0, np.uint64)
    parts: list[tuple[_Places, _Places, NDArray[np.int8], Addresses]] = []
    for sites, targets, kind in columns:
        target = functions.at(targets)
        hit = target >= 0
        source = functions.around(sites[hit])
        inside = source >= 0
        kinds = np.full(int(inside.sum()), kind, np.int8)
        parts.append((source[inside], target[hit][inside], kinds, sites[hit][inside]))
    sources = np.concatenate([each[0] for each in parts] or [none.astype(np.int64)])
    targets = np.concatenate([each[1] for each in parts] or [none.astype(np.int64)])
    kinds = np.concatenate([each[2] for each in parts] or [none.astype(np.int8)])
    places = np.concatenate([each[3] for each in parts] or [none])
    # A jump to its own start is a loop.
    kept = (kinds == CALL) | (kinds == TAKEN) | (sources != targets)
    short = np.flatnonzero(kept & (kinds == _SHORT))
    kept[short] = _real(image, functions, sources[short], places[short])
    kinds[kinds == _SHORT] = TAIL
    order = np.lexsort((places[kept], sources[kept]))
    sources = sources[kept][order]
    first = np.searchsorted(sources, np.arange(len(functions.starts) + 1))
    return Graph(sources, targets[kept][order], kinds[kept][order], places[kept][order], first)


def taken_in_data(
    image: Image, functions: Functions, tables: Tables
) -> tuple[NDArray[np.int64], Addresses]:
    """Functions whose address is an aligned 8-byte word of data that is loaded, and the place of
    each such word; the tables of the kernel about its own code left out."""
    found: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    where: list[Addresses] = [np.empty(0, np.uint64)]
    for section in image.sections:
        if not section.allocated or section.executable or section.kind == "SHT_NOTE":
            continue
        if section.name.startswith((".orc_", ".BTF", "__ksymtab", "__mcount_loc")):
            continue
        words = image.array(section, "u8").astype(np.uint64)
        places = np.uint64(section.address) + 8 * np.arange(len(words), dtype=np.uint64)
        for start, end in tables.ranges:
            words = np.where((places >= start) & (places < end), np.uint64(0), words)
        target = functions.at(words)
        found.append(target[target >= 0])
        where.append(places[target >= 0])
    return np.concatenate(found), np.concatenate(where)


def stored_in_code(image: Image, edges: Graph) -> list[tuple[int, int]]:
    """(function, distance) of each `mov [register + distance], function` (REX.W c7 /0)."""
    found: set[tuple[int, int]] = set()
    taken = np.flatnonzero(edges.kinds == TAKEN)
    for section in image.executable():
        data = np.frombuffer(image.data(section), np.uint8)
        places = (edges.sites[taken] - np.uint64(section.address)).astype(np.int64)
        inside = (places >= 8) & (places + 4 <= len(data))
        places, targets = places[inside], edges.targets[taken][inside]
        for width, mode, back in ((0, 0, 1), (1, 1, 2), (4, 2, 5)):
            here = (data[places - back - 1] == 0xC7) & (data[places - back] >> 6 == mode)
            here &= data[places - back] & 0x38 == 0
            here &= data[places - back - 2] & 0xF8 == 0x48
            at = places[here]
            far = np.zeros(len(at), np.int64)
            if width == 1:
                far = data[at - 1].astype(np.int8).astype(np.int64)
            elif width == 4:
                far = _words(data, at - 4).astype(np.int64)
            found.update(zip(targets[here].tolist(), far.tolist(), strict=True))
    return sorted(found)
