# SPDX-License-Identifier: GPL-2.0-or-later
"""Inlined copies of the functions of an image, from the cache where they are there."""

from collections.abc import Callable

import numpy as np

from klprove.image import Image, open_image
from klprove.image.dwarf import DebugSections, Inlines, debug_image, index_inlines, pack, unpack
from klprove.image.dwarf.indexing import SLOW
from klprove.image.dwarf.walker import compiles
from klprove.scan import shelf
from klprove.scan.answers import SITE, Map

_HEAD = b"klprove-inlines-1 "


def inlines(path: str, debug: str | None = None, cache: bool = True) -> Inlines | str:
    """Where every function of the image at `path` was inlined, by the DWARF in it, in the file
    `debug`, or in the debug file that belongs to it; a text that says why that cannot be told.

    Raises BadInput for what is no image, and for a `debug` that is not of this build.
    """
    image = open_image(path)
    found = inlines_in(debug_image(image, debug), cache)
    if image.kind != "ET_REL" or isinstance(found, str):
        return found
    homes = np.array([each.address for each in image.sections], np.uint64).view(np.int64)
    return found.moved(homes)


def inlines_in(
    found: Image | None, cache: bool = True, say: Callable[[str], None] | None = None
) -> Inlines | str:
    """`inlines` by the image that has the DWARF; None where there is none. `say` is told what comes
    where that takes seconds."""
    if found is None:
        return "no DWARF in the image, and no debug file that belongs to it"
    place = shelf.place(found, (), "inlines") if cache else None
    known = _known(shelf.read(place, _HEAD)) if place else None
    if known is not None:
        return known
    sections = DebugSections(found)
    if not sections.there:
        return "; ".join(sections.wrong) or "the DWARF has no units"
    if len(sections.section("info")) > SLOW:
        if not compiles():
            return "so much DWARF needs the package llvmlite: pip install 'klprove[scan]'"
        if say:
            say("where functions were inlined, by DWARF")
    made = index_inlines(sections)
    if place:
        shelf.write(place, _HEAD, pack(made))
    return made


def inlined_counts(found: Map, known: Inlines | str) -> list[tuple[str, int, int]]:
    """Numbers about inlined copies, as `count_of` has them; none where they are not known."""
    if isinstance(known, str):
        return []
    able = {index for index, word in enumerate(found.patch) if word == SITE}
    told = {known.said(each)[0] for each in known.inlined}
    elsewhere, itself = set(), set()
    for index, address in enumerate(found.addresses):
        numbers = known.of(address, found.names[index])
        hosts = {call.host for each in numbers for call in known.calls(each)}
        if hosts - {address}:
            elsewhere.add(index)
        elif hosts:
            itself.add(index)
    named = {index for index, name in enumerate(found.names) if name in told}
    every = {*found.names, *(name for others in found.aliases.values() for name in others)}
    lines = (
        ("also inlined into another function", elsewhere),
        ("inlined back into themselves only, in part", itself),
        ("whose name is that of something inlined", named - found.sympos.keys()),
    )
    counted = [(text, len(which), len(which & able)) for text, which in lines]
    return [*counted, ("names that exist only inlined", len(told - every), -1)]


def _known(data: bytes | None) -> Inlines | None:
    try:
        return unpack(data) if data is not None else None
    except (ValueError, KeyError, TypeError):
        return None
