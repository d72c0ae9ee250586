# SPDX-License-Identifier: GPL-2.0-or-later
"""A trace beside a real kernel: the agreement table, the schedule, the table of hooks."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from klprove.lab.memory import FIXED
from klprove.replay import (
    AGREED,
    DIFFERS,
    NOT_MAPPED,
    SECONDS,
    Campaign,
    Case,
    Cell,
    Hook,
    Outcome,
    Row,
    Schedule,
    Shown,
    Step,
    Words,
    disagreements,
    shown,
    told,
)  # fmt: skip
from klprove.report.replay import quote
from klprove.report.wrapping import WIDTH, count, field

SCHEMA = "klprove.replay/2"
_PLACE = 21
_LEGEND = (
    "k!m: the kernel has k and the model m, else both have the same; "
    "state: 4 where RCU watches, and 1 in idle"
)
_HEAD = 8
"""Columns that the last head may stand out to the right."""


def replayed(case: Case, release: str, outcomes: Sequence[Outcome], found: Words) -> str:
    """What came of `outcomes`, all of one trace: the table of the first that did not agree, or of
    the last."""
    worst = [each for each in outcomes if each.first is not None]
    worst += [each for each in outcomes if each.result != AGREED]
    shown_one = worst[0] if worst else outcomes[-1]
    return "\n".join(_replayed(case, release, outcomes, shown_one, found))


def _replayed(
    case: Case, release: str, outcomes: Sequence[Outcome], one: Outcome, found: Words
) -> Iterator[str]:
    first = one.first
    word = "DISAGREED" if first else "AGREED" if one.result == AGREED else "LOST"
    yield f"klprove: {word}  {case.name}  {case.kernel} on {release}"
    numbers = {row.step.number for row in one.rows}
    mapped = {row.step.number for row in one.rows if row.result != NOT_MAPPED}
    agreed = sum(each.result == AGREED for each in outcomes)
    text = f"{agreed} of {count(len(outcomes), 'replay')} agreed"
    yield from field("replays", text)
    for label, why in other_boots(outcomes):
        yield from field(label, why)
    text = f"{len(numbers)}, {len(mapped)} of them mapped to the kernel's code"
    yield from field("steps", text)
    yield ""
    yield from _table(one.rows, found)
    if first is not None:
        yield ""
        yield from field("first", f"step {first.step.number}: {first.text}")


def other_boots(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, str]]:
    """For every machine that followed one that told nothing: `boot 2`, and why that was."""
    for number, each in enumerate(outcomes, 1):
        of = f"of replay {number}; " if len(outcomes) > 1 else ""
        for boot, why in enumerate(each.lost, 1):
            yield f"boot {boot + 1}", f"{of}boot {boot} told nothing: {why}"


class _Column(NamedTuple):
    head: str
    cells: Sequence[str]

    @property
    def width(self) -> int:
        return max(map(len, self.cells), default=0)


def _table(every: Sequence[Row], found: Words) -> Iterator[str]:
    rows = [*_lines(every)]
    columns = _columns(rows, found)
    same = [each for each in columns if len({*filter(None, each.cells)}) == 1]
    moving = [each for each in columns if each not in same]
    room = WIDTH - 6 - _PLACE - 1 - sum(each.width + 1 for each in moving) - _HEAD
    left = min(max((len(row.at) for row in rows), default=0), room)
    begin = " " * (6 + _PLACE + 1 + left)
    for number, column in enumerate(moving):
        bars = "".join(f" {'|':<{each.width}}" for each in moving[:number])
        yield f"{begin}{bars} {column.head}"
    yield f"step  {'model':<{_PLACE}} kernel"
    for line, row in enumerate(rows):
        place = f"{row.step.number:>4}  {_place(row.step):<{_PLACE}} "
        if row.result not in (AGREED, DIFFERS):
            yield from _folded(place, f"{row.result}: {row.text}")
            continue
        texts = "".join(f" {each.cells[line]:<{each.width}}" for each in moving)
        yield f"{place}{_short(row.at, left):<{left}}{texts}".rstrip()
        yield from _more(row, found)
    yield ""
    both = ", ".join(f"{each.head} {each.cells[0] or each.cells[-1]}" for each in same)
    if both:
        yield from field("always", f"{both}; in both")
    yield from field("read", _LEGEND)


def _folded(before: str, text: str) -> Iterator[str]:
    first, *more = textwrap.wrap(text, WIDTH - len(before)) or [""]
    yield f"{before}{first}".rstrip()
    yield from (" " * len(before) + each for each in more)


def _lines(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows, without those that say again what the row before says."""
    before: Row | None = None
    for row in rows:
        again = before is not None and (row.at, row.cells, row.result) == (
            before.at, before.cells, AGREED,
        )  # fmt: skip
        if not (again and before is not None and row.step.number == before.step.number):
            yield row
        before = row


def _columns(rows: Sequence[Row], found: Words) -> list[_Column]:
    """The words of the kernel itself; those of a handler's objects stand in their own lines."""
    there: dict[str, None] = {}
    for row in rows:
        there |= dict.fromkeys(row.cells)
    columns = [
        _Column(found.pairs[each].short, [_cell(row, each, found) for row in rows])
        for each in there
        if found.pairs[each].word.home != FIXED
    ]
    flags = [_flag(row.irqs) for row in rows]
    return [*columns, _Column("irqs", flags)]


def _flag(cell: Cell | None) -> str:
    if cell is None:
        return ""
    kernel, model = (("off", "on")[each] for each in (cell.kernel, cell.model))
    return kernel if kernel == model else f"{kernel}!{model}"


def _cell(row: Row, name: str, found: Words) -> str:
    cell = row.cells.get(name)
    if cell is None:
        return ""
    pair = found.pairs[name]
    kernel = shown(pair, cell.kernel)
    return kernel if cell.kernel == cell.model else f"{kernel}!{shown(pair, cell.model)}"


def _more(row: Row, found: Words) -> Iterator[str]:
    """For a step that touches an object of the handler, that object and its value."""
    pair = row.step.pair
    if pair is None or pair.word.home != FIXED:
        return
    cell = row.cells[pair.model]
    sign = "=" if cell.kernel == cell.model else f"!{shown(pair, cell.model)}"
    yield f"{'':6}  {pair.short} {sign} {shown(pair, cell.kernel)}"


def _place(step: Step) -> str:
    event = step.event
    if event.action != "step":
        return f"<{event.kind}>" if event.action == "enter" else "iret"
    name = event.span.file.rpartition("/")[2]
    return _short(f"{name}:{event.span.line}", _PLACE)


def _short(text: str, width: int) -> str:
    name, plus, offset = text.partition("+")
    over = len(text) - width
    return text if over <= 0 else f"{name[: -over - 2]}..{plus}{offset}"


def replay_document(
    case: Case, release: str, outcomes: Sequence[Outcome], found: Words
) -> dict[str, Any]:
    """The same for programs; docs/replay.md describes it."""
    return {
        "schema": SCHEMA,
        "trace": case.name,
        "kernel": case.kernel,
        "release": release,
        "agreed": all(each.result == AGREED for each in outcomes),
        "replays": [
            {
                "result": each.result,
                "attempts": each.attempts,
                "lost": [*each.lost],
                "steps": [_step(row, found) for row in each.rows],
            }
            for each in outcomes
        ],
    }


def _step(row: Row, found: Words) -> dict[str, Any]:
    cells = {
        name: {"model": shown(found.pairs[name], cell.model),
               "kernel": shown(found.pairs[name], cell.kernel)}
        for name, cell in row.cells.items()
    }  # fmt: skip
    return {
        "step": row.step.number,
        "do": row.step.do,
        "result": row.result,
        "at": row.at,
        "text": row.text,
        "words": cells,
    }


def stock_text(seen: Shown, release: str) -> str:
    """What a reproducer on a stock kernel came to."""
    lines = [f"klprove: {'HELD' if seen.held else 'NOT HELD'}  {seen.name}  {release}"]
    for each in seen.lines:
        lines += field("seen", each)
    return "\n".join(lines)


def planned_text(plan: Schedule, found: Words, case: Case, command: Sequence[str]) -> str:
    """What would be done, and the machine that it would be done to."""
    lines = [f"klprove: SCHEDULE  {case.name}  {case.kernel}"]
    lines += field("machine", " ".join(map(quote, command)))
    return "\n".join([*lines, "", *told(plan, found.pairs, WIDTH)])


def stock_planned_text(name: str, command: Sequence[str]) -> str:
    """The machine that a reproducer would be run on."""
    lines = [f"klprove: SCHEDULE  {name}", *field("machine", " ".join(map(quote, command)))]
    return "\n".join(lines)


def hooks_text(kernel: str, release: str, table: Sequence[Hook], done: Campaign) -> str:
    """The table of a fidelity campaign, every disagreement, and what never came."""
    tried = done.tried
    lines = [f"klprove: {'DISAGREED' if any(disagreements(tried)) else 'AGREED'}  "
             f"{kernel} on {release}  {count(len(tried), 'walk')}", ""]  # fmt: skip
    lines.append(f"{'scene':<8}{'hook':<20}{'NMI places':>11}{'agreed':>8}{'merged':>8}"
                 f"{'steps compared':>16}{'differ':>8}")  # fmt: skip
    for each in table:
        lines.append(
            f"{each.scene:<8}{each.name:<20}{each.places:>11}{each.agreed:>8}{each.merged:>8}"
            f"{each.compared:>16}{each.differing:>8}"
        )
    for walked in disagreements(tried):
        first = walked.outcome.first
        assert first is not None
        lines += ["", walked.walk.name]
        lines += field("first", f"step {first.step.number}, {first.at or 'nowhere'}: {first.text}")
    text = f"not entered in {SECONDS:.0f} s of idling, reading, tracing: "
    lines += [
        "",
        *field("never", text + (", ".join(done.uncalled) or "nothing of what was looked for")),
    ]
    return "\n".join(lines)


def hooks_document(
    kernel: str, release: str, table: Sequence[Hook], done: Campaign
) -> dict[str, Any]:
    """The same for programs."""
    return {
        "schema": "klprove.fidelity/1",
        "kernel": kernel,
        "release": release,
        "hooks": [_hook(each) for each in table],
        "uncalled": [*done.uncalled],
        "walks": [
            {
                "name": each.walk.name,
                "scene": each.walk.scene,
                "result": each.outcome.result,
                "attempts": each.outcome.attempts,
                "text": each.outcome.rows[-1].text,
            }
            for each in done.tried
        ],
    }


def _hook(hook: Hook) -> Mapping[str, Any]:
    return {name: getattr(hook, name) for name in Hook.__slots__}
