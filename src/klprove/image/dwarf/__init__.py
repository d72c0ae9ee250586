# SPDX-License-Identifier: GPL-2.0-or-later
"""Debug information: DWARF 2 to 5."""

from klprove.image.dwarf.debug_file import debug_image
from klprove.image.dwarf.indexing import index_inlines
from klprove.image.dwarf.inlines import Call, Inlines
from klprove.image.dwarf.packing import pack, unpack
from klprove.image.dwarf.sections import HOME, DebugSections

__all__ = [
    "HOME",
    "Call",
    "DebugSections",
    "Inlines",
    "debug_image",
    "index_inlines",
    "pack",
    "unpack",
]
