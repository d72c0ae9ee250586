# SPDX-License-Identifier: GPL-2.0-or-later
"""Prototypes and layouts from `.BTF` (Documentation/bpf/btf.rst), with bit-fields and values."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from klprove.image.btf import ARRAY, POINTER, PROTOTYPE, STRUCTURE, UNION
from klprove.image.elf import Image
from klprove.image.types import (
    AGGREGATE,
    FLOAT,
    NUMBER,
    UNKNOWN,
    VOID,
    Layout,
    Prototype,
    Value,
)
from klprove.image.types import POINTER as ADDRESS
from klprove.source import plain

_INT, _ENUM, _FORWARD, _TYPEDEF, _FUNCTION, _VARIABLE, _DATASEC, _FLOAT = 1, 6, 7, 8, 12, 14, 15, 16
_DECL_TAG, _ENUM64 = 17, 19
_QUALIFIERS = (9, 10, 11, 18)
"""volatile, const, restrict, type tags."""
_BEHIND = {_INT: 4, ARRAY: 12, _VARIABLE: 4, _DECL_TAG: 4}
_EACH = {STRUCTURE: 12, UNION: 12, _ENUM: 8, PROTOTYPE: 8, _DATASEC: 12, _ENUM64: 12}
"""Bytes behind a type; bytes of each of its members."""
_WORDS = {STRUCTURE: "struct", UNION: "union", _ENUM: "enum", _ENUM64: "enum"}
_POINTER_SIZE, _DEEPEST = 8, 32


class _Type(NamedTuple):
    kind: int
    name: int
    length: int
    flag: int
    target: int
    """A size or a type."""
    at: int
    """Where what is behind the 12 bytes starts."""


_NONE = _Type(0, 0, 0, 0, 0, 0)


class BtfTypes:
    """The types of one image. Raises ValueError or struct.error where they are damaged."""

    def __init__(self, data: bytes, order: str) -> None:
        self._data, self._order = data, order
        magic, _, _, header, place, size, text, length = self._unpack("HBBIIIII", 0)
        if magic != 0xEB9F or header + place + size > len(data):
            raise ValueError("not BTF, or cut short")
        self._strings = data[header + text : header + text + length]
        self._types = list(self._read(header + place, header + place + size))

    def _unpack(self, code: str, at: int) -> tuple[int, ...]:
        return struct.unpack_from(self._order + code, self._data, at)

    def _read(self, at: int, end: int) -> Iterator[_Type]:
        yield _NONE
        head = struct.Struct(self._order + "III")
        while at < end:
            name, info, target = head.unpack_from(self._data, at)
            kind, count = (info >> 24) & 0x1F, info & 0xFFFF
            at += 12
            yield _Type(kind, name, count, info >> 31, target, at)
            at += _BEHIND.get(kind, 0) + (_EACH[kind] * count if kind in _EACH else 0)

    def _get(self, number: int) -> _Type:
        return self._types[number] if number < len(self._types) else _NONE

    def _text(self, place: int) -> str:
        end = self._strings.find(b"\0", place)
        return plain(self._strings[place:end].decode("ascii", "backslashreplace"))

    @property
    def whole(self) -> bool:
        """All that is referred to is here. The BTF of a module leans on that of its kernel."""
        kinds = (POINTER, PROTOTYPE, _TYPEDEF, _FUNCTION, _VARIABLE, *_QUALIFIERS)
        referring = (each.target for each in self._types if each.kind in kinds)
        return max(referring, default=0) < len(self._types)

    # -- functions -------------------------------------------------------------------

    def prototype(self, name: str) -> Prototype | None:
        """That of the function `name`; None where it has none, or several that differ."""
        found = {self._prototype(each) for each in self._functions.get(name, ())}
        return next(iter(found)) if len(found) == 1 else None

    @cached_property
    def _functions(self) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = {}
        for each in self._types:
            if each.kind == _FUNCTION:
                found.setdefault(self._text(each.name), []).append(each.target)
        return found

    def _prototype(self, number: int) -> Prototype | None:
        made = self._get(number)
        if made.kind != PROTOTYPE:
            return None
        given = self._unpack(f"{2 * made.length}I", made.at)[1::2]
        variadic = bool(given) and given[-1] == 0
        values = tuple(map(self._value, given[: len(given) - variadic]))
        return Prototype(self._value(made.target), values, variadic)

    def _value(self, number: int) -> Value:
        bare = self._bare(number)
        found, text = self._get(bare), self._spelled(number)
        if found.kind == 0:
            return Value(VOID, 0, "void")
        if found.kind == POINTER:
            target = self._spelled(found.target, bare=True)
            return Value(ADDRESS, _POINTER_SIZE, text, target=target)
        if found.kind == _INT:
            signed = bool(self._unpack("I", found.at)[0] >> 24 & 1)
            return Value(NUMBER, found.target, text, signed=signed)
        if found.kind in (_ENUM, _ENUM64):
            return Value(NUMBER, found.target, text)
        if found.kind == _FLOAT:
            return Value(FLOAT, found.target, text)
        known = found.kind in (STRUCTURE, UNION)
        return Value(AGGREGATE if known else UNKNOWN, found.target if known else 0, text)

    # -- types -----------------------------------------------------------------------

    def _bare(self, number: int) -> int:
        for _ in range(_DEEPEST):
            found = self._get(number)
            if found.kind not in (_TYPEDEF, *_QUALIFIERS):
                return number
            number = found.target
        return 0

    def _spelled(self, number: int, bare: bool = False, depth: int = 0) -> str:
        while self._get(number).kind in _QUALIFIERS and depth < _DEEPEST:
            number, depth = self._get(number).target, depth + 1
        found = self._get(self._bare(number) if bare else number)
        if found.kind == 0 or depth >= _DEEPEST:
            return "void"
        if found.kind == POINTER:
            target = self._spelled(found.target, bare, depth + 1)
            return target + ("*" if target.endswith("*") else " *")
        if found.kind == ARRAY:
            return self._spelled(self._unpack("I", found.at)[0], bare, depth + 1) + "[]"
        if found.kind == PROTOTYPE:
            return "function"
        word = _WORDS.get(found.kind, "")
        if found.kind == _FORWARD:
            word = "union" if found.flag else "struct"
        return f"{word} {self._text(found.name) or '{...}'}" if word else self._text(found.name)

    def _size(self, number: int, depth: int = 0) -> int:
        found = self._get(self._bare(number))
        if found.kind == POINTER:
            return _POINTER_SIZE
        if found.kind == ARRAY and depth < _DEEPEST:
            element, _, count = self._unpack("III", found.at)
            return count * self._size(element, depth + 1)
        return found.target if found.kind in (_INT, _FLOAT, *_WORDS) else 0

    # -- layouts ---------------------------------------------------------------------

    def names(self) -> frozenset[tuple[str, str]]:
        """Word and name of every complete type."""
        return frozenset(self._complete)

    def layouts(self, word: str, name: str) -> tuple[Layout, ...]:
        """The complete types `word name`."""
        return tuple(self._layout(word, each) for each in self._complete.get((word, name), ()))

    @cached_property
    def _complete(self) -> Mapping[tuple[str, str], Sequence[int]]:
        found: dict[tuple[str, str], list[int]] = {}
        for number, each in enumerate(self._types):
            if each.kind in _WORDS and each.name:
                found.setdefault((_WORDS[each.kind], self._text(each.name)), []).append(number)
        return found

    def _layout(self, word: str, number: int) -> Layout:
        found = self._get(number)
        if word == "enum":
            return Layout(word, found.target, dict(self._enumerators(found)))
        return Layout(word, found.target, dict(self._members(number, 0, 0)))

    def _enumerators(self, found: _Type) -> Iterator[tuple[str, tuple[int, int]]]:
        if found.kind == _ENUM:
            words = self._unpack("Ii" * found.length, found.at)
            for name, value in zip(words[::2], words[1::2], strict=True):
                yield self._text(name), (value, 0)
        else:
            words = self._unpack("III" * found.length, found.at)
            for name, low, high in zip(words[::3], words[1::3], words[2::3], strict=True):
                yield self._text(name), (high << 32 | low, 0)

    def _members(self, number: int, base: int, depth: int) -> Iterator[tuple[str, tuple[int, int]]]:
        found = self._get(number)
        words = self._unpack(f"{3 * found.length}I", found.at)
        for name, target, place in zip(words[::3], words[1::3], words[2::3], strict=True):
            bits, first = (place >> 24, place & 0xFFFFFF) if found.flag else (0, place)
            inner = self._bare(target)
            if not name and self._get(inner).kind in (STRUCTURE, UNION) and depth < _DEEPEST:
                yield from self._members(inner, base + first, depth + 1)
            else:
                yield self._text(name), (base + first, bits or 8 * self._size(inner))


def btf_types(image: Image) -> BtfTypes | None:
    """The types of `image`; None where it has none or they are damaged."""
    section = image.section(".BTF")
    try:
        return BtfTypes(bytes(image.data(section)), image.order) if section else None
    except (struct.error, ValueError):
        return None
