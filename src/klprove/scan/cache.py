"""Maps that were made before, by build-id: `$XDG_CACHE_HOME/klprove/scan/`.

A file is believed only where its digest fits, so damage costs time and nothing else. It is not
sealed: who can write to the user's cache can write to the user's other files, too.
"""

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from klprove.image import Image
from klprove.scan.answers import Map, Step

_HEAD = b"klprove-map-1 "
_LARGEST = 1 << 28
"""Bytes that a map may unpack to."""


def cached(image: Image, lists: Sequence[str], make: Callable[[], Map]) -> Map:
    """The map of `image` from the cache, or else what `make` makes, kept for the next time.

    An image without a build-id is not kept: nothing would tell it from another one.
    """
    path = _place(image, lists)
    if path is None:
        return make()
    found = _read(path, image.path)
    if found is None:
        found = make()
        _write(path, found)
    return found


def _place(image: Image, lists: Sequence[str]) -> Path | None:
    """Where the map lies: it depends on the image, on what of it is there, on the lists of names
    that were given with it, and on klprove."""
    if not image.build_id:
        return None
    key = hashlib.blake2b(digest_size=10)
    key.update(_program())
    key.update(
        f"{len(image.bytes)} {[(s.name, s.size, s.stored) for s in image.sections]}".encode()
    )
    for each in lists:
        try:
            key.update(hashlib.blake2b(Path(each).read_bytes()).digest())
        except (OSError, ValueError):
            return None  # whoever reads it will complain
    home = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    return Path(home) / "klprove" / "scan" / f"{image.build_id[:40]}-{key.hexdigest()}.map"


def _program() -> bytes:
    """A digest of the program that makes maps."""
    rooms = Path(__file__).parents[1]
    whole = hashlib.blake2b()
    for path in sorted((*rooms.glob("scan/*.*"), *rooms.glob("image/*.py"))):
        whole.update(path.read_bytes())
    return whole.digest()


def _read(path: Path, shown: str) -> Map | None:
    """The map in the file; None where it is not there, or not as it was written."""
    try:
        content = path.read_bytes()
        head, digest, packed = content[:14], content[14:78], content[78:]
        if head != _HEAD or hashlib.sha256(packed).hexdigest().encode() != digest:
            return None
        return _map(json.loads(zlib.decompressobj().decompress(packed, _LARGEST)), shown)
    except (OSError, ValueError, zlib.error, KeyError, TypeError, RecursionError):
        return None


def _write(path: Path, found: Map) -> None:
    """Whole or not at all; a cache that cannot be written is no error."""
    packed = zlib.compress(json.dumps(_record(found), separators=(",", ":")).encode(), 1)
    content = _HEAD + hashlib.sha256(packed).hexdigest().encode() + packed
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:
            try:
                file.write(content)
                file.close()
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise


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
