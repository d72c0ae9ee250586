# SPDX-License-Identifier: GPL-2.0-or-later
"""Initialisers: which scalar of an object each expression of a braced list is for."""

from collections.abc import Generator, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from klprove.c import Node
from klprove.c.types import Array, CType, Field, Integer, Pointer, Record, Void, bit_unit
from klprove.ir.expressions import Const
from klprove.lower.dispatch import refusal
from klprove.lower.memory import shifted
from klprove.lower.values import Bits, Place, Value


class Item(NamedTuple):
    """The scalar (or whole struct) at byte `offset` gets the value of `node`, or `constant`."""

    offset: int
    type: CType
    bits: Bits | None
    node: Node
    constant: int | None = None

    def place(self, base: Value) -> Place:
        """Where it lies in the object at `base`, which is an address in memory or of a local."""
        return Place(shifted(base, self.offset), self.type, self.bits)


Walk: TypeAlias = Generator[Item, None, int]
"""Yields items, and returns how far it got."""


def field_place(field: Field, base: int) -> tuple[int, Bits | None]:
    """Byte offset of a member in a struct that lies at `base`, and its bits."""
    if field.width is None:
        return base + field.offset, None
    at, unit, shift = bit_unit(field)
    return base + at, Bits(unit, shift, field.width)


def items(ctype: CType, node: Node, offset: int = 0, bits: Bits | None = None) -> Iterator[Item]:
    """What the initialiser `node` gives an object of type `ctype`; what it omits is zero."""
    plain = node.bare
    if isinstance(ctype, Array) and plain.kind == "STRING_LITERAL":
        data = string(plain)[: ctype.count]
        for index, byte in enumerate(data):
            yield Item(offset + index, ctype.element, None, plain, byte)
    elif plain.kind == "INIT_LIST_EXPR":
        if isinstance(ctype, Array | Record):
            position = yield from _fill(ctype, offset, plain.children, 0, True)
            _check_end(plain, position)
        elif plain.children:
            yield from items(ctype, plain.children[0], offset, bits)
    elif plain.kind == "COMPOUND_LITERAL_EXPR" and isinstance(ctype, Array):
        yield from items(ctype, plain.children[-1], offset)
    else:
        yield Item(offset, ctype, bits, node)


def string(node: Node) -> bytes:
    """The contents of a string literal; one of wide characters is refused."""
    if node.string is None:
        raise refusal("unsupported", node, "a string of wide characters", "write an array")
    return node.string


def _check_end(node: Node, position: int) -> None:
    if position < len(node.children):
        raise refusal("unsupported", node.children[position], "more initialisers than members")


def _fill(
    ctype: Array | Record,
    offset: int,
    elements: Sequence[Node],
    position: int,
    braced: bool,
    index: int = 0,
) -> Walk:
    """Initialise the members of `ctype` from `index` on with elements[position:]."""
    slots = list(_slots(ctype))
    while position < len(elements):
        if _is_designated(elements[position]):
            if not braced:
                break
            position, index = yield from _designated(ctype, offset, elements, position)
            continue
        if index >= len(slots):
            break
        at, bits, inner = _slot(slots[index], offset)
        position = yield from _one(inner, at, bits, elements, position)
        index += 1
        if isinstance(ctype, Record) and ctype.is_union:
            index = len(slots)
    return position


def _slots(ctype: Array | Record) -> "Iterator[Field | tuple[int, CType]]":
    if isinstance(ctype, Array):
        for index in range(ctype.count):
            yield index * ctype.element.size, ctype.element
    else:
        yield from ctype.fields


def _slot(slot: "Field | tuple[int, CType]", base: int) -> tuple[int, Bits | None, CType]:
    if isinstance(slot, tuple):
        return base + slot[0], None, slot[1]
    at, bits = field_place(slot, base)
    return at, bits, slot.type


def _one(
    ctype: CType, offset: int, bits: Bits | None, elements: Sequence[Node], position: int
) -> Walk:
    node = elements[position]
    plain = node.bare
    whole = (
        isinstance(ctype, Integer | Pointer | Void)
        or plain.kind in ("INIT_LIST_EXPR", "STRING_LITERAL")
        or plain.type is ctype
    )
    if whole or not isinstance(ctype, Array | Record):
        yield from items(ctype, node, offset, bits)
        return position + 1
    return (yield from _fill(ctype, offset, elements, position, False))


def _is_designated(node: Node) -> bool:
    return node.kind == "UNEXPOSED_EXPR" and isinstance(node.type, Void) and len(node.children) > 1


def _designated(
    ctype: Array | Record, offset: int, elements: Sequence[Node], position: int
) -> Generator[Item, None, tuple[int, int]]:
    """Initialise what a designator names, and what follows inside the aggregates it leads into.

    Returns how far it got, and the index of the next member of `ctype`.
    """
    node = elements[position]
    *path, value = node.children
    levels: list[tuple[Array | Record, int, int]] = []
    spots: list[tuple[int, Bits | None]] = [(offset, None)]
    inside: CType = ctype
    while path:
        step = path.pop(0)
        last_base = spots[-1][0]
        if isinstance(inside, Record):
            way = inside.path(step.target.key if step.target is not None else 0)
            if not way:
                raise refusal("unsupported", step, f"no member '{step.name}' here")
            for index, field in way:
                assert isinstance(inside, Record)
                levels.append((inside, spots[-1][0], index))
                spots = [field_place(field, base) for base, _ in spots]
                inside = field.type
        elif isinstance(inside, Array):
            first = last = _index(step)
            if path and _is_range(node, inside.element, path[0]):
                last = _index(path.pop(0))
            levels.append((inside, last_base, last))
            inside = inside.element
            size = inside.size
            spots = [(base + size * i, None) for base, _ in spots for i in range(first, last + 1)]
        else:
            raise refusal("unsupported", node, "a designator of this form")
    for at, bits in spots:
        yield from items(inside, value, at, bits)
    position += 1
    for aggregate, base, index in reversed(levels[1:]):
        following = len(list(_slots(aggregate))) if _is_union(aggregate) else index + 1
        position = yield from _fill(aggregate, base, elements, position, False, following)
    return position, len(list(_slots(ctype))) if _is_union(ctype) else levels[0][2] + 1


def _is_union(ctype: CType) -> bool:
    return isinstance(ctype, Record) and ctype.is_union


def _is_range(node: Node, element: CType, following: Node) -> bool:
    """True where what follows the index of an array is the end of a range, no other index."""
    if following.kind == "MEMBER_REF":
        return False
    return not isinstance(element, Array) or _has_ellipsis(node)


def _index(node: Node) -> int:
    if node.constant is None:
        raise refusal("unsupported", node, "an index that is not constant")
    return node.constant


def _has_ellipsis(node: Node) -> bool:
    return any(token.spelling == "..." for token in node.cursor.get_tokens())


def put(image: bytearray, place: Place, value: Const) -> None:
    """Write a constant into the bytes of an object; the place's address counts from its start."""
    assert isinstance(place.addr, Const) and isinstance(place.type, Integer | Pointer)
    offset, ty = place.addr.value, place.type.ty
    if place.bits is None:
        image[offset : offset + ty.size] = (value.value & (1 << ty.bits) - 1).to_bytes(
            ty.size, "little"
        )
        return
    unit, shift, width = place.bits
    old = int.from_bytes(image[offset : offset + unit.size], "little")
    mask = ((1 << width) - 1) << shift
    new = old & ~mask | value.value << shift & mask
    image[offset : offset + unit.size] = new.to_bytes(unit.size, "little")
