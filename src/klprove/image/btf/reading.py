# SPDX-License-Identifier: GPL-2.0-or-later
"""The records of `.BTF` (Documentation/bpf/btf.rst): types by number, members, names."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from klprove.image.elf import Image, text_at
from klprove.source import plain

_MAGIC = 0xEB9F
(INT, POINTER, ARRAY, STRUCTURE, UNION, ENUM, FORWARD, TYPEDEF, _VOLATILE, _CONST, _RESTRICT,
 FUNCTION, PROTOTYPE, VARIABLE, DATASEC, FLOAT, _DECL_TAG, _TYPE_TAG, ENUM64,
) = range(1, 20)  # fmt: skip
QUALIFIERS = (_VOLATILE, _CONST, _RESTRICT, _TYPE_TAG)
_THROUGH = (TYPEDEF, *QUALIFIERS)
SIZED = (INT, STRUCTURE, UNION, ENUM, ENUM64, FLOAT)
"""Their records have a size, where others have a type."""
_HEAD, _KIND, _LENGTH = 3, 0x1F, 0xFFFF
"""Words of every record; in the second one its kind, from bit 24 on, and the number of members."""
_BEHIND = {INT: 1, ARRAY: 3, VARIABLE: 1, _DECL_TAG: 1}
"""Words behind these, where their number is fixed."""
_EACH = {STRUCTURE: 3, UNION: 3, ENUM: 2, PROTOTYPE: 2, DATASEC: 3, ENUM64: 3}
"""Words a member."""
_SIGNED = 1
"""Among the encodings of an integer."""
_POINTER_SIZE = 8
_DEEPEST = 64
"""Names of names, arrays of arrays: more than C has, less than damaged types could."""


class Field(NamedTuple):
    """A member of a structure or union."""

    name: int
    """Its place among the strings; 0 for none."""
    type: int
    first: int
    """In bits from the start."""
    width: int
    """In bits of a bit-field; 0 for what is none."""


class Types:
    """The types of one image, by number; number 0 is void, and so is a number that no type has.

    `words` are the records, `strings` the names. Raises ValueError where a record is cut short or
    of a kind that is not known: then nobody knows where the next one begins.
    """

    def __init__(self, words: NDArray[np.uint32], strings: bytes) -> None:
        self._words, self._strings = words.data, strings
        starts = np.fromiter(_starts(self._words), np.int64)
        heads = [words[starts + each] for each in range(_HEAD)]
        self._names, self._infos, self._targets = ([0, *each.tolist()] for each in heads)
        self._kinds: list[int] = [0, *(heads[1] >> 24 & _KIND).tolist()]
        self._behind = [0, *(starts + _HEAD).tolist()]
        self._fields: dict[int, tuple[Field, ...]] = {}

    def __len__(self) -> int:
        return len(self._kinds)

    def kind(self, number: int) -> int:
        """The kind of a type; 0 for void."""
        return self._kinds[number] if 0 <= number < len(self._kinds) else 0

    def target(self, number: int) -> int:
        """The type that a record names: behind a pointer or another name, the result of a
        prototype; the size of what is SIZED; 0 of void."""
        return self._targets[number] if 0 <= number < len(self._targets) else 0

    def flag(self, number: int) -> bool:
        """Of a structure, that its members have widths; of one that is not here, that it is a
        union."""
        return 0 <= number < len(self._infos) and self._infos[number] >> 31 > 0

    def text(self, place: int) -> str:
        """The string at `place`."""
        return plain(text_at(self._strings, place))

    def name(self, number: int) -> str:
        """The name of a type; empty where it has none."""
        return self.text(self._names[number]) if 0 <= number < len(self._names) else ""

    def bare(self, number: int) -> int:
        """The type behind names and qualifiers."""
        for _ in range(_DEEPEST):
            if self.kind(number) not in _THROUGH:
                return number
            number = self._targets[number]
        return 0

    def size(self, number: int) -> int:
        """The size of a type in bytes; 0 where it is not known."""
        times = 1
        for _ in range(_DEEPEST):
            number = self.bare(number)
            kind = self.kind(number)
            if kind == POINTER:
                return times * _POINTER_SIZE
            if kind != ARRAY:
                return times * self.target(number) if kind in SIZED else 0
            number, count = self.element(number)
            times *= count
        return 0

    def signed(self, number: int) -> bool:
        """It is an integer with a sign."""
        integer = self.kind(number) == INT
        return integer and bool(self._words[self._behind[number]] >> 24 & _SIGNED)

    def element(self, number: int) -> tuple[int, int]:
        """The type of an array's elements, and how many there are; void and 0 of what is none."""
        if self.kind(number) != ARRAY:
            return 0, 0
        at = self._behind[number]
        return self._words[at], self._words[at + 2]

    def pointed(self, number: int) -> int:
        """The type that a pointer leads to, behind names; 0 for none, and for void."""
        number = self.bare(number)
        return self.bare(self._targets[number]) if self.kind(number) == POINTER else 0

    # -- what stands behind a record -----------------------------------------------------

    def _columns(self, number: int, *kinds: int) -> Sequence[Sequence[int]]:
        """The words of the members of a type, the first of each, the second of each; empty where it
        is of none of `kinds`."""
        kind = self.kind(number)
        if kind not in kinds:
            return ((),) * 3
        at, step = self._behind[number], _EACH[kind]
        words = self._words[at : at + step * (self._infos[number] & _LENGTH)].tolist()
        return [words[each::step] for each in range(step)]

    def fields(self, number: int) -> Sequence[Field]:
        """The members of a structure or union; none of anything else."""
        if number not in self._fields:
            shift, mask = (24, 0xFFFFFF) if self.flag(number) else (32, 0xFFFFFFFF)
            columns = zip(*self._columns(number, STRUCTURE, UNION), strict=True)
            self._fields[number] = tuple(
                Field(name, target, place & mask, place >> shift) for name, target, place in columns
            )
        return self._fields[number]

    def flat(self, number: int) -> Iterator[tuple[Field, int]]:
        """The members of a structure or union and, in their place, those of parts without a name;
        each with its first bit in the whole."""
        seen = {number}
        stack = [(each, each.first) for each in reversed(self.fields(number))]
        while stack:
            field, first = stack.pop()
            inner = self.bare(field.type)
            if field.name or self.kind(inner) not in (STRUCTURE, UNION):
                yield field, first
            elif inner not in seen:  # damaged types may hold themselves
                seen.add(inner)
                parts = reversed(self.fields(inner))
                stack += [(each, first + each.first) for each in parts]

    def find(self, number: int, name: str) -> Iterator[tuple[int, int]]:
        """Type and offset in bytes of the members of that name in `flat`; no bit-fields."""
        wanted = name.encode("ascii", "backslashreplace") + b"\0"
        for field, first in self.flat(number):
            if not field.width and self._strings.startswith(wanted, field.name):
                yield field.type, first // 8

    def parameters(self, number: int) -> Sequence[int]:
        """The types that a prototype takes; void as the last one stands for `...`."""
        return self._columns(number, PROTOTYPE)[1]

    def enumerators(self, number: int) -> Iterator[tuple[str, int]]:
        """Names and values of an enumeration."""
        for name, value in zip(*self._columns(number, ENUM)[:2], strict=True):
            yield self.text(name), (value ^ 1 << 31) - (1 << 31)
        for name, low, high in zip(*self._columns(number, ENUM64), strict=True):
            yield self.text(name), high << 32 | low

    def placed(self, section: str) -> Iterator[tuple[int, int]]:
        """Each variable of a section of the image, and its place in there."""
        for number in self.of_kind(DATASEC):
            if self.name(number) == section:
                variables, places, _ = self._columns(number, DATASEC)
                for variable, place in zip(variables, places, strict=True):
                    if self.kind(variable) == VARIABLE:
                        yield variable, place

    # -- by name -------------------------------------------------------------------------

    def of_kind(self, *kinds: int) -> Iterator[int]:
        """The types of some kinds."""
        return (number for number, kind in enumerate(self._kinds) if kind in kinds)

    @cached_property
    def complete(self) -> Mapping[str, Sequence[int]]:
        """Structures, unions and enumerations by name."""
        return self._named(STRUCTURE, UNION, ENUM, ENUM64)

    @cached_property
    def functions(self) -> Mapping[str, Sequence[int]]:
        """Prototypes of functions by name."""
        found = self._named(FUNCTION)
        return {name: [self._targets[each] for each in found[name]] for name in found}

    def structures(self, name: str) -> Sequence[int]:
        """The structures and unions of that name."""
        found = self.complete.get(name, ())
        return [each for each in found if self.kind(each) in (STRUCTURE, UNION)]

    def _named(self, *kinds: int) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = {}
        for number in self.of_kind(*kinds):
            if self._names[number]:
                found.setdefault(self.name(number), []).append(number)
        return found


def _starts(words: memoryview) -> Iterator[int]:
    """Where each record begins."""
    at = 0
    while at + _HEAD <= len(words):
        yield at
        info = words[at + 1]
        kind = info >> 24 & _KIND
        if not INT <= kind <= ENUM64:
            raise ValueError(f"kind {kind}")
        at += _HEAD + _BEHIND.get(kind, 0) + _EACH.get(kind, 0) * (info & _LENGTH)
    if at != len(words):
        raise ValueError("cut short")


NO_TYPES = Types(np.zeros(0, np.uint32), b"")
"""Of an image without BTF: void."""


def types(image: Image) -> Types | None:
    """The types of `image`; None where it has none, or they are damaged (a note says so)."""
    section = image.section(".BTF")
    if section is None:
        return None
    try:
        return _parse(bytes(image.data(section)), image.order)
    except (struct.error, ValueError):
        order = "little" if image.order == "<" else "big"
        image.notes.append(f"BTF is damaged, or not in {order}-endian order: no prototypes")
        return None


def _parse(data: bytes, order: str) -> Types:
    magic, _, _, header, place, size, text, length = struct.unpack_from(order + "HBBIIIII", data)
    start = header + place
    if magic != _MAGIC or start + size > len(data):
        raise ValueError("not BTF, or cut short")
    words = np.frombuffer(data[start : start + size], order + "u4").astype(np.uint32)
    return Types(words, data[header + text : header + text + length])
