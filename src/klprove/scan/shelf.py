"""What was found before, in files: `$XDG_CACHE_HOME/klprove/scan/`.

A file is believed only where its digest fits, so damage costs time and nothing else. It is not
sealed: who can write to the user's cache can write to the user's other files, too.
"""

import hashlib
import os
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from klprove.image import Image

_LARGEST = 1 << 28
"""Bytes that a file may unpack to."""


def place(image: Image, lists: Sequence[str], kind: str) -> Path | None:
    """Where what is known of `image` lies, by `kind`: it depends on the image, on what of it is
    there, on the files that were given with it, and on klprove. None where it has no build-id, for
    nothing would tell it from another image."""
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
    return Path(home) / "klprove" / "scan" / f"{image.build_id[:40]}-{key.hexdigest()}.{kind}"


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
    """Whole or not at all; a cache that cannot be written is no error."""
    packed = zlib.compress(data, 1)
    content = head + hashlib.sha256(packed).hexdigest().encode() + packed
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
