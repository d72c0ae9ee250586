# SPDX-License-Identifier: GPL-2.0-or-later
"""From the units of an image to its `Inlines`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import join, normpath

import numpy as np

from klprove.image.dwarf.inlines import NOTHING, Inlines, Numbers
from klprove.image.dwarf.places import starts
from klprove.image.dwarf.sections import DebugSections
from klprove.image.dwarf.units import Unit, units
from klprove.image.dwarf.walker import LARGE, Rows, Walker, compiles
from klprove.image.dwarf.walking import (
    ABSENT,
    CALL_FILE,
    CALL_LINE,
    DECL_FILE,
    DECL_LINE,
    DECLARED,
    DIRECTORY,
    INLINE,
    LINES,
    NAME,
    OFFSET,
    ORIGIN,
    PARENT,
    STRINGS_BASE,
    TAG,
    TYPE,
)

UNIT, PARTIAL, SUBPROGRAM, INLINED = 0x11, 0x3C, 0x2E, 0x1D
_TAGS = (UNIT, PARTIAL, SUBPROGRAM, INLINED)
_INLINED_SOMEWHERE = (1, 3)
"""Values of DW_AT_inline."""
_LONGEST_CHAIN = 8
_KEPT, _FLAG = CALL_LINE + 1, TYPE
"""How many columns are kept of all entries; DECLARED stands in the place of what none needs."""
SLOW = 16 << 20
"""Bytes of entries that are too many for the interpreter."""


@dataclass(slots=True)
class _Gathered:
    """Entries of all units in one table; files and names as numbers of texts."""

    rows: list[Rows] = field(default_factory=list)
    starts: list[Numbers] = field(default_factory=list)
    texts: dict[str, int] = field(default_factory=lambda: {"": 0})
    count: int = 0

    def number(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts))


def index_inlines(debug: DebugSections, compiled: bool | None = None) -> Inlines:
    """Read every unit. What is damaged is left out and told in the notes. `compiled`: by machine
    code; not said: where that is worth it."""
    info, table = debug.section("info"), debug.section("abbrev")
    if compiled is None:
        compiled = len(info) > LARGE
    walker = Walker(compiled and compiles())
    gathered = _Gathered()
    damaged = 0
    for unit in units(debug):
        if not walker.abbreviations(table, unit.abbreviations):
            damaged += 1
            continue
        rows, whole = walker.walk(info, unit.start, unit.end, unit.words, _TAGS)
        damaged += not whole
        _gather(debug, walker, unit, rows.copy(), gathered)
    if damaged:
        debug.wrong.append(f"{damaged} units of .debug_info make no sense to their end")
    return _index(gathered, debug.wrong)


def _gather(
    debug: DebugSections, walker: Walker, unit: Unit, rows: Rows, gathered: _Gathered
) -> None:
    """Take over the entries of one unit."""
    if not len(rows) or rows[0, TAG] not in (UNIT, PARTIAL):
        return
    root = rows[0].tolist()
    gathered.starts.append(starts(debug, unit, root, rows))
    known = _files(debug, walker, unit, root, rows, gathered)
    for column in (DECL_FILE, CALL_FILE):
        rows[:, column] = _translated(rows[:, column], known)
    named = {each: gathered.number(debug.text(each, max(root[STRINGS_BASE], 0)))
             for each in np.unique(rows[:, NAME]).tolist()}  # fmt: skip
    rows[:, NAME] = _translated(rows[:, NAME], named)
    inside = rows[:, PARENT] >= 0
    rows[inside, PARENT] += gathered.count
    gathered.count += len(rows)
    rows[:, _FLAG] = rows[:, DECLARED]
    gathered.rows.append(rows[:, :_KEPT].copy())


def _translated(column: Numbers, known: Mapping[int, int]) -> Numbers:
    values, places = np.unique(column, return_inverse=True)
    return np.array([known.get(each, 0) for each in values.tolist()], np.int64)[places]


def _files(
    debug: DebugSections, walker: Walker, unit: Unit, root: Sequence[int], rows: Rows,
    gathered: _Gathered,
) -> Mapping[int, int]:  # fmt: skip
    """The number of the path of each file that an entry names."""
    if root[LINES] < 0:
        return {}
    folders, names = walker.files(debug.section("line"), root[LINES], unit.words.copy())
    home = debug.text(root[DIRECTORY], max(root[STRINGS_BASE], 0))
    known = {}
    for each in np.unique(rows[:, (DECL_FILE, CALL_FILE)]).tolist():
        if 0 <= each < len(names):
            folder, name = names[each]
            inside = debug.text(folders[folder]) if 0 <= folder < len(folders) else ""
            known[each] = gathered.number(_path(home, inside, debug.text(name)))
    return known


def _path(home: str, folder: str, name: str) -> str:
    """The path of a file; below the folder of the build without that."""
    if not name:
        return ""
    path = normpath(join(home, folder, name))
    inside = normpath(home) + "/" if home else ""
    return path.removeprefix(inside)


def _index(gathered: _Gathered, notes: Sequence[str]) -> Inlines:
    rows = np.concatenate([np.zeros((0, _KEPT), np.int64), *gathered.rows])
    where = np.concatenate([np.zeros(0, np.int64), *gathered.starts])
    of = _functions(rows)
    known = of >= 0
    said = rows[of[known]][:, [NAME, DECL_FILE, DECL_LINE]]
    keys, numbers = np.unique(said, axis=0, return_inverse=True)
    functions = np.full(len(rows), NOTHING, np.int64)
    functions[known] = numbers.reshape(-1)
    there = np.flatnonzero((rows[:, TAG] == SUBPROGRAM) & (where != ABSENT) & known)
    there = there[np.argsort(where[there], kind="stable")]
    hosts, parents = _hosts(rows)
    copies = np.flatnonzero((rows[:, TAG] == INLINED) & known & (hosts >= 0))
    copies = copies[where[hosts[copies]] != ABSENT]
    place = np.full(len(rows) + 1, NOTHING, np.int64)
    place[copies] = np.arange(len(copies))
    return Inlines(
        list(gathered.texts),
        np.ascontiguousarray(keys[:, 0]),
        np.ascontiguousarray(keys[:, 1]),
        np.ascontiguousarray(keys[:, 2]),
        where[there],
        functions[there],
        rows[there, OFFSET],
        functions[copies],
        place[parents[copies]],
        where[hosts[copies]],
        rows[copies, CALL_FILE],
        np.maximum(rows[copies, CALL_LINE], 0),
        np.unique(functions[_traceless(rows, of)]),
        tuple(notes),
    )


def _functions(rows: Rows) -> Numbers:
    """The row that names the function of each row: what it is an instance of, to the end;
    NOTHING where none does."""
    offsets = rows[:, OFFSET]
    found = np.arange(len(rows))
    for _ in range(_LONGEST_CHAIN):
        origins = rows[found, ORIGIN]
        place = np.minimum(np.searchsorted(offsets, origins), max(len(rows) - 1, 0))
        known = (origins != ABSENT) & (offsets[place] == origins) if len(rows) else origins == 0
        if not known.any():
            break
        found = np.where(known, place, found)
    named = (rows[found, TAG] == SUBPROGRAM) & (rows[found, NAME] > 0)
    declared = (rows[:, _FLAG] == 1) & (rows[:, TAG] == SUBPROGRAM)
    return np.where(named & ~declared, found, NOTHING)


def _traceless(rows: Rows, of: Numbers) -> Numbers:
    """The rows that say that they were inlined, and of which no row is a copy."""
    said = (rows[:, TAG] == SUBPROGRAM) & np.isin(rows[:, INLINE], _INLINED_SOMEWHERE)
    said[of[(rows[:, TAG] == INLINED) & (of >= 0)]] = False
    return np.flatnonzero(said & (of >= 0))


def _hosts(rows: Rows) -> tuple[Numbers, Numbers]:
    """Of each row: the subprogram around it, and the inlined copy directly around it; NOTHING."""
    above = rows[:, PARENT]
    tags = np.append(rows[:, TAG], UNIT)  # the last is for NOTHING
    parents = np.where(tags[above] == INLINED, above, NOTHING)
    hosts = above.copy()
    for _ in range(512):
        higher = tags[hosts] == INLINED
        if not higher.any():
            break
        hosts[higher] = above[hosts[higher]]
    return np.where(tags[hosts] == SUBPROGRAM, hosts, NOTHING), parents
