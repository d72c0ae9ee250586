# SPDX-License-Identifier: GPL-2.0-or-later
"""What a running kernel was seen to do beside its map: text for people, JSON for programs."""

from collections.abc import Iterator, Sequence
from typing import Any

from klprove.lab import WAYS_OF_CALL, Comparison, Missing, Run, Seen, Share, Way, totals
from klprove.report.scan import label
from klprove.report.wrapping import WIDTH, count, field, fold
from klprove.scan import GRADES, QUESTIONS, Map

SCHEMA = "klprove.observed/2"
_COLUMN = 11
_WORDS = {
    "task": "in a task",
    "softirq": "in a softirq",
    "hardirq": "in an interrupt",
    "nmi": "in an NMI, or what counts as one",
    "irqs_off": "with interrupts off",
    "rcu_off": "while RCU was not watching",
    "idle": "in the idle task, or on top of it",
}


def observed(found: Map, seen: Seen, compared: Comparison, calls: Sequence[str]) -> str:
    """What was seen, how much of the map that is, and all that the map lacks; `calls` has the way
    of the call for each that is missing (WAYS_OF_CALL)."""
    return "\n".join(_observed(found, seen, compared, calls))


def _observed(found: Map, seen: Seen, compared: Comparison, calls: Sequence[str]) -> Iterator[str]:
    word = "UNSOUND" if compared.missing else "OBSERVED"
    machines = count(len(seen.runs), "machine")
    yield f"klprove: {word}  {seen.release}  {machines}  {count(len(seen.sites), 'function')}"
    yield from field("image", f"{found.path}  build-id {found.build_id or 'none'}")
    for run in seen.runs:
        yield from field("machine", _run(run))
    yield ""
    yield f"{'functions that were entered':<48}{'functions':>{_COLUMN}}"
    numbers = totals(seen)
    for key, text in _WORDS.items():
        yield f"  {text:<46}{numbers[key]:>{_COLUMN},}"
    yield ""
    yield from _shares(compared)
    yield from _lists(found, seen, compared)
    yield from _missing(found, compared, calls)


def _run(run: Run) -> str:
    parts = [" ".join([run.model, *run.options]), f"{run.seconds}s", f"{run.nmis:,} NMIs"]
    if run.machine_checks:
        parts.append(count(run.machine_checks, "machine check"))
    if run.lost:
        parts.append(f"{run.lost:,} entries found no room")
    return ", ".join(parts)


def _shares(compared: Comparison) -> Iterator[str]:
    heads = "".join(f"{grade:>{_COLUMN}}" for grade in GRADES)
    yield f"{'of the map, seen (of the patchable ones)':<42}{heads}"
    for question, share in compared.shares.items():
        yield f"  {QUESTIONS[question]:<40}" + "".join(map(_cell, share.seen, share.mapped))
    yield ""
    yield f"{'seen, and in the map':<42}{'in it':>{_COLUMN}}{'not in it':>{_COLUMN}}"
    for question, share in compared.shares.items():
        there = sum(share.seen)
        yield f"  {QUESTIONS[question]:<40}{there:>{_COLUMN},}{share.missing:>{_COLUMN},}"
    unpatchable = sum(each.question == "patchable" for each in compared.missing)
    inside = compared.functions - sum(
        each.question == "patchable" and each.function >= 0 for each in compared.missing
    )
    yield f"  {'can be livepatched':<40}{inside:>{_COLUMN},}{unpatchable:>{_COLUMN},}"


def _cell(seen: int, mapped: int) -> str:
    return f"{f'{seen:,}/{mapped:,}':>{_COLUMN}}"


def _lists(found: Map, seen: Seen, compared: Comparison) -> Iterator[str]:
    if not seen.traceable:
        return
    yield ""
    told = f"{len(seen.traceable):,} names in the kernel's own available_filter_functions; "
    told += f"{len(compared.surplus):,} of them without a site by the map, "
    told += f"{len(compared.unlisted):,} with one that are not in it"
    yield from field("listed", told)
    for name in compared.surplus:
        yield f"  - {name}"[:WIDTH]
    for index in compared.unlisted:
        yield f"  + {label(found, index)}"[:WIDTH]


def _missing(found: Map, compared: Comparison, calls: Sequence[str]) -> Iterator[str]:
    """By question, and by why: first what a function of the map calls, then what follows."""
    groups: dict[tuple[str, bool, str], list[Missing]] = {}
    for each, call in zip(compared.missing, calls, strict=True):
        inside = each.caller in found.reached.get(each.question, ())
        groups.setdefault((each.question, not inside, call), []).append(each)
    last = ""
    for (question, outside, call), members in sorted(groups.items()):
        if question != last:
            last = question
            number = sum(each.question == question for each in compared.missing)
            yield ""
            yield f"not in the map: {QUESTIONS.get(question, 'can be livepatched')}: {number:,}"
        place = "by what is not in the map either" if outside else "by a function of the map"
        yield from fold(f"  {place}, {WAYS_OF_CALL[call]}: {len(members):,}", WIDTH, "    ")
        for each in members:
            yield from fold(f"    {line_of(found, each)}", WIDTH, "        ")


def line_of(found: Map, each: Missing) -> str:
    """Who was entered, from where, in which context and how often."""
    caller = label(found, each.caller) if each.caller >= 0 else f"{each.entered.parent:#x}"
    context = " ".join(_context(each.way))
    return f"{_who(found, each)} <- {caller}  {context}, {count(each.entered.times, 'time')}"


def _who(found: Map, each: Missing) -> str:
    return label(found, each.function) if each.function >= 0 else f"{each.site:#x}"


def _context(way: Way) -> Iterator[str]:
    yield way.context
    if way.irqs_off:
        yield "irqs-off"
    if way.rcu_off:
        yield "rcu-off"


def observed_document(
    found: Map, seen: Seen, compared: Comparison, calls: Sequence[str]
) -> dict[str, Any]:
    """The comparison as JSON has it; what was seen in full is a file of its own."""
    return {
        "schema": SCHEMA,
        "image": {"path": found.path, "release": found.release, "build_id": found.build_id},
        "runs": [each._asdict() for each in seen.runs],
        "seen": dict(totals(seen)),
        "questions": {word: _share(share) for word, share in compared.shares.items()},
        "open": dict(found.open),
        "unlisted": [label(found, index) for index in compared.unlisted],
        "surplus": list(compared.surplus),
        "missing": [
            {**_entry(found, each), "call": call}
            for each, call in zip(compared.missing, calls, strict=True)
        ],
    }


def _share(share: Share) -> dict[str, Any]:
    grades = zip(GRADES, share.mapped, share.seen, strict=True)
    return {
        **{grade: {"mapped": mapped, "seen": seen} for grade, mapped, seen in grades},
        "missing": share.missing,
    }


def _entry(found: Map, each: Missing) -> dict[str, Any]:
    return {
        "question": each.question,
        "function": _who(found, each),
        "site": f"{each.site:#x}",
        **each.way._asdict(),
        "count": each.entered.times,
        "parent": f"{each.entered.parent:#x}",
        "caller": label(found, each.caller) if each.caller >= 0 else None,
        "caller_in_map": each.caller in found.reached.get(each.question, ()),
    }
