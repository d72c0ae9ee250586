# SPDX-License-Identifier: GPL-2.0-or-later
"""How a function uses its locals: which are assigned after their declaration, which addressed."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from klprove.c import Node
from klprove.c.types import Record

_ASSIGNING = frozenset({"=", "x++", "x--", "++x", "--x"})


@dataclass
class Usage:
    """What happens to the locals of a function, by key of their declaration."""

    assigned: set[int] = field(default_factory=set)
    """Assigned somewhere, other than by their initialiser."""
    addressed: set[int] = field(default_factory=set)
    """Their address is taken."""
    late: set[int] = field(default_factory=set)
    """Declared without a value, and given one once, by a statement of the same block."""
    labelled: set[int] = field(default_factory=set)
    """Statements, by id() of their node, with a label or a case in them: a jump may lead inside."""

    def is_fixed(self, declaration: Node) -> bool:
        """True for a variable that keeps the value of its initialiser."""
        return declaration.key not in self.assigned and declaration.key not in self.addressed


def usage_of(body: Node) -> Usage:
    """The usage of the locals in `body`."""
    usage = Usage()
    counts: Counter[int] = Counter()
    _visit(body, usage, counts)
    usage.assigned = set(counts)
    usage.late -= usage.addressed | {key for key, count in counts.items() if count > 1}
    return usage


def _visit(node: Node, usage: Usage, counts: Counter[int]) -> bool:
    kind = node.kind
    if kind == "UNARY_OPERATOR" or kind == "BINARY_OPERATOR":
        operator = node.operator
        if operator in _ASSIGNING:
            _mark(node.children[0], counts)
        elif operator == "&" and kind == "UNARY_OPERATOR":
            _mark(node.children[0], usage.addressed)
    elif kind == "COMPOUND_ASSIGNMENT_OPERATOR":
        _mark(node.children[0], counts)
    elif kind == "COMPOUND_STMT":
        usage.late |= _late(node)
    labelled = kind in ("LABEL_STMT", "CASE_STMT", "DEFAULT_STMT")
    for part in node.parts:
        if _visit(part, usage, counts):
            labelled = True
    if labelled:
        usage.labelled.add(id(node))
    return labelled


def _late(block: Node) -> set[int]:
    """Locals that `block` declares without a value, and assigns where nothing can go round it."""
    declared: set[int] = set()
    found: set[int] = set()
    for each in _straight(block):
        if each.kind == "DECL_STMT":
            variables = [v for v in each.children if v.kind == "VAR_DECL"]
            declared |= {v.key for v in variables if v.initialiser is None}
        elif each.kind == "BINARY_OPERATOR" and each.operator == "=":
            left = each.children[0].bare
            if left.kind == "DECL_REF_EXPR" and left.target is not None:
                found.add(left.target.key)
    return declared & found


def _straight(block: Node) -> Iterator[Node]:
    """The statements that run whenever `block` does, in order."""
    for each in block.children:
        if each.kind == "COMPOUND_STMT":
            yield from _straight(each)
        elif each.kind == "DO_STMT" and each.children[1].constant == 0:
            yield from _straight(each.children[0])
        else:
            yield each


def _mark(node: Node, where: set[int] | Counter[int]) -> None:
    node = node.bare
    while node.kind == "MEMBER_REF_EXPR" and isinstance(node.children[0].type, Record):
        node = node.children[0].bare
    if node.kind == "DECL_REF_EXPR" and node.target is not None:
        where.update([node.target.key])
