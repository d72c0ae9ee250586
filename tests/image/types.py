"""Types of our own making, as they would be read from `.BTF`."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from klprove.image.btf import Types
from klprove.image.btf.reading import ARRAY, INT, VARIABLE


def types(
    records: Sequence[tuple[int, int, int, int]],
    strings: bytes,
    members: Mapping[int, Sequence[tuple[int, int, int]]],
    signed: Collection[int] = (),
) -> Types:
    """Of each type (kind, place of the name, size or type, members), from number 1 on; of an array
    the type of an element and their number. `members` of structures: (place of the name, type,
    bit). `signed`: the integers that have a sign."""
    return Types(np.fromiter(_words(records, members, signed), np.uint32), strings)


def _words(
    records: Sequence[tuple[int, int, int, int]],
    members: Mapping[int, Sequence[tuple[int, int, int]]],
    signed: Collection[int],
) -> Iterator[int]:
    for number, (kind, name, target, count) in enumerate(records, 1):
        array = kind == ARRAY
        yield from (name, kind << 24 | (0 if array else count), 0 if array else target)
        if kind == INT:
            yield (number in signed) << 24
        elif array:
            yield from (target, 0, count)
        elif kind == VARIABLE:
            yield 0
        for each in members.get(number, ()):
            yield from each
