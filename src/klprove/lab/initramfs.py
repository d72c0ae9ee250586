# SPDX-License-Identifier: GPL-2.0-or-later
"""A file system for a guest's memory: the archive format "newc" of cpio, gzip'd."""

import gzip
import stat
from collections.abc import Iterator, Mapping

_FOLDERS = ("bin", "dev", "proc", "sys", "tmp", "etc")


def initramfs(files: Mapping[str, bytes]) -> bytes:
    """An initramfs with `files`, by path without the leading slash; all of them can be executed.

    Format: Documentation/driver-api/early-userspace/buffer-format.rst (Linux v6.1).
    """
    return gzip.compress(b"".join(_members(files)), 1, mtime=0)


def _members(files: Mapping[str, bytes]) -> Iterator[bytes]:
    folders = {*_FOLDERS}
    for path in files:
        parts = path.split("/")[:-1]
        folders.update("/".join(parts[: i + 1]) for i in range(len(parts)))
    number = 1
    for folder in sorted(folders):
        yield _member(number, folder, stat.S_IFDIR | 0o755)
        number += 1
    # Before init has mounted anything, its messages go here: character device 5, 1.
    yield _member(number, "dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    for path, content in sorted(files.items()):
        number += 1
        yield _member(number, path, stat.S_IFREG | 0o755, content)
    yield _member(0, "TRAILER!!!", 0)


def _member(
    number: int, path: str, mode: int, content: bytes = b"", device: tuple[int, int] = (0, 0)
) -> bytes:
    name = path.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % each for each in fields) + name
    return _padded(head) + _padded(content)


def _padded(part: bytes) -> bytes:
    return part + b"\0" * (-len(part) % 4)
