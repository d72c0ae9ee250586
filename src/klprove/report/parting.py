# SPDX-License-Identifier: GPL-2.0-or-later
"""Where two traces part, and where they meet again: side by side, in 79 columns.

Steps are matched by what they do and in which context and functions, never by lines of source,
which move when a text is edited. Generations of the kernel name functions and words differently:
where less than half of the steps of the shorter trace are alike, two of them are matched by context
kinds alone, by the stretches in which one context runs.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from klprove.report.entries import lane_of
from klprove.report.stepping import Walk
from klprove.report.wrapping import WIDTH, count, field, fold
from klprove.source import plain

MOST = 2000
"""Steps behind the first difference, of each trace, among which common ones are looked for."""
BEFORE, AFTER = 2, 6
"""Units shown above the first difference, and from it on."""
_COLUMN = (WIDTH - 3) // 2
NAMES = "action, context, functions and accesses"
KINDS = "context kinds alone, a stretch of one context at a time: other generation, other names"


@dataclass(frozen=True, slots=True)
class Unit:
    """Steps `first` to `last` of a trace, matched as one by `key`."""

    key: Hashable
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Parting:
    """Two traces, unit by unit. `common` units are the same from the beginning; `later` are blocks
    of the rest that are the same in this order, each first and first and how many, counted from 0;
    None: not looked for."""

    left: tuple[Unit, ...]
    right: tuple[Unit, ...]
    common: int
    later: tuple[tuple[int, int, int], ...] | None
    by: str

    @property
    def same(self) -> bool:
        """True where nothing differs."""
        return self.common == len(self.left) == len(self.right)

    @property
    def alike(self) -> int:
        """Units that are the same on both sides."""
        return self.common + sum(size for _, _, size in self.later or ())


def part(left: Walk, right: Walk, related: bool) -> Parting:
    """Compare two traces. `related`: they are of one model, so that names mean the same."""
    named = _part(left, right, _steps, NAMES)
    if related or 2 * named.alike >= min(len(left.steps), len(right.steps)):
        return named
    return _part(left, right, _stretches, KINDS)


def _part(left: Walk, right: Walk, units: Callable[[Walk], Iterator[Unit]], by: str) -> Parting:
    one, other = tuple(units(left)), tuple(units(right))
    common = 0
    for a, b in zip(one, other, strict=False):
        if a.key != b.key:
            break
        common += 1
    return Parting(one, other, common, _later(one, other, common), by)


def _steps(walk: Walk) -> Iterator[Unit]:
    for number, event in enumerate(walk.steps, 1):
        accesses = tuple((each.kind, each.name, each.before, each.after) for each in event.accesses)
        where = (event.action, event.cpu, event.depth, event.kind, event.context)
        yield Unit((where, event.calls, accesses, event.notes), number, number)


def _stretches(walk: Walk) -> Iterator[Unit]:
    """A unit as long as one context runs; its arrival and its end are part of its key."""
    first = 1
    while first <= len(walk.steps):
        begin = walk.steps[first - 1]
        last = first
        while last < len(walk.steps) and _goes_on(walk, last):
            last += 1
        ends = walk.steps[last - 1].action == "exit"
        key = (lane_of(begin), begin.kind, begin.action in ("enter", "switch"), ends)
        yield Unit(key, first, last)
        first = last + 1


def _goes_on(walk: Walk, step: int) -> bool:
    """True where the step after `step` is of the same context, without one having come or gone."""
    now, then = walk.steps[step - 1], walk.steps[step]
    goes_on = then.action in ("step", "exit")
    return goes_on and (lane_of(now), now.kind) == (lane_of(then), then.kind)


def _later(
    one: Sequence[Unit], other: Sequence[Unit], common: int
) -> tuple[tuple[int, int, int], ...] | None:
    left = [each.key for each in one[common:]]
    right = [each.key for each in other[common:]]
    if max(len(left), len(right)) > MOST:
        return None
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    return tuple((a + common, b + common, size) for a, b, size in blocks if size)


def parting_text(names: tuple[str, str], left: Walk, right: Walk, found: Parting) -> str:
    """What `found` says of two traces that are called `names`, as text of 79 columns."""
    lines = [
        *field("left", f"{names[0]}: {left.title}, {count(len(left.steps), 'step')}"),
        *field("right", f"{names[1]}: {right.title}, {count(len(right.steps), 'step')}"),
        *field("matched", f"by {found.by}"),
    ]
    if found.same:
        return "\n".join([*lines, *field("the same", _whole(found))])
    lines += field("the same", _common(found))
    lines += ["", *_side_by_side(left, right, found), ""]
    lines += _meeting(found)
    return "\n".join(line.rstrip() for line in lines)


def _whole(found: Parting) -> str:
    if found.by == NAMES:
        return "from the first step to the last"
    return f"{count(len(found.left), 'stretch', 'es')}, from the first to the last"


def _common(found: Parting) -> str:
    if not found.common:
        return "nothing: they differ from the first step on"
    left, right = found.left[found.common - 1].last, found.right[found.common - 1].last
    if left == right:
        return f"steps 1 to {left}" if left > 1 else "step 1"
    return f"steps 1 to {left} on the left, 1 to {right} on the right"


def _side_by_side(left: Walk, right: Walk, found: Parting) -> Iterator[str]:
    """The last common units, then from the first difference on what each does."""
    for place in range(max(found.common - BEFORE, 0), found.common):
        yield from _pair(_told(left, found.left[place]), _told(right, found.right[place]), " ")
    yield from _pair(["-" * _COLUMN], ["-" * _COLUMN], "-")
    shown = slice(found.common, found.common + AFTER)
    ended = False
    for one, other in zip_longest(found.left[shown], found.right[shown]):
        same = one is not None and other is not None and one.key == other.key
        on_left, on_right = (
            _told(walk, unit) if unit else [] if ended else [_END]
            for walk, unit in ((left, one), (right, other))
        )
        ended = one is None or other is None
        yield from _pair(on_left, on_right, " " if same else "|")
    more_left, more_right = (
        [f"     ... {more} more"] if (more := len(each) - found.common - AFTER) > 0 else []
        for each in (found.left, found.right)
    )
    yield from _pair(more_left, more_right, " ")


def _pair(one: Sequence[str], other: Sequence[str], between: str) -> Iterator[str]:
    for a, b in zip_longest(one, other, fillvalue=""):
        yield f"{a:<{_COLUMN}} {between} {b}"


def _told(walk: Walk, unit: Unit) -> list[str]:
    """A unit in a column: its step and innermost function, or its steps and context; what is done
    there."""
    calls = walk.calls(unit.first)
    if unit.first == unit.last:
        return _column(unit.first, calls.rpartition(" > ")[2], walk.does(unit.first))
    head = f"{walk.lane(unit.first)}, to step {unit.last}"
    outermost = walk.steps[unit.first - 1].context
    return _column(unit.first, head, [plain(f"{outermost}()")])


def _column(number: int, head: str, texts: Sequence[str]) -> list[str]:
    lines = [f"{number:>4} {head}"[:_COLUMN]]
    for text in texts:
        lines += ["       " + each for each in fold(text, _COLUMN - 7, "  ")]
    return lines


def _meeting(found: Parting) -> list[str]:
    if found.later is None:
        return field("later", f"not looked for: more than {MOST:,} steps follow")
    if found.common in (len(found.left), len(found.right)):
        return field("later", f"nothing: the {_shorter(found)} trace ends there")
    if not found.later:
        return field("later", "they have nothing in common any more")
    said = [
        f"{_range(found.left, a, size)} = {_range(found.right, b, size)}"
        for a, b, size in found.later
    ]
    total = sum(size for _, _, size in found.later)
    return field("later", f"{count(total, *_UNIT[found.by])} in common again: " + "; ".join(said))


def _shorter(found: Parting) -> str:
    return "left" if found.common == len(found.left) else "right"


_END = "     (the trace has ended)"
_UNIT = {NAMES: ("step",), KINDS: ("stretch", "es")}


def _range(units: Sequence[Unit], first: int, size: int) -> str:
    begin, end = units[first].first, units[first + size - 1].last
    return f"{begin} to {end}" if end > begin else str(begin)
