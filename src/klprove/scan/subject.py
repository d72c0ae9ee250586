# SPDX-License-Identifier: GPL-2.0-or-later
"""An image taken apart: what every question about it starts from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from klprove.image import Functions, Image, Symbol, Tables, functions, symbols, tables
from klprove.image.names import read_map
from klprove.image.symbols import OBJECT
from klprove.scan.patching import places


@dataclass(frozen=True, slots=True)
class Subject:
    """An image taken apart: what every question about it starts from."""

    image: Image
    functions: Functions
    named: Mapping[str, Symbol]
    """The first symbol of each name."""
    tables: Tables
    regions: Sequence[str]
    objects: NDArray[np.uint64]
    """Start and size of each variable, a row each, by start; empty where no symbol has a size."""


def subject(image: Image, names: str | None = None) -> Subject:
    """The parts of `image`, with symbols from the list `names` where it has none of its own.

    Raises BadInput for a list that cannot be used.
    """
    table = symbols(image)
    if not table and names:
        table = read_map(names, image)
    if not table:
        image.notes.append(
            "no symbol table (stripped): no function can be named; give a System.map or "
            "/proc/kallsyms of this kernel with --names"
        )
    named: dict[str, Symbol] = {}
    for each in table:
        named.setdefault(each.name, each)
    found = functions(image, table)
    about = tables(image, named)
    objects = sorted({(e.address, e.size) for e in table if e.type == OBJECT and e.size})
    rows = np.array(objects, np.uint64).reshape(-1, 2)
    return Subject(image, found, named, about, places(found, about.regions), rows)
