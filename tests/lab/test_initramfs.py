"""The initramfs, read back with the rules of its format."""

import gzip
import shutil
import stat
import subprocess

import pytest

from klprove.lab.initramfs import initramfs

FILES = {"init": b"#!/bin/sh\n", "a/b/c": b"12345", "empty": b""}


def members(archive: bytes) -> dict[str, tuple[int, bytes]]:
    """Mode and content of each member of a "newc" archive, by name."""
    found: dict[str, tuple[int, bytes]] = {}
    at = 0
    while True:
        assert archive[at : at + 6] == b"070701"
        fields = [int(archive[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        name = archive[at + 110 : at + 110 + fields[11] - 1].decode()
        begin = at + (110 + fields[11] + 3) // 4 * 4
        if name == "TRAILER!!!":
            return found
        found[name] = (fields[1], archive[begin : begin + fields[6]])
        at = begin + (fields[6] + 3) // 4 * 4


def test_every_file_and_the_folders_above_it() -> None:
    found = members(gzip.decompress(initramfs(FILES)))
    for name, content in FILES.items():
        assert found[name] == (stat.S_IFREG | 0o755, content)
    names = list(found)
    assert names.index("a") < names.index("a/b") < names.index("a/b/c")
    assert stat.S_ISDIR(found["a/b"][0]) and stat.S_ISDIR(found["proc"][0])
    assert stat.S_ISCHR(found["dev/console"][0])


def test_the_same_files_are_the_same_bytes() -> None:
    assert initramfs(FILES) == initramfs(dict(reversed(FILES.items())))


@pytest.mark.skipif(shutil.which("cpio") is None, reason="cpio is not installed")
def test_cpio_reads_it() -> None:
    archive = gzip.decompress(initramfs(FILES))
    told = subprocess.run(
        ["cpio", "-it", "--quiet"], input=archive, capture_output=True, check=True
    )
    assert set(told.stdout.decode().split()) >= {"init", "a/b/c", "empty", "dev/console"}
