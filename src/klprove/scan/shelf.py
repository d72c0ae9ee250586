# SPDX-License-Identifier: GPL-2.0-or-later
"""What was found before, in files: `$XDG_CACHE_HOME/klprove/scan/`.

A file is believed only where its digest fits, so damage costs time and nothing else. It is not
sealed: who can write to the user's cache can write to the user's other files, too. Nothing here
loads what reads images: an answer that is there comes before that is done.
"""

import hashlib
import os
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from klprove.image import Image

_LARGEST = 1 << 28
"""Bytes that a file may unpack to."""
_SETTLED = 2
"""Seconds since a file's last change from which its times tell it from what it was before."""
_KEPT = 64
"""Files of a folder that are kept, the newest ones."""


def place(image: "Image", lists: Sequence[str], kind: str) -> Path | None:
    """Where what is known of `image` lies, by `kind`: it depends on the image, on what of it is
    there, on the files that were given with it, and on klprove. None where it has no build-id, for
    nothing would tell it from another image."""
    if not image.build_id:
        return None
    sections = [(each.name, each.size, each.stored) for each in image.sections]
    key = _key(f"{len(image.bytes)} {sections}", lists)
    return _home() / f"{image.build_id[:40]}-{key}.{kind}" if key else None


def mark(path: str, lists: Sequence[str]) -> Path | None:
    """Where the name of what is known of a file lies, by its place, size and times; None for what
    is no file, or changed just now."""
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


def marked(at: Path) -> Path | None:
    """The file that a mark leads to."""
    try:
        name = at.read_text("ascii")
    except (OSError, ValueError):
        return None
    return _home() / name if "/" not in name else None


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
    """A digest of the program that finds it."""
    rooms = Path(__file__).parents[1]
    whole = hashlib.blake2b()
    for path in sorted((*rooms.glob("scan/*.*"), *rooms.glob("image/**/*.py"))):
        whole.update(path.read_bytes())
    return whole.digest()


def read(path: Path, head: bytes) -> bytes | None:
    """What was written there under `head`; None where it is not there, or not as it was."""
    try:
        content = path.read_bytes()
        begin, digest = content[: len(head)], content[len(head) : len(head) + 64]
        packed = content[len(head) + 64 :]
        if begin != head or hashlib.sha256(packed).hexdigest().encode() != digest:
            return None
        return zlib.decompressobj().decompress(packed, _LARGEST)
    except (OSError, ValueError, zlib.error):
        return None


def write(path: Path, head: bytes, data: bytes) -> None:
    """Keep `data`, which `read` gives back."""
    packed = zlib.compress(data, 1)
    put(path, head + hashlib.sha256(packed).hexdigest().encode() + packed)


def put(path: Path, content: bytes) -> None:
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
