# SPDX-License-Identifier: GPL-2.0-or-later
"""Seals: who wrote a checkpoint. Compiled code takes what is in one as it is, so it has to be ours.

A seal is a keyed digest (BLAKE2b, RFC 7693) with a key that only its user can read, made when it is
first needed: `$XDG_STATE_HOME/klprove/seal.key`. Whoever can write into the folder of a checkpoint,
but cannot read the key, can make it useless and nothing else.
"""

import hashlib
import hmac
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_SIZE = 32
_CHUNK = 1 << 20


def key_path() -> Path:
    """Where the key of this user is kept."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "klprove" / "seal.key"


def key() -> bytes:
    """The key of this user. Raises OSError where there is none and none can be kept."""
    path = key_path()
    with suppress(FileNotFoundError):
        found = path.read_bytes()
        if len(found) == _SIZE:
            return found
        raise OSError(0, f"{path} holds no key")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, made = tempfile.mkstemp(dir=path.parent)
    with open(handle, "wb") as file:
        file.write(os.urandom(_SIZE))
    with suppress(FileExistsError):  # somebody was faster
        os.link(made, path)
    os.unlink(made)
    return path.read_bytes()


def begun(secret: bytes, name: str) -> "hashlib.blake2b":
    """A seal to which the bytes of the file `name` are still to be added."""
    return hashlib.blake2b(name.encode() + b"\0", key=secret, digest_size=_SIZE)


def holds(seal: "hashlib.blake2b", said: str) -> bool:
    """True where `said` is the hexadecimal form of `seal`."""
    return hmac.compare_digest(seal.hexdigest(), said)


def add(seal: "hashlib.blake2b", file: BinaryIO, size: int) -> None:
    """Add the next `size` bytes of `file`, or those that there are."""
    while size > 0 and (chunk := file.read(min(size, _CHUNK))):
        seal.update(chunk)
        size -= len(chunk)


def open_inside(folder: Path, name: str, flags: int) -> BinaryIO:
    """Open a file of `folder`: one that is in there (no link), and a file (no pipe, no device)."""
    if os.path.basename(name) != name:
        raise OSError(0, f"{name!r} is no name in a folder")
    handle = os.open(folder / name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, f"{name} is not a file")
    return open(handle, "rb" if flags & os.O_ACCMODE == os.O_RDONLY else "r+b")
