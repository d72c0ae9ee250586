"""Maps that were made before, by build-id: `$XDG_CACHE_HOME/klprove/scan/`.

A file is believed only where its digest fits, so damage costs time and nothing else. It is not
sealed: who can write to the user's cache can write to the user's other files, too. Nothing here
loads what reads images: a map that is there answers before that is done.
"""

import hashlib
import json
import os
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klprove.scan.answers import Map, Step

if TYPE_CHECKING:
    from klprove.image import Image

_HEAD = b"klprove-map-2 "
_LARGEST = 1 << 28
"""Bytes that a map may unpack to."""
_SETTLED = 2
"""Seconds since a file's last change from which its times tell it from what it was before."""
_KEPT = 64
"""Files of each kind that are kept, the newest ones."""


def known(path: str, lists: Sequence[str]) -> Map | None:
    """The map of a file that was mapped before and is the same file still: by place, size and
    times. None for any other, without having read it."""
    mark = _mark(path, lists)
    if mark is None:
        return None
    try:
        name = mark.read_text("ascii")
    except (OSError, ValueError):
        return None
    return _read(_home() / name, path) if "/" not in name else None


def cached(image: "Image", lists: Sequence[str], make: Callable[[], Map]) -> Map:
    """The map of `image` from the cache, or else what `make` makes, kept for the next time.

    An image without a build-id is not kept: nothing would tell it from another one.
    """
    path = _place(image, lists)
    if path is None:
        return make()
    mark = _mark(image.path, lists)
    found = _read(path, image.path)
    if found is None:
        found = make()
        if not found.complete:
            return found
        _write(path, _packed(found))
    if mark is not None:
        _write(mark, path.name.encode())
    return found


def _place(image: "Image", lists: Sequence[str]) -> Path | None:
    """Where the map lies: it depends on the image, on what of it is there, on the lists of names
    that were given with it, and on klprove."""
    if not image.build_id:
        return None
    sections = [(each.name, each.size, each.stored) for each in image.sections]
    key = _key(f"{len(image.bytes)} {sections}", lists)
    return _home() / f"{image.build_id[:40]}-{key}.map" if key else None


def _mark(path: str, lists: Sequence[str]) -> Path | None:
    """Where the name of a file's map lies; None for what is no file, or changed just now."""
    try:
        about = os.stat(path)
        real = os.path.realpath(path)
    except (OSError, ValueError):
        return None
    changed = max(about.st_mtime_ns, about.st_ctime_ns)
    if changed > time.time_ns() - _SETTLED * 10**9:
        return None
    identity = f"{about.st_dev} {about.st_ino} {about.st_size} {about.st_mtime_ns} {changed} {real}"
    key = _key(identity, lists)
    return _home() / "files" / key if key else None


def _key(identity: str, lists: Sequence[str]) -> str:
    """A digest of what is said, of the lists and of the program; empty for a list that cannot be
    read: whoever reads it will complain."""
    key = hashlib.blake2b(digest_size=10)
    key.update(_program())
    key.update(identity.encode(errors="surrogateescape"))
    for each in lists:
        try:
            key.update(hashlib.blake2b(Path(each).read_bytes()).digest())
        except (OSError, ValueError):
            return ""
    return key.hexdigest()


def _home() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    return Path(home) / "klprove" / "scan"


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
    except (OSError, ValueError, zlib.error, LookupError, TypeError, RecursionError):
        return None


def _packed(found: Map) -> bytes:
    packed = zlib.compress(json.dumps(_record(found), separators=(",", ":")).encode(), 1)
    return _HEAD + hashlib.sha256(packed).hexdigest().encode() + packed


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all; a cache that cannot be written is no error."""
    from tempfile import NamedTemporaryFile  # not needed where the answer is there

    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        _prune(path.parent)
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:
            try:
                file.write(content)
                file.close()
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise


def _prune(folder: Path) -> None:
    """Remove the oldest files of a folder: each version of klprove has its own."""
    files = [each for each in folder.iterdir() if each.is_file()]
    for each in sorted(files, key=lambda e: e.stat().st_mtime)[: 1 - _KEPT]:
        each.unlink(missing_ok=True)


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
