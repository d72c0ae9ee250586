# SPDX-License-Identifier: GPL-2.0-or-later
"""Can a function be livepatched: has it a site at its entry, and why not."""

from collections.abc import Sequence

from klprove.image import Functions, Image, Regions, Sites, site_offsets
from klprove.scan.answers import (
    ASSEMBLER,
    FRAGMENT,
    INIT,
    NO_SITE,
    NOINSTR,
    SITE,
    STUB,
    UNKNOWN,
)

_QUIET = frozenset({"noinstr", "entry", "irqentry", "cpuidle"})
"""Regions whose code is made without sites where it has none."""
_INIT = (".init.text", ".exit.text", ".altinstr_aux", ".altinstr_replacement", ".meminit.text")


def places(functions: Functions, regions: Regions) -> list[str]:
    """For each function the region that holds it, or else its section."""
    found = regions.of(functions.starts)
    return [
        region if region not in ("", "text") else section
        for region, section in zip(found, functions.sections, strict=True)
    ]


def patching(
    image: Image, functions: Functions, sites: Sites, regions: Sequence[str]
) -> tuple[list[str], list[int]]:
    """For each function a word of `answers.REASONS`, and the distance of its site."""
    offsets: list[int] = site_offsets(image, functions, sites).tolist()
    words = [
        _word(functions, index, region, offset, sites.present)
        for index, (region, offset) in enumerate(zip(regions, offsets, strict=True))
    ]
    return words, offsets


def _word(functions: Functions, index: int, region: str, offset: int, known: bool) -> str:
    if region == "init" or region.startswith(_INIT):
        return INIT
    if offset >= 0:
        return SITE
    if not known:
        return UNKNOWN
    if functions.names[index].startswith("__SCT__"):
        return STUB
    if functions.fragment(index):
        return FRAGMENT
    if not functions.typed[index]:
        return ASSEMBLER
    return NOINSTR if region in _QUIET else NO_SITE
