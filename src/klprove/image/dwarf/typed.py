# SPDX-License-Identifier: GPL-2.0-or-later
"""Prototypes and layouts from the entries of one unit."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from klprove.image.dwarf.places import starts
from klprove.image.dwarf.sections import DebugSections
from klprove.image.dwarf.units import Unit, units
from klprove.image.dwarf.walker import Rows, Walker, compiles
from klprove.image.dwarf.walking import (
    ABSENT,
    ADDRESS,
    BIT_OFFSET,
    BITS,
    DECL_FILE,
    DECLARED,
    ENCODING,
    LOCATION,
    NAME,
    OFFSET,
    OLD_BIT_OFFSET,
    ORIGIN,
    PARENT,
    SIZE,
    STRINGS_BASE,
    TAG,
    TAGS,
    TYPE,
    UPPER,
    VALUE,
)
from klprove.image.types import (
    AGGREGATE,
    FLOAT,
    NUMBER,
    POINTER,
    UNKNOWN,
    VOID,
    Layout,
    Prototype,
    Value,
)

_ARRAY, _ENUMERATION, _PARAMETER, _MEMBER, _POINTER, _STRUCTURE = 0x01, 0x04, 0x05, 0x0D, 0x0F, 0x13
_SUBROUTINE, _TYPEDEF, _UNION, _VARIADIC, _SUBRANGE, _BASE = 0x15, 0x16, 0x17, 0x18, 0x21, 0x24
_ENUMERATOR, _SUBPROGRAM = 0x28, 0x2E
_QUALIFIERS = (0x26, 0x35, 0x37, 0x47)
"""const, volatile, restrict, _Atomic."""
_WORDS = {_STRUCTURE: "struct", _UNION: "union", _ENUMERATION: "enum"}
_SIGNED, _FLOATING = (0x05, 0x06), (0x03, 0x04)
"""Values of DW_AT_encoding."""
_OWN = (0, 1)
"""Numbers of the file that was compiled: 1 before DWARF 5, then both."""
_DEEPEST = 32
_LARGE = 400_000
"""Bytes of a unit from which compiling costs less than it saves."""


class UnitTypes:
    """What one unit says about types. Damage is what is not there."""

    def __init__(self, debug: DebugSections, unit: Unit, rows: Rows) -> None:
        self._debug, self._unit, self._array = debug, unit, rows
        self._rows: list[list[int]] = rows.tolist()
        self._address = int(unit.words[ADDRESS])

    @cached_property
    def _places(self) -> Mapping[int, int]:
        return {offset: row for row, offset in enumerate(self._array[:, OFFSET].tolist())}

    @cached_property
    def _children(self) -> Mapping[int, Sequence[int]]:
        found: dict[int, list[int]] = {}
        for row, parent in enumerate(self._array[:, PARENT].tolist()):
            found.setdefault(parent, []).append(row)
        return found

    def _text(self, row: int) -> str:
        return self._debug.text(self._rows[row][NAME], max(self._rows[0][STRINGS_BASE], 0))

    def _to(self, row: int, column: int) -> int | None:
        """The row that an attribute refers to; None for void, and for what is in other units."""
        return self._places.get(self._rows[row][column])

    # -- functions -------------------------------------------------------------------

    def prototype_at(self, address: int) -> Prototype | None:
        """That of the function whose code starts at an address."""
        return next(map(self._prototype, self._at.get(address, ())), None)

    @cached_property
    def _at(self) -> Mapping[int, Sequence[int]]:
        places = np.flatnonzero(self._array[:, TAG] == _SUBPROGRAM)
        where = starts(self._debug, self._unit, self._rows[0], self._array[places])
        found: dict[int, list[int]] = {}
        for row, address in zip(places.tolist(), where.tolist(), strict=True):
            if address != ABSENT:
                found.setdefault(address % (1 << 64), []).append(row)
        return found

    def _prototype(self, row: int) -> Prototype:
        source: int | None = row
        for _ in range(8):
            source = self._to(row, ORIGIN)
            if source is None:
                break
            row = source
        children = self._children.get(row, ())
        parameters = [each for each in children if self._rows[each][TAG] == _PARAMETER]
        variadic = any(self._rows[each][TAG] == _VARIADIC for each in children)
        values = tuple(self._value(self._to(each, TYPE)) for each in parameters)
        return Prototype(self._value(self._to(row, TYPE), void=True), values, variadic)

    def _value(self, row: int | None, void: bool = False) -> Value:
        if row is None:
            return Value(VOID, 0, "void") if void else Value(UNKNOWN, 0, "?")
        bare = self._bare(row)
        if bare is None:
            return Value(VOID, 0, "void")
        entry, text = self._rows[bare], self._spelled(row)
        size = self._size(bare)
        if entry[TAG] == _POINTER:
            return Value(POINTER, size, text, target=self._spelled(self._to(bare, TYPE), bare=True))
        if entry[TAG] == _BASE:
            kind = FLOAT if entry[ENCODING] in _FLOATING else NUMBER
            return Value(kind, size, text, signed=entry[ENCODING] in _SIGNED)
        if entry[TAG] == _ENUMERATION:
            return Value(NUMBER, size, text)
        return Value(AGGREGATE if entry[TAG] in _WORDS else UNKNOWN, size, text)

    # -- types -----------------------------------------------------------------------

    def _bare(self, row: int | None) -> int | None:
        """Behind names and qualifiers; None for void."""
        for _ in range(_DEEPEST):
            if row is None or self._rows[row][TAG] not in (_TYPEDEF, *_QUALIFIERS):
                return row
            row = self._to(row, TYPE)
        return None

    def _spelled(self, row: int | None, bare: bool = False, depth: int = 0) -> str:
        """As in C; `bare`: without names of types."""
        while row is not None and self._rows[row][TAG] in _QUALIFIERS:
            row = self._to(row, TYPE)
        if bare:
            row = self._bare(row)
        if row is None or depth > _DEEPEST:
            return "void"
        tag = self._rows[row][TAG]
        if tag == _POINTER:
            target = self._spelled(self._to(row, TYPE), bare, depth + 1)
            return target + ("*" if target.endswith("*") else " *")
        if tag == _ARRAY:
            return self._spelled(self._to(row, TYPE), bare, depth + 1) + "[]"
        if tag == _SUBROUTINE:
            return "function"
        word = _WORDS.get(tag, "")
        return f"{word} {self._text(row) or '{...}'}" if word else self._text(row)

    def _size(self, row: int | None, depth: int = 0) -> int:
        """Bytes; 0 where that is not known."""
        row = self._bare(row)
        if row is None or depth > _DEEPEST:
            return 0
        entry = self._rows[row]
        if entry[SIZE] != ABSENT:
            return max(entry[SIZE], 0)
        if entry[TAG] == _POINTER:
            return self._address
        if entry[TAG] == _ARRAY:
            size = self._size(self._to(row, TYPE), depth + 1)
            for each in self._children.get(row, ()):
                if self._rows[each][TAG] == _SUBRANGE:
                    size *= self._elements(self._rows[each])
            return size
        return 0

    def _elements(self, entry: Sequence[int]) -> int:
        if entry[VALUE] != ABSENT:
            return max(entry[VALUE], 0)
        if entry[UPPER] == ABSENT:
            return 0
        return 0 if entry[UPPER] in (-1, 0xFFFFFFFF) else max(entry[UPPER] + 1, 0)

    # -- layouts ---------------------------------------------------------------------

    def names(self) -> frozenset[tuple[str, str]]:
        """Word and name of every complete type."""
        return frozenset(self._complete)

    def layouts(self, word: str, name: str) -> tuple[Layout, ...]:
        """The complete types `word name`, as far as this unit has them."""
        return tuple(self._layout(word, row) for row in self._complete.get((word, name), ()))

    @cached_property
    def _complete(self) -> Mapping[tuple[str, str], Sequence[int]]:
        found: dict[tuple[str, str], list[int]] = {}
        rows = self._array
        kept = np.isin(rows[:, TAG], list(_WORDS)) & (rows[:, NAME] != ABSENT)
        kept &= (rows[:, SIZE] != ABSENT) & (rows[:, DECLARED] != 1)
        for row in np.flatnonzero(kept).tolist():
            if not self._placed(row):
                continue
            found.setdefault((_WORDS[self._rows[row][TAG]], self._text(row)), []).append(row)
        return found

    def _placed(self, row: int) -> bool:
        """The places of the members are numbers: before version 3 they are programs."""
        if self._rows[row][TAG] != _STRUCTURE:
            return True
        members = (self._rows[each] for each in self._children.get(row, ()))
        return all(
            each[LOCATION] != ABSENT or each[BIT_OFFSET] != ABSENT
            for each in members
            if each[TAG] == _MEMBER
        )

    def _layout(self, word: str, row: int) -> Layout:
        size = self._rows[row][SIZE]
        own = self._rows[row][DECL_FILE] in _OWN
        if word == "enum":
            values = {
                self._text(each): (self._rows[each][VALUE], 0)
                for each in self._children.get(row, ())
                if self._rows[each][TAG] == _ENUMERATOR
            }
            return Layout(word, size, values, own)
        members = dict(self._members(row, 0, 0))
        return Layout(word, size, members, own)

    def _members(self, row: int, base: int, depth: int) -> Iterator[tuple[str, tuple[int, int]]]:
        for each in self._children.get(row, ()):
            entry = self._rows[each]
            if entry[TAG] != _MEMBER:
                continue
            name, inner = self._text(each), self._bare(self._to(each, TYPE))
            first = base + self._first(entry, inner)
            if not name and inner is not None and depth < _DEEPEST:
                yield from self._members(inner, first, depth + 1)
            else:
                bits = entry[BITS] if entry[BITS] != ABSENT else 8 * self._size(inner)
                yield name, (first, bits)

    def _first(self, entry: Sequence[int], inner: int | None) -> int:
        """The first bit of a member in its structure, counted from the lowest address."""
        if entry[BIT_OFFSET] != ABSENT:
            return entry[BIT_OFFSET]
        first = 8 * max(entry[LOCATION], 0)
        if entry[OLD_BIT_OFFSET] != ABSENT and self._debug.endian == "little":
            store = 8 * (entry[SIZE] if entry[SIZE] != ABSENT else self._size(inner))
            first += store - entry[OLD_BIT_OFFSET] - entry[BITS]
        elif entry[OLD_BIT_OFFSET] != ABSENT:
            first += entry[OLD_BIT_OFFSET]
        return first


def unit_types(
    debug: DebugSections, wanted: Callable[[Unit], bool] = lambda unit: True
) -> Iterator[UnitTypes]:
    """What each wanted unit says about types; one that is damaged, as far as it goes."""
    info, table = debug.section("info"), debug.section("abbrev")
    chosen = [unit for unit in units(debug) if wanted(unit)]
    size = sum(unit.end - unit.start for unit in chosen)
    walker = Walker(compiles() and size > _LARGE)
    for unit in chosen:
        if walker.abbreviations(table, unit.abbreviations):
            rows, whole = walker.walk(info, unit.start, unit.end, unit.words, range(TAGS))
            if not whole:
                debug.wrong.append("a unit of .debug_info makes no sense to its end")
            if len(rows):
                yield UnitTypes(debug, unit, rows.copy())
        else:
            debug.wrong.append("a table of abbreviations makes no sense")
