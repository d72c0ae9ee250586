"""A short hunt with every reader, that a hunt finds what is there, and what was found before."""

import os
import time
from pathlib import Path
from random import Random

import pytest

from klprove.source import BadInput
from tests.fuzz import hunt as hunting
from tests.fuzz.hunt import hunt
from tests.fuzz.readers import READERS, Reader, read
from tests.fuzz.readers.checkpoints import resumed, saved

FOUND = {
    "claim": [b"number = " + b"[" * 5000, b"a" + b".a" * 5000 + b" = 1"],
    "ir": [
        b'program cpus 1\nobject 0x1 4 "\x01"\n',
        b'program cpus 1\nobject 0x1 4 "\\q"\n',
        b"program cpus 1\ncontext task t cpu 0 ; a.c:1:1 t\n  registers %a:i32\n    0  %a = "
        + b"(" * 5000 + b"%a" + b" + 1)" * 5000 + b" ; a.c:1:1 t\n",
    ],
    "options": [b"-D\0A=\xff\xfe\0", b"-D\0\xc3\xa9=1\0"],
    "kernel": [b"base = 3\n", b'files = ["../klprove.c"]\n', b"\xff"],
    "names": [b".",
        b"\xed.c", b"\xef\n.c", "\u202e.c".encode(), b"!\x1b[2J.c", b"\x1b[2J.c", b"-x.c"],
    "check": [
        b'__task(0) void t(void) { __klprove_assert(0, "a\\x1b[2J\\nklprove: HOLDS"); }\n',
        b'__task(0) void t(void) { finding("*\\\\ int evil; /\\\\*"); }\n',
        b"int \xe2\x80\xae = \x1b;\n",
        b"#include <" + b"a" * 5000 + b">\nint x;\n",
    ],
    "model": [
        b"__task(0) void t(void) { } __nmi(0) void n(void) { schedule(); }",
        b"__task(0) void run(void)\n{\n\tif (nobody) {\n" + b"!" * 3900,
        b'char s[] = "\xc3\xa9\\xff"; __task(0) void t(void) { s[0] = s[1]; }',
        b'int w[] = L"\\xffff"; __task(0) void t(void) { w[0] = w[1]; }',
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_a_short_hunt(name: str) -> None:
    result = hunt(name, 1, 25, time.monotonic() + 120)
    assert result.findings == []
    assert result.executions


@pytest.mark.parametrize(
    ("name", "data"), [(name, data) for name, every in FOUND.items() for data in every]
)
def test_what_was_found_is_fixed(name: str, data: bytes, tmp_path: Path) -> None:
    read(name, data, tmp_path)


def _ends(_: bytes, __: Path) -> None:
    os.abort()


def _loops(_: bytes, __: Path) -> None:
    while True:
        pass


def _grows(_: bytes, __: Path) -> None:
    bytearray(2 * hunting.MEMORY)


def _raises(data: bytes, _: Path) -> None:
    if data == b"7":
        raise ValueError("seven")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(_ends, "ended by -6"), (_loops, "ended by -27"), (_grows, "MemoryError"), (_raises, "seven")],
)
def test_a_hunt_finds(monkeypatch: pytest.MonkeyPatch, wrong: type[object], said: str) -> None:
    reader = Reader(lambda random: str(random.randrange(10)).encode(), wrong)
    monkeypatch.setattr(hunting, "READERS", {"wrong": reader})
    monkeypatch.setattr(hunting, "read", lambda name, data, folder: reader.read(data, folder))
    monkeypatch.setattr(hunting, "CPU_SECONDS", 0.2)
    result = hunt("wrong", 0, 1 if wrong is not _raises else 60, time.monotonic() + 60)
    assert result.findings and said in result.findings[0][1]
    assert result.findings[0][0] == (b"7" if wrong is _raises else result.findings[0][0])


@pytest.mark.parametrize("name", ["keys", "search.json", "search.json.new"])
@pytest.mark.parametrize("how", ["link", "pipe"])
def test_a_checkpoint_stays_in_its_folder(name: str, how: str, tmp_path: Path) -> None:
    """A link in the folder is not followed, and a pipe is not waited for."""
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    folder.mkdir()
    outside.write_bytes(saved().get(name, b"mine"))
    for each, good in saved().items():
        (folder / each).write_bytes(good)
    (folder / name).unlink(missing_ok=True)
    if how == "link":
        (folder / name).symlink_to(outside)
    else:
        os.mkfifo(folder / name)
    before = outside.read_bytes()
    if name == "search.json.new":
        resumed(folder, True)
    else:
        with pytest.raises(BadInput, match="cannot be read"):
            resumed(folder, True)
    assert outside.read_bytes() == before


def test_inputs_are_told_by_their_seed() -> None:
    for reader in READERS.values():
        assert reader.make(Random(5)) == reader.make(Random(5))
