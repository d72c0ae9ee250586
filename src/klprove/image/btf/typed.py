# SPDX-License-Identifier: GPL-2.0-or-later
"""Types of `.BTF` as a caller and a reader of memory see them: prototypes, layouts with bit-fields
and values."""

from collections.abc import Iterator

from klprove.image.btf.reading import (
    ARRAY,
    ENUM,
    ENUM64,
    FLOAT,
    FORWARD,
    FUNCTION,
    INT,
    POINTER,
    PROTOTYPE,
    QUALIFIERS,
    STRUCTURE,
    TYPEDEF,
    UNION,
    VARIABLE,
    Types,
)
from klprove.image.types import AGGREGATE, NUMBER, UNKNOWN, VOID, Layout, Prototype, Value
from klprove.image.types import FLOAT as REAL
from klprove.image.types import POINTER as ADDRESS

_WORDS = {STRUCTURE: "struct", UNION: "union", ENUM: "enum", ENUM64: "enum"}
_SORTS = {
    INT: NUMBER, ENUM: NUMBER, ENUM64: NUMBER, FLOAT: REAL, POINTER: ADDRESS,
    STRUCTURE: AGGREGATE, UNION: AGGREGATE, 0: VOID,
}  # fmt: skip
_REFERRING = (POINTER, PROTOTYPE, TYPEDEF, FUNCTION, VARIABLE, *QUALIFIERS)
_DEEPEST = 32


class BtfTypes:
    """The prototypes and layouts of one image."""

    def __init__(self, types: Types) -> None:
        self._types = types

    @property
    def whole(self) -> bool:
        """All that is referred to is here. The BTF of a module leans on that of its kernel."""
        referring = map(self._types.target, self._types.of_kind(*_REFERRING))
        return max(referring, default=0) < len(self._types)

    def prototype(self, name: str) -> Prototype | None:
        """That of the function `name`; None where it has none, or several that differ."""
        found = {self._prototype(each) for each in self._types.functions.get(name, ())}
        return next(iter(found)) if len(found) == 1 else None

    def _prototype(self, number: int) -> Prototype | None:
        if self._types.kind(number) != PROTOTYPE:
            return None
        given = self._types.parameters(number)
        variadic = bool(given) and given[-1] == 0
        values = tuple(map(self._value, given[: len(given) - variadic]))
        return Prototype(self._value(self._types.target(number)), values, variadic)

    def _value(self, number: int) -> Value:
        bare = self._types.bare(number)
        pointed = self._types.target(bare) if self._types.kind(bare) == POINTER else None
        sort = _SORTS.get(self._types.kind(bare), UNKNOWN)
        return Value(
            sort,
            0 if sort == UNKNOWN else self._types.size(bare),
            "void" if sort == VOID else self._spelled(number),
            self._types.signed(bare),
            "" if pointed is None else self._spelled(pointed, bare=True),
        )

    def _spelled(self, number: int, bare: bool = False, depth: int = 0) -> str:
        while self._types.kind(number) in QUALIFIERS and depth < _DEEPEST:
            number, depth = self._types.target(number), depth + 1
        number = self._types.bare(number) if bare else number
        kind = self._types.kind(number)
        if kind == 0 or depth >= _DEEPEST:
            return "void"
        if kind == POINTER:
            target = self._spelled(self._types.target(number), bare, depth + 1)
            return target + ("*" if target.endswith("*") else " *")
        if kind == ARRAY:
            return self._spelled(self._types.element(number)[0], bare, depth + 1) + "[]"
        if kind == PROTOTYPE:
            return "function"
        word = _WORDS.get(kind, "")
        if kind == FORWARD:
            word = "union" if self._types.flag(number) else "struct"
        name = self._types.name(number)
        return f"{word} {name or '{...}'}" if word else name

    def names(self) -> frozenset[tuple[str, str]]:
        """Word and name of every complete type."""
        named = self._types.complete
        return frozenset((self._word(each), name) for name in named for each in named[name])

    def layouts(self, word: str, name: str) -> tuple[Layout, ...]:
        """The complete types `word name`."""
        named = self._types.complete.get(name, ())
        return tuple(self._layout(word, each) for each in named if self._word(each) == word)

    def _word(self, number: int) -> str:
        return _WORDS[self._types.kind(number)]

    def _layout(self, word: str, number: int) -> Layout:
        return Layout(word, self._types.size(number), dict(self._members(number)))

    def _members(self, number: int) -> Iterator[tuple[str, tuple[int, int]]]:
        for name, value in self._types.enumerators(number):
            yield name, (value, 0)
        for field, first in self._types.flat(number):
            width = field.width or 8 * self._types.size(field.type)
            yield self._types.text(field.name), (first, width)
