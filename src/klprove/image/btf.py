# SPDX-License-Identifier: GPL-2.0-or-later
"""Types from `.BTF` (Documentation/bpf/btf.rst): prototypes of functions, members of structures."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from klprove.image.elf import Image

_MAGIC = 0xEB9F
(_INT, POINTER, ARRAY, STRUCTURE, UNION, _ENUM, _FWD, _TYPEDEF, _VOLATILE, _CONST, _RESTRICT, _FUNC,
 PROTOTYPE, VARIABLE, DATASEC, _FLOAT, _DECL_TAG, _TYPE_TAG, _ENUM64) = range(1, 20)  # fmt: skip
_THROUGH = (_TYPEDEF, _VOLATILE, _CONST, _RESTRICT, _TYPE_TAG)
_TAIL = {_INT: 4, ARRAY: 12, VARIABLE: 4, _DECL_TAG: 4}
"""Bytes behind the 12 of a type, where their number is fixed."""
_EACH = {STRUCTURE: 12, UNION: 12, _ENUM: 8, PROTOTYPE: 8, DATASEC: 12, _ENUM64: 12}
"""Bytes a member."""
_SIGNED = 1
"""Among the encodings of an integer."""
_DEEPEST = 8
"""Parts without a name inside each other."""

Signature = tuple[int, ...]
"""A prototype: the type of the result, then those of the parameters, as BTF numbers them."""


@dataclass(frozen=True)
class Types:
    """The types of one image, by number; number 0 is void."""

    records: Sequence[tuple[int, int, int, int]]
    """(kind, place of the name, size or type, members) of each type; of an array the type of an
    element and their number."""
    strings: bytes
    members: Mapping[int, Sequence[tuple[int, int, int]]] = field(repr=False)
    """(place of the name, type, offset in bits) of each member of a structure, bit-fields left out;
    (place of the name, type, 0) of a prototype's parameter; (0, type, address) of a variable."""
    signed: frozenset[int] = frozenset()
    """The integers that have a sign."""

    @cached_property
    def functions(self) -> Mapping[str, Signature]:
        """Signature by name; a name with two different ones is left out."""
        return {name: next(iter(e)) for name, e in self.signatures.items() if len(e) == 1}

    @cached_property
    def signatures(self) -> Mapping[str, set[Signature]]:
        """All signatures of a name."""
        found: dict[str, set[Signature]] = {}
        for kind, name, target, _ in self.records:
            if kind == _FUNC:
                found.setdefault(self.name(name), set()).add(self.signature(target) or ())
        return found

    def signature(self, number: int) -> Signature | None:
        """That of prototype `number`, looked for through names and a pointer; None for none."""
        number = self.bare(number)
        if self.kind(number) == POINTER:
            number = self.bare(self.records[number][2])
        if self.kind(number) != PROTOTYPE:
            return None
        target = self.records[number][2]
        return (self.plain(target), *(self.plain(each[1]) for each in self.members.get(number, ())))

    def member(self, structure: str, name: str) -> Signature | None:
        """The signature of a pointer to functions in a structure or union, or in a part of it that
        has no name; `name` may lead on into a part, `part.name`. None where there is none."""
        for number in self.structures.get(structure, ()):
            found = number
            for each in name.split("."):
                found = next(self._named(self.bare(found), each, 0), 0)
            if found:
                return self.signature(found)
        return None

    def _named(self, number: int, name: str, depth: int) -> Iterator[int]:
        for place, target, _ in self.members.get(number, ()):
            if self.name(place) == name:
                yield target
            elif not place and depth < _DEEPEST:
                yield from self._named(self.bare(target), name, depth + 1)

    @cached_property
    def structures(self) -> Mapping[str, Sequence[int]]:
        """The types by the name of a structure or union."""
        found: dict[str, list[int]] = {}
        for number, (kind, name, _, _) in enumerate(self.records):
            if kind in (STRUCTURE, UNION) and name:
                found.setdefault(self.name(name), []).append(number)
        return found

    def kind(self, number: int) -> int:
        """The kind of a type; 0 for void and for a number that no type has."""
        return self.records[number][0] if 0 <= number < len(self.records) else 0

    def bare(self, number: int) -> int:
        """The type behind names and qualifiers."""
        for _ in range(64):
            if self.kind(number) not in _THROUGH:
                return number
            number = self.records[number][2]
        return 0

    def plain(self, number: int) -> int:
        """`bare`, with one level of pointer kept apart: one number for what is one type in C."""
        number = self.bare(number)
        if self.kind(number) != POINTER:
            return number
        return -1 - self.bare(self.records[number][2])

    def name(self, place: int) -> str:
        """The string at `place`."""
        end = self.strings.find(b"\0", place)
        return self.strings[place:end].decode("ascii", "backslashreplace")


NO_TYPES = Types([(0, 0, 0, 0)], b"", {})
"""Of an image without BTF: void."""


def types(image: Image) -> Types | None:
    """The types of `image`; None where it has none, or they are damaged (a note says so)."""
    section = image.section(".BTF")
    if section is None:
        return None
    order = "little" if image.order == "<" else "big"
    data = bytes(image.data(section))
    try:
        return _parse(data, image.order)
    except (struct.error, IndexError, ValueError):
        image.notes.append(f"BTF is damaged, or not in {order}-endian order: no prototypes")
        return None


def _parse(data: bytes, order: str) -> Types:
    magic, _, _, header, place, size, text, length = struct.unpack_from(order + "HBBIIIII", data)
    if magic != _MAGIC:
        raise ValueError("not BTF")
    strings = data[header + text : header + text + length]
    records: list[tuple[int, int, int, int]] = [(0, 0, 0, 0)]
    members: dict[int, Sequence[tuple[int, int, int]]] = {}
    signed: set[int] = set()
    at, end = header + place, header + place + size
    if end > len(data):
        raise ValueError("cut short")
    head = struct.Struct(order + "III")
    while at < end:
        name, info, target = head.unpack_from(data, at)
        at += 12
        kind, count = (info >> 24) & 0x1F, info & 0xFFFF
        if kind in (STRUCTURE, UNION, PROTOTYPE, DATASEC):
            found = _members(data, at, kind, count, order)
            members[len(records)] = tuple(_whole(found) if info >> 31 else found)
        elif kind == _INT and struct.unpack_from(order + "I", data, at)[0] >> 24 & _SIGNED:
            signed.add(len(records))
        elif kind == ARRAY:
            target, _, count = struct.unpack_from(order + "III", data, at)
        records.append((kind, name, target, count))
        at += _TAIL.get(kind, 0) + (_EACH[kind] * count if kind in _EACH else 0)
    return Types(records, strings, members, frozenset(signed))


def _members(
    data: bytes, at: int, kind: int, count: int, order: str
) -> Iterator[tuple[int, int, int]]:
    if kind == PROTOTYPE:
        found = struct.unpack_from(f"{order}{2 * count}I", data, at)
        return ((found[i], found[i + 1], 0) for i in range(0, 2 * count, 2))
    found = struct.unpack_from(f"{order}{3 * count}I", data, at)
    if kind == DATASEC:
        return ((0, found[i], found[i + 1]) for i in range(0, 3 * count, 3))
    return ((found[i], found[i + 1], found[i + 2]) for i in range(0, 3 * count, 3))


def _whole(members: Iterator[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """Those that are no bit-fields: where a structure has some, the upper byte is their width."""
    return (each for each in members if not each[2] >> 24)
