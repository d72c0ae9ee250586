# SPDX-License-Identifier: GPL-2.0-or-later
"""Prototypes as `klprove scan` compares them: as tuples of types, by number."""

from collections.abc import Mapping
from functools import cache, cached_property

from klprove.image.btf.reading import POINTER, PROTOTYPE, Types

Signature = tuple[int, ...]
"""A prototype: the type of the result, then those of the parameters. Each behind names; of a
pointer -1 less the type that it leads to: one number for what is one type in C."""


class Signatures:
    """The prototypes of one image."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self._plain = cache(self._one_number)

    @cached_property
    def single(self) -> Mapping[str, Signature]:
        """Signature of a function by name; a name with two different ones is left out."""
        return {name: next(iter(e)) for name, e in self.every.items() if len(e) == 1}

    @cached_property
    def every(self) -> Mapping[str, set[Signature]]:
        """All signatures of a function by name."""
        return {
            name: {self.of(each) or () for each in found}
            for name, found in self.types.functions.items()
        }

    def of(self, number: int) -> Signature | None:
        """That of prototype `number`, looked for through names and a pointer; None for none."""
        number = self.types.bare(number)
        if self.types.kind(number) == POINTER:
            number = self.types.pointed(number)
        if self.types.kind(number) != PROTOTYPE:
            return None
        result, given = self.types.target(number), self.types.parameters(number)
        return (self._plain(result), *map(self._plain, given))

    def member(self, structure: str, name: str) -> Signature | None:
        """The signature of a pointer to functions in a structure or union, or in a part of it that
        has no name; `name` may lead on into a part, `part.name`. None where there is none."""
        for number in self.types.structures(structure):
            found = number
            for each in name.split("."):
                found, _ = next(self.types.find(self.types.bare(found), each), (0, 0))
            if found:
                return self.of(found)
        return None

    def _one_number(self, number: int) -> int:
        number = self.types.bare(number)
        return -1 - self.types.pointed(number) if self.types.kind(number) == POINTER else number
