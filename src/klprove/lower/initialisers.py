"""Initialisers: which scalar of an object each expression of a braced list is for."""

from collections.abc import Generator, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from klprove.c import Node
from klprove.c.types import Array, CType, Field, Integer, Pointer, Record, Void, bit_unit
from klprove.ir.expressions import Const
from klprove.lower.dispatch import refusal
from klprove.lower.values import Bits, Place, Value, pointer


class Item(NamedTuple):
    """The scalar (or whole struct) at byte `offset` gets the value of `node`, or `constant`."""

    offset: int
    type: CType
    bits: Bits | None
    node: Node
    constant: int | None = None

    def place(self, base: Value) -> Place:
        """Where it lies in the object at `base`, which is an address in memory or of a local."""
        from klprove.lower.memory import shifted

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
        data = (plain.text or "").encode()[: ctype.count]
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


def _check_end(node: Node, position: int) -> None:
    if position < len(node.children):
        raise refusal("unsupported", node.children[position], "more initialisers than members")


def _fill(
    ctype: Array | Record, offset: int, elements: Sequence[Node], position: int, braced: bool
) -> Walk:
    """Initialise the members of `ctype` from elements[position:]; returns where it stopped."""
    slots = list(_slots(ctype))
    index = 0
    while position < len(elements):
        element = elements[position]
        if _is_designated(element):
            if not braced:
                break
            index = yield from _designated(ctype, offset, element)
            position += 1
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
        yield from (each for each in ctype.fields if each.name or each.width is None)


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


def _designated(ctype: Array | Record, offset: int, node: Node) -> Walk:
    """Initialise what a designator names; returns the index of the member after it."""
    *path, value = node.children
    following = 0
    spots: list[tuple[CType, int, Bits | None]] = [(ctype, offset, None)]
    number = 0
    while number < len(path):
        step = path[number]
        inside = spots[0][0]
        number += 1
        if isinstance(inside, Record):
            index, field = _member(inside, step)
            spots = [(field.type, *field_place(field, base)) for _, base, _ in spots]
        elif isinstance(inside, Array):
            first = last = _index(step)
            is_range = number < len(path) and not isinstance(inside.element, Array | Record)
            if number < len(path) and path[number].kind != "MEMBER_REF" and not is_range:
                is_range = _has_ellipsis(node)
            if is_range:
                last = _index(path[number])
                number += 1
            index = last
            size = inside.element.size
            spots = [
                (inside.element, base + size * each, None)
                for _, base, _ in spots
                for each in range(first, last + 1)
            ]
        else:
            raise refusal("unsupported", node, "a designator of this form")
        if not following:
            following = index + 1
    for inner, at, bits in spots:
        yield from items(inner, value, at, bits)
    return following


def _member(record: Record, designator: Node) -> tuple[int, Field]:
    fields = [each for each in record.fields if each.name or each.width is None]
    key = designator.target.key if designator.target is not None else 0
    for index, field in enumerate(fields):
        if field.key == key:
            return index, field
    raise refusal("unsupported", designator, f"no member '{designator.name}' here")


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


def base() -> Value:
    """The address that places in an image are counted from."""
    return pointer(0)
