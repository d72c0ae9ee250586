# SPDX-License-Identifier: GPL-2.0-or-later
"""Bit-fields as operands: what they are promoted to, and where compilers do not agree about it."""

from klprove.c import Node
from klprove.ir.types import Int
from klprove.lower.dispatch import refusal

EASY = frozenset({"+", "-", "*", "&", "|", "^", "<<"})
"""Operators of which the low bits of the result depend on those of the operands alone."""

_INT = 32
_STEPS = frozenset({"x++", "x--", "++x", "--x"})


def narrowed(ty: Int, width: int) -> Int:
    """The type that promotion makes of a bit-field of `width` bits declared as `ty`."""
    return ty if width > _INT else Int(_INT, ty.signed or width < _INT)


def refuse_wide(*operands: Node) -> None:
    """Refuse bit-fields of more than 32 bits as operands: to gcc they are integers of as many bits,
    to clang of the type they are declared with (C11 6.3.1.1 leaves it open)."""
    for node in operands:
        field = _wide(node)
        if field is not None:
            text = f"bit-field '{field.name}', wider than int, in arithmetic: compilers differ"
            raise refusal("unsupported", field, text, f"cast it to '{field.type.text}'")


def _wide(node: Node) -> Node | None:
    """The bit-field of more than 32 bits whose type the expression `node` has, if it has."""
    node = node.bare
    parts = node.children
    match node.kind, node.operator if node.kind.endswith("_OPERATOR") else "":
        case "MEMBER_REF_EXPR", _:
            return node if node.target is not None and node.target.width > _INT else None
        case "CONDITIONAL_OPERATOR", _:
            return next(filter(None, map(_wide, parts[1:])), None)
        case "BINARY_OPERATOR", ",":
            return _wide(parts[1])
        case ("BINARY_OPERATOR", "=") | ("COMPOUND_ASSIGNMENT_OPERATOR", _):
            return _wide(parts[0])
        case "UNARY_OPERATOR", operator if operator in _STEPS:
            return _wide(parts[0])
    return None
