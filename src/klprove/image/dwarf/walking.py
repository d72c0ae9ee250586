# SPDX-License-Identifier: GPL-2.0-or-later
"""From the bytes of `.debug_info` to rows of words, in the part of Python that
`engine/native/lowering.py` compiles. The same text also runs under CPython: for small files, and in
the tests.

Format: DWARF 2 to 5 (dwarfstd.org; section 7 of version 5 has the numbers). An entry becomes a row
of COLUMNS words; a column that the entry has no attribute for is ABSENT. Every read is compared
with the end of what may be read, for the bytes may be damaged. `place` is a cursor: where to read,
whether something was wrong, and two more (below).
"""

from collections.abc import MutableSequence
from typing import TypeAlias

Bytes: TypeAlias = MutableSequence[int]
"""Unsigned bytes."""
Words: TypeAlias = MutableSequence[int]
"""Signed integers of 64 bits."""

AT, WRONG, CODES, UNTIL = 0, 1, 2, 3
"""Places in a cursor: where to read next, 1 where bytes made no sense, the highest number in the
table of abbreviations, where the bytes end."""
ABSENT = -4611686018427387904

COLUMNS = 24
OFFSET, TAG, PARENT, NAME, TYPE, ORIGIN, LOW, LOWX, RANGES, RANGESX, INLINE = (
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
)  # fmt: skip
DECL_FILE, DECL_LINE, CALL_FILE, CALL_LINE, SIZE, LOCATION, BITS, BIT_OFFSET, VALUE, UPPER = (
    11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
)  # fmt: skip
DECLARED, LINES, ENCODING = 21, 22, 23
"""Columns. PARENT: the row of the entry around it, of those that are kept; ORIGIN: of what it is an
instance, or what it completes; RANGES with X: a number in a table, not a place; VALUE: of a
constant, and how many elements there are; UPPER: the number of the last."""
DIRECTORY, STRINGS_BASE, ADDRESS_BASE, RANGES_BASE, OLD_BIT_OFFSET = 4, 5, 15, 16, 10
"""What a unit has in the columns that it does not need otherwise; what a member has there."""

INFO_TEXT, LINE_TEXT, INDEXED, LINE_INFO_TEXT, FIELD, INSIDE = 1, 2, 3, 4, 56, 72057594037927935
"""A string is a place in `.debug_str`, or by the bits from FIELD on: in `.debug_info`, in
`.debug_line_str`, a number in `.debug_str_offsets`, in `.debug_line`. INSIDE: the bits below."""

DEEPEST = 512
MOST = 65536
"""How deep entries nest, and how high their abbreviations are numbered, at the most."""
TAGS = 256
VERSION, ADDRESS, OFFSETS, BIG, START = 0, 1, 2, 3, 4
"""Places in the description of a unit: its version, bytes of an address, bytes of an offset, 1 for
big-endian, where the unit starts."""


def fixed(data: Bytes, place: Words, size: int, big: int) -> int:
    """A number of `size` bytes; signed where it has 8."""
    at = place[AT]
    if at + size > place[UNTIL] or at < 0:
        place[WRONG] = 1
        return 0
    place[AT] = at + size
    value = 0
    for i in range(0, size, 1):
        byte = data[at + i]
        if big == 1:
            byte = data[at + size - 1 - i]
        if i == 7:
            byte = byte - ((byte >> 7) << 8)
        value = value + (byte << (8 * i))
    return value


def uleb(data: Bytes, place: Words) -> int:
    """A number in LEB128, of which 63 bits count."""
    at = place[AT]
    end = place[UNTIL]
    value = 0
    shift = 0
    more = 1
    while more == 1 and at < end:
        byte = data[at]
        at = at + 1
        if shift < 63:
            value = value | ((byte & 127) << shift)
        shift = shift + 7
        more = byte >> 7
    if more == 1:
        place[WRONG] = 1
    place[AT] = at
    return value


def sleb(data: Bytes, place: Words) -> int:
    """A signed number in LEB128."""
    at = place[AT]
    value = uleb(data, place)
    bits = 7 * (place[AT] - at)
    if place[WRONG] == 0 and bits < 63 and data[place[AT] - 1] & 64 != 0:
        value = value - (1 << bits)
    return value


def text_end(data: Bytes, place: Words) -> int:
    """Go behind a string that ends with a zero."""
    at = place[AT]
    end = place[UNTIL]
    while at < end and data[at] != 0:
        at = at + 1
    if at >= end:
        place[WRONG] = 1
        place[AT] = end
        return 0
    place[AT] = at + 1
    return 0


def skip(place: Words, size: int) -> int:
    """Go on by `size` bytes."""
    left = place[UNTIL] - place[AT]
    if size < 0 or size > left:
        place[WRONG] = 1
        size = left
    place[AT] = place[AT] + size
    return ABSENT


def column(name: int) -> int:
    """The column of an attribute; COLUMNS for one that nobody asks for."""
    if name == 0x03:
        return NAME
    if name == 0x49:
        return TYPE
    if name == 0x31 or name == 0x47:
        return ORIGIN
    if name == 0x11:
        return LOW
    if name == 0x55:
        return RANGES
    if name == 0x20:
        return INLINE
    if name == 0x3A:
        return DECL_FILE
    if name == 0x3B:
        return DECL_LINE
    if name == 0x58:
        return CALL_FILE
    if name == 0x59:
        return CALL_LINE
    if name == 0x0B:
        return SIZE
    if name == 0x38:
        return LOCATION
    if name == 0x0D:
        return BITS
    if name == 0x6B:
        return BIT_OFFSET
    if name == 0x0C:
        return OLD_BIT_OFFSET
    if name == 0x1C or name == 0x37:
        return VALUE
    if name == 0x2F:
        return UPPER
    if name == 0x3C:
        return DECLARED
    if name == 0x10:
        return LINES
    if name == 0x3E:
        return ENCODING
    if name == 0x1B:
        return DIRECTORY
    if name == 0x72:
        return STRINGS_BASE
    if name == 0x73:
        return ADDRESS_BASE
    if name == 0x74:
        return RANGES_BASE
    return COLUMNS


def abbreviations(data: Bytes, place: Words, index: Words, specs: Words, room: int) -> int:
    """Read a table of abbreviations: `index` gets the place in `specs` of each number, 0 for none;
    there tag, children, how many attributes, then column, form and constant of each. Words used; 0
    where the table is damaged or larger than `room`."""
    for i in range(0, place[CODES] + 1, 1):
        index[i] = 0
    place[CODES] = 0
    used = 1
    code = uleb(data, place)
    while code != 0 and place[WRONG] == 0:
        if code >= MOST or used + 8 > room:
            place[WRONG] = 1
            return 0
        index[code] = used
        if code > place[CODES]:
            place[CODES] = code
        specs[used] = uleb(data, place)
        specs[used + 1] = fixed(data, place, 1, 0)
        count = used + 2
        specs[count] = 0
        used = used + 3
        name = uleb(data, place)
        form = uleb(data, place)
        while (name != 0 or form != 0) and place[WRONG] == 0:
            if used + 8 > room:
                place[WRONG] = 1
                return 0
            specs[used] = column(name)
            specs[used + 1] = form
            specs[used + 2] = 0
            if form == 0x21:
                specs[used + 2] = sleb(data, place)
            used = used + 3
            specs[count] = specs[count] + 1
            name = uleb(data, place)
            form = uleb(data, place)
        code = uleb(data, place)
    if place[WRONG] == 1:
        return 0
    return used


def attribute(data: Bytes, place: Words, unit: Words, form: int, constant: int) -> int:
    """The value of an attribute; ABSENT for one that no column can hold."""
    big = unit[BIG]
    if form == 0x0B or form == 0x0C:
        return fixed(data, place, 1, big)
    if form == 0x13:
        return fixed(data, place, 4, big) + unit[START]
    if form == 0x0E:
        return fixed(data, place, unit[OFFSETS], big)
    if form == 0x21:
        return constant
    if form == 0x05:
        return fixed(data, place, 2, big)
    if form == 0x19:
        return 1
    if form == 0x17:
        return fixed(data, place, unit[OFFSETS], big)
    if form == 0x18 or form == 0x09:
        return skip(place, uleb(data, place))
    if form == 0x01:
        return fixed(data, place, unit[ADDRESS], big)
    if form == 0x06:
        return fixed(data, place, 4, big)
    if form == 0x07:
        return fixed(data, place, 8, big)
    if form == 0x08:
        at = place[AT]
        text_end(data, place)
        return at + (INFO_TEXT << FIELD)
    if form == 0x0D:
        return sleb(data, place)
    if form == 0x0F or form == 0x1B or form == 0x22 or form == 0x23:
        return uleb(data, place)
    if form == 0x1F:
        return (fixed(data, place, unit[OFFSETS], big) & INSIDE) + (LINE_TEXT << FIELD)
    return rare(data, place, unit, form)


def rare(data: Bytes, place: Words, unit: Words, form: int) -> int:
    """The forms that are seldom seen."""
    big = unit[BIG]
    if form == 0x10:
        if unit[VERSION] == 2:
            return fixed(data, place, unit[ADDRESS], big)
        return fixed(data, place, unit[OFFSETS], big)
    if form == 0x11:
        return fixed(data, place, 1, big) + unit[START]
    if form == 0x12:
        return fixed(data, place, 2, big) + unit[START]
    if form == 0x14:
        return (fixed(data, place, 8, big) & INSIDE) + unit[START]
    if form == 0x15:
        return (uleb(data, place) & INSIDE) + unit[START]
    if form == 0x0A:
        return skip(place, fixed(data, place, 1, big))
    if form == 0x03:
        return skip(place, fixed(data, place, 2, big))
    if form == 0x04:
        return skip(place, fixed(data, place, 4, big))
    if form == 0x1A:
        return (uleb(data, place) & INSIDE) + (INDEXED << FIELD)
    if form >= 0x25 and form <= 0x28:
        return fixed(data, place, form - 0x24, big) + (INDEXED << FIELD)
    if form >= 0x29 and form <= 0x2C:
        return fixed(data, place, form - 0x28, big)
    if form == 0x1E:
        return skip(place, 16)
    if form == 0x20 or form == 0x24:
        return skip(place, 8)
    if form == 0x1C:
        return skip(place, 4)
    if form == 0x1D or form == 0x1F20 or form == 0x1F21:
        return skip(place, unit[OFFSETS])
    place[WRONG] = 1
    return ABSENT


def indexed(where: int, form: int) -> int:
    """The column of a value, which for the address or the ranges depends on its form."""
    if where == LOW and (form == 0x1B or (form >= 0x29 and form <= 0x2C)):
        return LOWX
    if where == RANGES and form == 0x23:
        return RANGESX
    return where


def walk(
    data: Bytes, place: Words, unit: Words, index: Words, specs: Words, wanted: Words,
    rows: Words, room: int, stack: Words,
) -> int:  # fmt: skip
    """Read the entries of a unit from `place` to its end. A row for each whose tag is `wanted`.

    How many there are: where that is more than `room`, the rest is not written. One more row is
    there to write the others to."""
    count = 0
    depth = 0
    stack[0] = -1
    while place[AT] < place[UNTIL] and place[WRONG] == 0:
        offset = place[AT]
        code = uleb(data, place)
        if code == 0:
            depth = depth - 1
            if depth <= 0:
                place[AT] = place[UNTIL]
        elif code > place[CODES] or index[code] == 0:
            place[WRONG] = 1
        else:
            spec = index[code]
            tag = specs[spec]
            kept = 0
            if tag < TAGS:
                kept = wanted[tag]
            row = room
            if kept != 0:
                if count < room:
                    row = count
                count = count + 1
            entry(data, place, unit, specs, spec, rows, row * COLUMNS, kept)
            base = row * COLUMNS
            rows[base + OFFSET] = offset
            rows[base + TAG] = tag
            rows[base + PARENT] = stack[depth]
            if specs[spec + 1] != 0:
                depth = depth + 1
                if depth >= DEEPEST:
                    place[WRONG] = 1
                    return count
                stack[depth] = stack[depth - 1]
                if kept != 0:
                    stack[depth] = count - 1
            elif depth == 0:
                place[AT] = place[UNTIL]
    return count


def entry(
    data: Bytes, place: Words, unit: Words, specs: Words, spec: int, rows: Words, base: int,
    kept: int,
) -> int:  # fmt: skip
    """The attributes of one entry, to the row that starts at `base` where it is kept."""
    if kept != 0:
        for i in range(0, COLUMNS, 1):
            rows[base + i] = ABSENT
    at = spec + 3
    end = at + 3 * specs[spec + 2]
    while at < end and place[WRONG] == 0:
        form = specs[at + 1]
        if form == 0x16:
            form = uleb(data, place)
        value = attribute(data, place, unit, form, specs[at + 2])
        if kept != 0 and specs[at] < COLUMNS:
            rows[base + indexed(specs[at], form)] = value
        at = at + 3
    return 0


def files(data: Bytes, place: Words, unit: Words, folders: Words, names: Words, room: int) -> int:
    """The table of files of a unit, from the head of its part of `.debug_line`: `folders` and, by
    pairs, `names` (folder, name). How many files, number 0 included; `place[CODES]` gets how many
    folders."""
    place[CODES] = 0
    big = unit[BIG]
    size = 4
    length = fixed(data, place, 4, big)
    if length == 0xFFFFFFFF:
        size = 8
        length = fixed(data, place, 8, big)
    if length < 0 or length > place[UNTIL] - place[AT]:
        place[WRONG] = 1
        return 0
    place[UNTIL] = place[AT] + length
    version = fixed(data, place, 2, big)
    if version >= 5:
        skip(place, 2)
    fixed(data, place, size, big)
    skip(place, 4)
    if version >= 4:
        skip(place, 1)
    operations = fixed(data, place, 1, big)
    if operations > 0:
        skip(place, operations - 1)
    if version >= 5:
        unit[OFFSETS] = size
        place[CODES] = entries(data, place, unit, folders, room, 0)
        return entries(data, place, unit, names, room, 1)
    return old_files(data, place, folders, names, room)


def entries(data: Bytes, place: Words, unit: Words, out: Words, room: int, pairs: int) -> int:
    """A list of folders or files as version 5 has it: first what each has, then they."""
    formats = place[AT] + 1
    kinds = fixed(data, place, 1, 0)
    for _i in range(0, 2 * kinds, 1):
        uleb(data, place)
    count = uleb(data, place)
    at = place[AT]
    done = 0
    while done < count and done < room and place[WRONG] == 0:
        name = ABSENT
        folder = 0
        for i in range(0, kinds, 1):
            place[AT] = formats
            for _j in range(0, 2 * i, 1):
                uleb(data, place)
            kind = uleb(data, place)
            form = uleb(data, place)
            place[AT] = at
            value = attribute(data, place, unit, form, 0)
            at = place[AT]
            if kind == 1:
                name = value
            if kind == 2:
                folder = value
        if name != ABSENT and name >> FIELD == INFO_TEXT:
            name = name - (INFO_TEXT << FIELD) + (LINE_INFO_TEXT << FIELD)
        if pairs == 1:
            out[2 * done] = folder
            out[2 * done + 1] = name
        else:
            out[done] = name
        done = done + 1
        if kinds == 0:
            place[WRONG] = 1
    return done


def old_files(data: Bytes, place: Words, folders: Words, names: Words, room: int) -> int:
    """Folders and files as versions 2 to 4 have them; number 0 is the unit's own, and not here."""
    count = 1
    folders[0] = ABSENT
    while count < room and place[WRONG] == 0 and place[AT] < place[UNTIL] and data[place[AT]] != 0:
        folders[count] = place[AT] + (LINE_INFO_TEXT << FIELD)
        text_end(data, place)
        count = count + 1
    place[CODES] = count
    skip(place, 1)
    names[0] = 0
    names[1] = ABSENT
    done = 1
    while done < room and place[WRONG] == 0 and place[AT] < place[UNTIL] and data[place[AT]] != 0:
        names[2 * done + 1] = place[AT] + (LINE_INFO_TEXT << FIELD)
        text_end(data, place)
        names[2 * done] = uleb(data, place)
        uleb(data, place)
        uleb(data, place)
        done = done + 1
    return done
