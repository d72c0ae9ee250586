# SPDX-License-Identifier: GPL-2.0-or-later
"""Maps that were made before, by build-id."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klprove.scan import shelf
from klprove.scan.answers import Map, Step

if TYPE_CHECKING:
    from klprove.image import Image

_HEAD = b"klprove-map-2 "


def known(path: str, lists: Sequence[str]) -> Map | None:
    """The map of a file that was mapped before and is the same file still: by place, size and
    times. None for any other, without having read it."""
    mark = shelf.mark(path, lists)
    place = shelf.marked(mark) if mark is not None else None
    return _read(place, path) if place is not None else None


def cached(image: "Image", lists: Sequence[str], make: Callable[[], Map]) -> Map:
    """The map of `image` from the cache, or else what `make` makes, kept for the next time.

    An image without a build-id is not kept: nothing would tell it from another one.
    """
    path = shelf.place(image, lists, "map")
    if path is None:
        return make()
    mark = shelf.mark(image.path, lists)
    found = _read(path, image.path)
    if found is None:
        found = make()
        if not found.complete:
            return found
        shelf.write(path, _HEAD, json.dumps(_record(found), separators=(",", ":")).encode())
    if mark is not None:
        shelf.put(mark, path.name.encode())
    return found


def _read(path: Path, shown: str) -> Map | None:
    """The map in the file; None where it is not there, or not as it was written."""
    try:
        data = shelf.read(path, _HEAD)
        return _map(json.loads(data), shown) if data is not None else None
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _record(found: Map) -> dict[str, Any]:
    """A map as JSON has it. Sentences that occur often stand once, in a list; steps are columns."""
    said: dict[str, int] = {}
    reached = {
        question: [
            list(steps),
            *([step[field] for step in steps.values()] for field in range(3)),
            [said.setdefault(step.how, len(said)) for step in steps.values()],
            [step.site for step in steps.values()],
        ]
        for question, steps in found.reached.items()
    }
    columns = (
        "machine", "release", "build_id", "notes", "names", "addresses", "sizes", "regions",
        "patch", "offsets", "counts", "open",
    )  # fmt: skip
    return {
        **{each: getattr(found, each) for each in columns},
        "aliases": sorted(found.aliases.items()),
        "blacklisted": sorted(found.blacklisted),
        "sympos": sorted(found.sympos.items()),
        "reached": reached,
        "said": list(said),
    }


def _map(record: dict[str, Any], path: str) -> Map:
    said = record.pop("said")
    record["reached"] = {
        question: dict(
            zip(
                indices,
                map(Step, grades, hops, parents, (said[each] for each in how), sites),
                strict=True,
            )
        )
        for question, (indices, grades, hops, parents, how, sites) in record["reached"].items()
    }
    record["aliases"] = dict(record["aliases"])
    record["blacklisted"] = frozenset(record["blacklisted"])
    record["sympos"] = dict(record["sympos"])
    return Map(path=path, **record)
