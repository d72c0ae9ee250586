# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel images: ELF, its functions, and the tables that a kernel keeps about its own code."""

from klprove.image.elf import Image, Section
from klprove.image.symbols import Addresses, Functions, Symbol, functions, symbols
from klprove.image.tables import Regions, Sites, Tables, site_offsets, tables
from klprove.image.unpack import open_image

__all__ = [
    "Addresses",
    "Functions",
    "Image",
    "Regions",
    "Section",
    "Sites",
    "Symbol",
    "Tables",
    "functions",
    "open_image",
    "site_offsets",
    "symbols",
    "tables",
]
