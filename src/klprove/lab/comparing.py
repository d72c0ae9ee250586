# SPDX-License-Identifier: GPL-2.0-or-later
"""What was seen against the map: is the map sound, and how much of it was seen?"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from klprove.lab.seen import Entered, Seen, Way
from klprove.scan import GRADES, Map

_SHOWS: Mapping[str, Callable[[Way], bool]] = {
    "rcu-off": lambda way: way.rcu_off,
    "nmi": lambda way: way.context == "nmi",
    "irq": lambda way: way.context in ("softirq", "hardirq"),
    "irqs-off": lambda way: way.irqs_off,
}
"""Which ways of being entered answer which question with yes. (An ftrace site cannot see that
something stays for ever.)"""
_SITE = "site"
NOWHERE = -1


class Missing(NamedTuple):
    """Something that was seen and that the map does not have."""

    question: str
    """One of the map's, or "patchable"."""
    function: int
    """Its place in the map; NOWHERE for a site that belongs to no function of it."""
    site: int
    way: Way
    """The way it was seen in most often."""
    entered: Entered
    caller: int
    """The function of the map that called it the first time; NOWHERE for one that is not there."""


class Share(NamedTuple):
    """A question: how much of the map was seen, by grade, of the patchable functions."""

    mapped: tuple[int, ...]
    """Functions of each of GRADES."""
    seen: tuple[int, ...]
    """Of those, the seen ones."""
    missing: int
    """Seen without being in the map."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The map beside what was seen."""

    missing: tuple[Missing, ...]
    """By question and name; none where the map is sound."""
    shares: Mapping[str, Share]
    """By question; those that the map leaves open are not there."""
    functions: int
    """Of the map that were seen at all."""
    unlisted: tuple[int, ...]
    """With a site by the map, and not in the kernel's own list."""
    surplus: tuple[str, ...]
    """In the kernel's own list, without a site by the map."""


def compare_seen(found: Map, seen: Seen) -> Comparison:
    """`seen` against the map of the same image (see `fits`)."""
    by_site = {
        address + offset: index
        for index, (address, offset) in enumerate(zip(found.addresses, found.offsets, strict=True))
        if offset >= 0
    }
    missing = [*_unpatchable(found, seen, by_site)]
    shares: dict[str, Share] = {}
    for question, shows in _SHOWS.items():
        if question in found.reached:
            part = list(_unreached(found, seen, by_site, question, shows))
            missing += part
            shares[question] = _share(found, seen, by_site, question, len(part))
    unlisted, surplus = _lists(found, seen)
    order = sorted(missing, key=lambda each: (each.question, _name(found, each.function)))
    return Comparison(
        tuple(order), shares, len(by_site.keys() & seen.sites.keys()), unlisted, surplus
    )


def fits(found: Map, seen: Seen) -> bool:
    """Whether both are of one build."""
    return bool(seen.build_id) and found.build_id == seen.build_id


def _name(found: Map, index: int) -> str:
    return found.names[index] if index >= 0 else ""


def _most(ways: Mapping[Way, Entered]) -> tuple[Way, Entered]:
    return max(ways.items(), key=lambda each: (each[1].times, each[0]))


def _unpatchable(found: Map, seen: Seen, by_site: Mapping[int, int]) -> Iterator[Missing]:
    for site, ways in seen.sites.items():
        index = by_site.get(site, NOWHERE)
        if index < 0 or found.patch[index] != _SITE:
            way, entered = _most(ways)
            yield Missing("patchable", index, site, way, entered, around(found, entered.parent))


def _unreached(
    found: Map,
    seen: Seen,
    by_site: Mapping[int, int],
    question: str,
    shows: Callable[[Way], bool],
) -> Iterator[Missing]:
    reached = found.reached[question]
    for site, ways in seen.sites.items():
        index = by_site.get(site, NOWHERE)
        said = {way: entered for way, entered in ways.items() if shows(way)}
        if said and index not in reached and index >= 0:
            way, entered = _most(said)
            yield Missing(question, index, site, way, entered, around(found, entered.parent))


def _share(
    found: Map, seen: Seen, by_site: Mapping[int, int], question: str, missing: int
) -> Share:
    shows = _SHOWS[question]
    there = {by_site[site] for site, ways in seen.sites.items()
             if site in by_site and any(map(shows, ways))}  # fmt: skip
    steps = found.reached[question]
    mapped = Counter(step.grade for i, step in steps.items() if found.patch[i] == _SITE)
    both = Counter(steps[index].grade for index in there if index in steps)
    every = range(len(GRADES))
    return Share(tuple(mapped[g] for g in every), tuple(both[g] for g in every), missing)


def _lists(found: Map, seen: Seen) -> tuple[tuple[int, ...], tuple[str, ...]]:
    if not seen.traceable:
        return (), ()
    able = [index for index, word in enumerate(found.patch) if word == _SITE]
    names = {index: {found.names[index], *found.aliases.get(index, ())} for index in able}
    every = {name for each in names.values() for name in each}
    unlisted = tuple(index for index in able if not names[index] & seen.traceable)
    return unlisted, tuple(sorted(seen.traceable - every))


def around(found: Map, address: int) -> int:
    """The function that `address` lies in, its place in the map; NOWHERE for none."""
    index = bisect_right(found.addresses, address) - 1
    if index >= 0 and address <= found.addresses[index] + found.sizes[index]:
        return index
    return NOWHERE
