# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a function was inlined, for people."""

from collections.abc import Iterator, Sequence

from klprove.image.dwarf import Call, Inlines
from klprove.report.wrapping import WIDTH, count, field, fold
from klprove.scan import Map

_MOST = 40
"""Copies that are listed."""
_LABEL = "inlined"


def inlined_copies(found: Map, index: int, inlined: Inlines | str) -> str:
    """The copies of one function of the map, which patching it leaves as they are."""
    if isinstance(inlined, str):
        return "\n".join(field(_LABEL, f"cannot tell: {inlined}"))
    numbers = inlined.of(found.addresses[index], found.names[index])
    calls = _calls(inlined, numbers)
    text = "nowhere else: no record of an inlined copy"
    if calls:
        text = f"also, in {count(len({each.host for each in calls}), 'function')}:"
    elif {*numbers} & {*inlined.traceless.tolist()}:
        text = "cannot tell where: the compiler says it did, and left no record"
    return "\n".join([*_noted(inlined), *field(_LABEL, text), *_listed(found, calls)])


def inlined_only(found: Map, name: str, inlined: Inlines | str) -> str:
    """What became of a function that has no code of its own; empty where nothing is known of
    it."""
    numbers = inlined.named(name) if isinstance(inlined, Inlines) else ()
    if isinstance(inlined, str) or not numbers:
        return ""
    lines = [f"klprove: INLINED {name}  {found.release}"]
    for number in numbers:
        _, file, line = inlined.said(number)
        calls = _calls(inlined, [number])
        hosts = count(len({each.host for each in calls}), "function")
        lines += field("place", f"{file}:{line}, no code of its own")
        lines += field(_LABEL, f"in {hosts}{':' if calls else ', as far as records go'}")
        lines += _listed(found, calls)
    return "\n".join([*lines, *_noted(inlined)])


def _noted(inlined: Inlines) -> Iterator[str]:
    for each in inlined.notes:
        yield from field("note", each)


def _calls(inlined: Inlines, numbers: Sequence[int]) -> Sequence[Call]:
    return [call for number in numbers for call in inlined.calls(number)]


def _listed(found: Map, calls: Sequence[Call]) -> Iterator[str]:
    index = {address: number for number, address in enumerate(found.addresses)}
    for each in calls[:_MOST]:
        host = found.names[index[each.host]] if each.host in index else f"{each.host:#x}"
        through = f" through {', '.join(each.through)}" if each.through else ""
        at = f", {each.file}:{each.line}" if each.file else ""
        yield from fold(f"  {host}{through}{at}", WIDTH, "      ")
    if len(calls) > _MOST:
        yield f"  and {len(calls) - _MOST:,} more copies; --json has all"
