# SPDX-License-Identifier: GPL-2.0-or-later
"""What the questions about an x86-64 image share: its call graph, its code, where pointers lead."""

from dataclasses import dataclass

import numpy as np

from klprove.image import Functions
from klprove.image.btf import Layout, Signatures, types
from klprove.scan.calls import Calls
from klprove.scan.code import Code
from klprove.scan.graph import TAKEN, Graph, graph, stored_in_code, taken_in_data
from klprove.scan.knowledge import Knowledge, knowledge
from klprove.scan.members import Members, Taken
from klprove.scan.pointers import Pointers
from klprove.scan.subject import Subject


@dataclass(frozen=True, slots=True)
class Parts:
    """Each made once for an image."""

    functions: Functions
    known: Knowledge
    graph: Graph
    code: Code
    calls: Calls
    pointers: Pointers
    typed: bool
    """Whether the image has types (BTF)."""


def parts(it: Subject) -> Parts:
    """The parts of an image."""
    known = knowledge()
    edges, typed = graph(it.image, it.functions, it.tables.alternatives), types(it.image)
    prototypes = Signatures(typed) if typed else None
    fixed = {it.named[key].address: True for key in known.rcu["keys"] if key in it.named}
    code = Code(it.image, it.functions, it.tables, fixed)
    members = _members(it, edges, prototypes)
    calls = Calls(it.functions, edges, code, it.named, prototypes, members)
    pointers = Pointers(
        it.image, it.functions, it.named, edges, members, calls, code, known
    )  # fmt: skip
    return Parts(it.functions, known, edges, code, calls, pointers, prototypes is not None)


def _members(it: Subject, edges: Graph, prototypes: Signatures | None) -> Members | None:
    if prototypes is None:
        return None
    in_code = np.unique(edges.targets[edges.kinds == TAKEN])
    in_data, places = taken_in_data(it.image, it.functions, it.tables)
    taken = Taken(in_code, in_data, places, it.objects, stored_in_code(it.image, edges))
    return Members(prototypes, Layout(prototypes.types), it.functions, taken)
