# SPDX-License-Identifier: GPL-2.0-or-later
"""C types, with clang's layout for x86-64."""

from collections.abc import Iterator
from functools import cached_property
from itertools import takewhile
from typing import Any, TypeAlias

from clang.cindex import TypeKind

from klprove.c import api
from klprove.ir.types import U64, Int


class Void:
    """`void`; its size is 1, as GNU pointer arithmetic has it."""

    size = 1
    text = "void"


class Integer:
    """An integer, a character, an enumeration, or (boolean) `_Bool`."""

    def __init__(self, ty: Int, text: str, boolean: bool = False) -> None:
        self.ty, self.text, self.boolean = ty, text, boolean
        self.size = ty.size


class Pointer:
    """A pointer; `target` is looked up when asked for, since structs point to themselves."""

    size = 8
    ty = U64

    def __init__(self, table: "TypeTable", clang: Any, text: str) -> None:
        self._table, self._clang, self.text = table, clang, text

    @cached_property
    def target(self) -> "CType":
        """What it points to."""
        return self._table.of(self._clang.get_pointee())


class Array:
    """An array; `count` is 0 when it is not known (a flexible member, an extern declaration)."""

    def __init__(self, element: "CType", count: int, text: str) -> None:
        self.element, self.count, self.text = element, count, text
        self.size: int = element.size * count


class Field:
    """A member of a struct or union."""

    def __init__(self, table: "TypeTable", cursor: Any) -> None:
        self._cursor = cursor
        self._table = table
        name = api.spelling(cursor)
        # clang describes a member without a name: "union item::(anonymous at file.c:1:2)".
        self.name = "" if "(" in name else name
        self.key = api.identity(cursor)
        self.type = table.of(cursor.type)
        self.bit_offset = int(cursor.get_field_offsetof())
        self.width = int(cursor.get_bitfield_width()) if cursor.is_bitfield() else None

    @property
    def offset(self) -> int:
        """Offset in bytes, from the struct that declares the member directly."""
        return self.bit_offset // 8

    @cached_property
    def annotations(self) -> tuple[str, ...]:
        """Texts of its annotate attributes."""
        return annotations(self._cursor)


class Record:
    """A struct or union."""

    def __init__(self, table: "TypeTable", clang: Any, text: str) -> None:
        self._table, self._clang, self.text = table, clang, text
        self.size = max(int(clang.get_size()), 0)
        self.complete = int(clang.get_size()) >= 0

    @cached_property
    def is_union(self) -> bool:
        """True for a union."""
        return bool(self._clang.get_declaration().kind.name == "UNION_DECL")

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The members in order, without padding; an anonymous struct is one without a name."""
        found = (Field(self._table, each) for each in self._clang.get_fields())
        return tuple(each for each in found if each.name or each.width is None)

    def path(self, key: int) -> list[tuple[int, Field]]:
        """The way to the member that `key` declares, through anonymous members: at each level the
        index and the member; empty where there is none."""
        for index, field in enumerate(self.fields):
            if field.key == key:
                return [(index, field)]
            if not field.name and isinstance(field.type, Record):
                inner = field.type.path(key)
                if inner:
                    return [(index, field), *inner]
        return []


class Function:
    """A function type."""

    size = 1

    def __init__(self, table: "TypeTable", clang: Any, text: str) -> None:
        self.text = text
        self.result = table.of(clang.get_result())
        self.prototype = clang.kind == TypeKind.FUNCTIONPROTO
        given = clang.argument_types() if self.prototype else ()
        self.parameters = tuple(table.of(each) for each in given)
        self.variadic = bool(self.prototype and clang.is_function_variadic())


class Refused:
    """A type outside the language: `code` is the diagnostic it leads to."""

    size = 1

    def __init__(self, text: str, code: str) -> None:
        self.text, self.code = text, code


CType: TypeAlias = Void | Integer | Pointer | Array | Record | Function | Refused
Scalar: TypeAlias = Integer | Pointer

_INTEGERS = {
    TypeKind.BOOL: (8, False), TypeKind.CHAR_U: (8, False), TypeKind.UCHAR: (8, False),
    TypeKind.CHAR_S: (8, True), TypeKind.SCHAR: (8, True), TypeKind.USHORT: (16, False),
    TypeKind.SHORT: (16, True), TypeKind.UINT: (32, False), TypeKind.INT: (32, True),
    TypeKind.ULONG: (64, False), TypeKind.LONG: (64, True), TypeKind.ULONGLONG: (64, False),
    TypeKind.LONGLONG: (64, True),
}  # fmt: skip
_FLOATS = (TypeKind.FLOAT, TypeKind.DOUBLE, TypeKind.LONGDOUBLE, TypeKind.FLOAT128,
           TypeKind.COMPLEX, TypeKind.HALF)  # fmt: skip

INT = Integer(Int(32, True), "int")
UNSIGNED_LONG = Integer(U64, "unsigned long")
LONG = Integer(Int(64, True), "long")
VOID = Void()


class TypeTable:
    """The types of one translation unit; equal types are the same object."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], CType] = {}

    def of(self, clang: Any) -> CType:
        """The type that `clang` stands for; qualifiers and typedefs are gone."""
        key = (clang._kind_id, clang.data[0] or 0)
        known = self._known.get(key)
        if known is None:
            canonical = clang.get_canonical()
            # The low bits of clang's handle are the qualifiers const, restrict, volatile.
            plain = (canonical._kind_id, (canonical.data[0] or 0) & ~7)
            known = self._known.get(plain)
            if known is None:
                known = self._known[plain] = self._make(canonical)
            self._known[key] = known
        return known

    def _make(self, clang: Any) -> CType:
        kind, text = clang.kind, clang.spelling
        for qualifier in ("const ", "volatile "):
            text = text.removeprefix(qualifier)
        if kind in _INTEGERS:
            return Integer(Int(*_INTEGERS[kind]), text, kind == TypeKind.BOOL)
        if kind in (TypeKind.VOID, TypeKind.INVALID):
            return VOID
        if kind == TypeKind.POINTER:
            return Pointer(self, clang, text)
        if kind == TypeKind.ENUM:
            base = self.of(clang.get_declaration().enum_type)
            return base if isinstance(base, Integer) else INT
        if kind == TypeKind.RECORD:
            return Record(self, clang, text)
        if kind == TypeKind.CONSTANTARRAY:
            return Array(self.of(clang.element_type), int(clang.element_count), text)
        if kind == TypeKind.INCOMPLETEARRAY:
            return Array(self.of(clang.element_type), 0, text)
        if kind in (TypeKind.FUNCTIONPROTO, TypeKind.FUNCTIONNOPROTO):
            return Function(self, clang, text)
        if kind in _FLOATS:
            return Refused(text, "float")
        return Refused(text, "vla" if kind == TypeKind.VARIABLEARRAY else "unsupported")


def annotations(cursor: Any) -> tuple[str, ...]:
    """Texts of the annotate attributes of a declaration, without the prefix `klprove:`."""
    found = (api.spelling(each) for each in api.children(cursor) if each._kind_id == 406)
    return tuple(text.removeprefix("klprove:") for text in found if text.startswith("klprove:"))


def is_const(clang: Any) -> bool:
    """True when an object of this type is read-only as a whole."""
    clang = clang.get_canonical()
    while clang.kind in (TypeKind.CONSTANTARRAY, TypeKind.INCOMPLETEARRAY):
        if clang.is_const_qualified():
            return True
        clang = clang.get_array_element_type().get_canonical()
    return bool(clang.is_const_qualified())


def leaves(ctype: CType, offset: int = 0) -> Iterator[tuple[int, Int, str]]:
    """Offset, type and C-like path of every scalar in an object of type `ctype`.

    Of a union the largest member counts, and where it has holes, what the others have there;
    bit-fields count as the integers that hold them.
    """
    match ctype:
        case Integer() | Pointer():
            yield offset, ctype.ty, ""
        case Array(element=element, count=count):
            for index in range(count):
                for at, ty, path in leaves(element, offset + index * element.size):
                    yield at, ty, f"[{index}]{path}"
        case Record(is_union=True, fields=fields) if fields:
            yield from _overlaid(sorted(fields, key=lambda each: -each.type.size), offset)
        case Record(fields=fields):
            for index, field in enumerate(fields):
                if field.width is None:
                    yield from _member(field, offset)
                elif index == 0 or fields[index - 1].width is None:
                    yield from _bit_run(fields[index:], offset, ctype.size)


def _is_solid(ctype: CType) -> bool:
    """True for a type of which every byte belongs to a scalar, as far as is plain to see."""
    while isinstance(ctype, Array):
        ctype = ctype.element
    return isinstance(ctype, Integer | Pointer)


def _overlaid(fields: list[Field], offset: int) -> Iterator[tuple[int, Int, str]]:
    """Scalars for every byte that one of `fields` has, those of the first as they are."""
    if _is_solid(fields[0].type):
        yield from _member(fields[0], offset)
        return
    found: dict[int, tuple[Int, str]] = {}
    covered: set[int] = set()
    for field in fields:
        for at, ty, path in _member(field, offset):
            free = sorted(set(range(at, at + ty.size)) - covered)
            covered.update(free)
            if len(free) == ty.size:
                found[at] = ty, path
            else:
                found.update((byte, (Int(8, False), path)) for byte in free)
    yield from ((at, ty, path) for at, (ty, path) in sorted(found.items()))


def _member(field: Field, offset: int) -> Iterator[tuple[int, Int, str]]:
    name = f".{field.name}" if field.name else ""
    for at, ty, path in leaves(field.type, offset + field.offset):
        yield at, ty, name + path


def _bit_run(fields: tuple[Field, ...], base: int, size: int) -> Iterator[tuple[int, Int, str]]:
    """Integers that cover the bit-fields at the start of `fields`, and nothing else.

    The integer types that bit-fields are declared with may overlap one another and other members.
    """
    run = list(takewhile(lambda each: each.width is not None, fields))
    rest = fields[len(run) :]
    at = run[0].bit_offset // 8
    last = run[-1]
    used = -(-(last.bit_offset + (last.width or 0)) // 8)
    free = rest[0].offset if rest else size
    end = max(used, min(free, -(-used // last.type.size) * last.type.size))
    while at < end:
        piece = next(n for n in (8, 4, 2, 1) if at % n == 0 and at + n <= end)
        inside = [f.name for f in run if at * 8 <= f.bit_offset < (at + piece) * 8]
        yield base + at, Int(piece * 8, False), f".{inside[0]}" if inside else ""
        at += piece


def bit_unit(field: Field) -> tuple[int, Int, int]:
    """For a bit-field: byte offset and type of the integer that holds it, and the shift in it."""
    assert isinstance(field.type, Integer) and field.width is not None
    for bits in (field.type.ty.bits, 64):
        start = field.bit_offset // bits * bits
        if field.bit_offset + field.width <= start + bits:
            return start // 8, Int(bits, False), field.bit_offset - start
    start = field.bit_offset // 8 * 8
    return start // 8, Int(64, False), field.bit_offset - start
