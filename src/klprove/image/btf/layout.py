# SPDX-License-Identifier: GPL-2.0-or-later
"""What lies where in a structure, by the types of `.BTF`: from an offset to a member and back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from klprove.image.btf.reading import ARRAY, POINTER, STRUCTURE, UNION, Types

_DEEPEST = 24
"""Structures inside each other: more than the kernel has, less than damaged types could."""
_MOST = 4096
"""Places of a member: more than the kernel has of any, less than damaged types could."""


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

    def _leaf(self, number: int, offset: int) -> Leaf | None:
        """The member of 8 bytes, a pointer, at `offset` of type `number`; None where there is none,
        or where a union leaves open which. Of several of one type the first is it."""
        found = list(self._leaves(self.types.bare(number), offset, "", "", 0))
        return found[0] if len({each.type for each in found}) == 1 else None

    def _leaves(
        self, number: int, offset: int, structure: str, name: str, depth: int
    ) -> Iterator[Leaf]:
        kind = self.types.kind(number)
        if depth > _DEEPEST or offset < 0:
            return
        if kind == ARRAY:
            element, count = self.types.element(number)
            size = self.types.size(element)
            if size and offset < size * count:
                element = self.types.bare(element)
                yield from self._leaves(element, offset % size, structure, name, depth + 1)
        elif kind in (STRUCTURE, UNION):
            own = self.types.name(number) or structure
            for target, at, place in self._members(number):
                inside = offset - at
                if 0 <= inside < max(self.types.size(target), 1):
                    said = self.types.text(place) or name
                    yield from self._leaves(target, inside, own, said, depth + 1)
        elif offset == 0 and structure:
            yield Leaf(structure, name, number if kind == POINTER else 0)

    def _members(self, number: int) -> Iterator[tuple[int, int, int]]:
        """Type behind names, offset in bytes and place of the name of all but bit-fields."""
        for each in self.types.fields(number):
            if not each.width:
                yield self.types.bare(each.type), each.first // 8, each.name

    @cached_property
    def variables(self) -> Mapping[int, int]:
        """The type of each variable of a processor's own, by its place."""
        return {
            place: self.types.bare(self.types.target(variable))
            for variable, place in self.types.placed(".data..percpu")
        }

    def places(self, structure: str, member: str) -> Sequence[tuple[int, int]]:
        """Where a member may stand in an object: (size of a type, offset in it), for the structure
        and for everything that holds one."""
        found: set[tuple[int, int]] = set()
        queue = [
            (number, at)
            for number in self.types.structures(structure)
            for _, at in self.types.find(number, member)
        ]
        while queue:
            number, offset = queue.pop()
            size = self.types.size(number)
            if (size, offset) not in found and offset < size and len(found) < _MOST:
                found.add((size, offset))
                queue += [(outer, at + offset) for outer, at in self._inside.get(number, ())]
        return sorted(found)

    @cached_property
    def _inside(self) -> Mapping[int, Sequence[tuple[int, int]]]:
        """By type the structures that hold one, and where; of an array its first element."""
        found: dict[int, list[tuple[int, int]]] = {}
        for number in self.types.of_kind(STRUCTURE, UNION):
            for target, offset, _ in self._members(number):
                step, count = 0, 1
                if self.types.kind(target) == ARRAY:
                    element, count = self.types.element(target)
                    target, step = self.types.bare(element), self.types.size(element)
                if self.types.kind(target) in (STRUCTURE, UNION):
                    places = range(min(count, 64) or 1)
                    found.setdefault(target, []).extend((number, offset + i * step) for i in places)
        return found
