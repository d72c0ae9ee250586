"""Maps that were made before, by build-id."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from klprove.image import Image
from klprove.scan import shelf
from klprove.scan.answers import Map, Step

_HEAD = b"klprove-map-1 "


def cached(image: Image, lists: Sequence[str], make: Callable[[], Map]) -> Map:
    """The map of `image` from the cache, or else what `make` makes, kept for the next time.

    An image without a build-id is not kept: nothing would tell it from another one.
    """
    path = shelf.place(image, lists, "map")
    if path is None:
        return make()
    found = _read(path, image.path)
    if found is None:
        found = make()
        record = json.dumps(_record(found), separators=(",", ":"))
        shelf.write(path, _HEAD, record.encode())
    return found


def _read(path: Path, shown: str) -> Map | None:
    """The map in the file; None where it is not there, or not as it was written."""
    try:
        data = shelf.read(path, _HEAD)
        return _map(json.loads(data), shown) if data is not None else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _record(found: Map) -> dict[str, Any]:
    """A map as JSON has it: sentences that occur often stand once, in a list."""
    said: dict[str, int] = {}
    reached = {
        question: [
            [index, *step._replace(how="")[:3], said.setdefault(step.how, len(said)), step.site]
            for index, step in steps.items()
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
        question: {
            index: Step(grade, hops, parent, said[how], site)
            for index, grade, hops, parent, how, site in steps
        }
        for question, steps in record["reached"].items()
    }
    record["aliases"] = dict(record["aliases"])
    record["blacklisted"] = frozenset(record["blacklisted"])
    record["sympos"] = dict(record["sympos"])
    return Map(path=path, **record)
