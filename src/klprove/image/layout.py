# SPDX-License-Identifier: GPL-2.0-or-later
"""What lies where in a structure, by the types of `.BTF`: from an offset to a member and back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from klprove.image.btf import ARRAY, DATASEC, POINTER, PROTOTYPE, STRUCTURE, UNION, VARIABLE, Types

_DEEPEST = 24
"""Structures inside each other: more than the kernel has, less than damaged types could."""
_MOST = 4096
"""Places of a member: more than the kernel has of any, less than damaged types could."""
_POINTER_SIZE = 8


@dataclass(frozen=True, slots=True)
class Leaf:
    """The member at an offset that is no structure itself."""

    structure: str
    """The innermost structure around it that has a name."""
    name: str
    type: int
    """Behind names and qualifiers."""


class Layout:
    """Offsets in the types of one image."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.leaf = cache(self._leaf)

    def size(self, number: int) -> int:
        """The size of a type in bytes; 0 where it is not known."""
        return self._size(self.types.bare(number), 0)

    def _size(self, number: int, depth: int) -> int:
        kind = self.types.kind(number)
        if kind == POINTER:
            return _POINTER_SIZE
        if kind == ARRAY and depth < _DEEPEST:
            _, _, element, count = self.types.records[number]
            return count * self._size(self.types.bare(element), depth + 1)
        sized = kind not in (0, PROTOTYPE, DATASEC, VARIABLE)
        return self.types.records[number][2] if sized else 0

    def _leaf(self, number: int, offset: int) -> Leaf | None:
        """The member of 8 bytes, a pointer, at `offset` of type `number`; None where there is none,
        or where a union leaves open which."""
        found = set(self._leaves(self.types.bare(number), offset, "", "", 0))
        return next(iter(found)) if len({each.type for each in found}) == 1 else None

    def _leaves(
        self, number: int, offset: int, structure: str, name: str, depth: int
    ) -> Iterator[Leaf]:
        kind = self.types.kind(number)
        if depth > _DEEPEST or offset < 0:
            return
        if kind == ARRAY:
            _, _, element, count = self.types.records[number]
            element = self.types.bare(element)
            size = self._size(element, 0)
            if size and offset < size * count:
                yield from self._leaves(element, offset % size, structure, name, depth + 1)
        elif kind in (STRUCTURE, UNION):
            own = self.types.name(self.types.records[number][1]) or structure
            for place, target, bits in self.types.members.get(number, ()):
                target = self.types.bare(target)
                inside = offset - bits // 8
                if 0 <= inside < max(self._size(target, 0), 1):
                    said = self.types.name(place) or name
                    yield from self._leaves(target, inside, own, said, depth + 1)
        elif offset == 0 and structure:
            yield Leaf(structure, name, number if kind == POINTER else 0)

    def pointed(self, number: int) -> int:
        """The type that pointer `number` leads to, behind names; 0 for none, and for void."""
        number = self.types.bare(number)
        if self.types.kind(number) != POINTER:
            return 0
        return self.types.bare(self.types.records[number][2])

    @cached_property
    def variables(self) -> Mapping[int, int]:
        """The type of each variable of a processor's own, by its place."""
        found: dict[int, int] = {}
        for number, (kind, name, _, _) in enumerate(self.types.records):
            if kind == DATASEC and self.types.name(name) == ".data..percpu":
                for _, variable, place in self.types.members.get(number, ()):
                    if self.types.kind(variable) == VARIABLE:
                        found[place] = self.types.bare(self.types.records[variable][2])
        return found

    def places(self, structure: str, member: str) -> Sequence[tuple[int, int]]:
        """Where a member may stand in an object: (size of a type, offset in it), for the structure
        and for everything that holds one."""
        found: set[tuple[int, int]] = set()
        queue = [(each, at) for each, at in self._own(structure, member)]
        while queue:
            number, offset = queue.pop()
            size = self._size(number, 0)
            if (size, offset) not in found and offset < size and len(found) < _MOST:
                found.add((size, offset))
                queue += [(outer, at + offset) for outer, at in self._inside.get(number, ())]
        return sorted(found)

    def _own(self, structure: str, member: str) -> Iterator[tuple[int, int]]:
        for number in self.types.structures.get(structure, ()):
            yield from self._named(number, number, member, 0, 0)

    def _named(
        self, root: int, number: int, member: str, offset: int, depth: int
    ) -> Iterator[tuple[int, int]]:
        """The member of that name of `root`, also inside structures without a name."""
        for place, target, bits in self.types.members.get(number, ()):
            target = self.types.bare(target)
            if self.types.name(place) == member:
                yield root, offset + bits // 8
            elif not place and depth < _DEEPEST:
                yield from self._named(root, target, member, offset + bits // 8, depth + 1)

    @cached_property
    def _inside(self) -> Mapping[int, Sequence[tuple[int, int]]]:
        """By type the structures that hold one, and where; of an array its first element."""
        found: dict[int, list[tuple[int, int]]] = {}
        for number, (kind, _, _, _) in enumerate(self.types.records):
            if kind not in (STRUCTURE, UNION):
                continue
            for _, target, bits in self.types.members.get(number, ()):
                target = self.types.bare(target)
                offset = bits // 8
                step, count = 0, 1
                if self.types.kind(target) == ARRAY:
                    _, _, element, count = self.types.records[target]
                    target = self.types.bare(element)
                    step = self._size(target, 0)
                if self.types.kind(target) in (STRUCTURE, UNION):
                    places = range(min(count, 64) or 1)
                    found.setdefault(target, []).extend((number, offset + i * step) for i in places)
        return found
