"""How a function uses its locals: which are assigned after their declaration, which addressed."""

from dataclasses import dataclass, field

from klprove.c import Node
from klprove.c.types import Record

_ASSIGNING = frozenset({"=", "x++", "x--", "++x", "--x"})


@dataclass
class Usage:
    """Keys of the variables that are assigned, those whose address is taken, those used at all."""

    assigned: set[int] = field(default_factory=set)
    addressed: set[int] = field(default_factory=set)
    labelled: set[int] = field(default_factory=set)
    """id() of the nodes that hold a label or a case."""

    def is_fixed(self, declaration: Node) -> bool:
        """True for a variable that keeps the value of its initialiser."""
        return declaration.key not in self.assigned and declaration.key not in self.addressed


def usage_of(body: Node) -> Usage:
    """The usage of the locals in `body`."""
    usage = Usage()
    _visit(body, usage)
    return usage


def _visit(node: Node, usage: Usage) -> bool:
    kind = node.kind
    if kind == "UNARY_OPERATOR" or kind == "BINARY_OPERATOR":
        operator = node.operator
        if operator in _ASSIGNING:
            _mark(node.children[0], usage.assigned)
        elif operator == "&" and kind == "UNARY_OPERATOR":
            _mark(node.children[0], usage.addressed)
    elif kind == "COMPOUND_ASSIGNMENT_OPERATOR":
        _mark(node.children[0], usage.assigned)
    labelled = kind in ("LABEL_STMT", "CASE_STMT", "DEFAULT_STMT")
    for part in node.parts:
        if _visit(part, usage):
            labelled = True
    if labelled:
        usage.labelled.add(id(node))
    return labelled


def _mark(node: Node, where: set[int]) -> None:
    node = node.bare
    while node.kind == "MEMBER_REF_EXPR" and isinstance(node.children[0].type, Record):
        node = node.children[0].bare
    if node.kind == "DECL_REF_EXPR" and node.target is not None:
        where.add(node.target.key)
