"""A bundle: what is in it, and that what it carries needs nothing but Python's own library."""

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from klprove.api import check
from klprove.lab import Setup
from klprove.lab.layout import Layout
from klprove.replay import packing, stock
from klprove.replay.carried import plan_of
from klprove.replay.handler import Built
from klprove.replay.packing import ROOT, bundle, carried, stock_bundle
from klprove.replay.replaying import Prepared, planned
from klprove.replay.trace import read_case
from klprove.report import document
from klprove.source import BadInput
from tests.image.types import types
from tests.lab.conftest import Tell, story
from tests.replay.test_handler import _NAMES, MEMBERS, RECORDS
from tests.schemas.law import obey

__all__ = ["story"]

HERE = 0xFFFFFFFF81000000
NAMED = {
    "ksys_read": HERE, "vfs_read": HERE + 64, "asm_exc_nmi": HERE + 128, "percpu": 64,
    "__per_cpu_offset": HERE + 256,
}  # fmt: skip
OWN = {
    "klp_ops": (".data", 0), "klp_funcs": (".bss", 8), "klp_ftrace_handler": (".text", 16),
}  # fmt: skip
RELEASE, NUMBER = "6.1.0-9-toy", "ab" * 20


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a check of handler A at vfs_read wrote."""
    path = tmp_path_factory.mktemp("trace") / "trace.json"
    made = document(check("handlers/2017/A.c", kernel="v6.0", patch="vfs_read", jobs=1))
    path.write_text(json.dumps(made))
    return str(path)


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A kernel's layout, of an image that is not there."""
    monkeypatch.setattr(packing, "identity", lambda path: (RELEASE, NUMBER))
    kept = types(RECORDS, _NAMES, MEMBERS)
    return Layout("toy", NAMED, kept, {}, frozenset({NAMED["vfs_read"]}))


@pytest.fixture
def ready(trace: str, places: Layout, story: Tell) -> Prepared:
    """A replay in it, with the stand-in for QEMU and busybox on the path."""
    files = {"handler.ko": b"module", "bin/reader": b"program"}
    return Prepared(read_case(trace), places, Built(b"", OWN), Setup(Path("toy"), files, cpus=1))


def _unpacked(data: bytes, folder: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(folder, filter="data")
    return folder / ROOT


def _run(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """run.sh, with this Python first on the path, and no folder of modules named."""
    programs = home / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "python3").unlink(missing_ok=True)
    (programs / "python3").symlink_to(sys.executable)
    given = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", **environment}
    given.pop("PYTHONPATH", None)
    command = ["sh", str(home / "run.sh"), *words]
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False)


def test_what_is_in_it(ready: Prepared, tmp_path: Path) -> None:
    data = bundle(ready)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = {each.name.removeprefix(f"{ROOT}/"): each for each in archive}
    assert {
        "README", "run.sh", "lead.py", "replay.json", "schedule.txt", "symbols.gz", "initramfs.gz",
        "built/handler.ko", "built/bin/reader", "source/Kbuild", "source/handler.c",
        "source/user.c", "source/macros.h", "source/reader.c", "source/init",
        "driver/klprove/replay/carried.py",
    } <= set(members)  # fmt: skip
    assert members["run.sh"].mode == 0o755
    assert {(each.uid, each.gid, each.uname, each.gname, each.mtime) for each in members.values()} \
        == {(0, 0, "", "", 0)}  # fmt: skip
    home = _unpacked(data, tmp_path)
    assert (home / "source/user.c").read_bytes() == Path("handlers/2017/A.c").read_bytes()
    assert "handlers/" not in (home / "replay.json").read_text()
    symbols = gzip.decompress((home / "symbols.gz").read_bytes()).decode()
    assert symbols.splitlines()[:2] == ["ffffffff81000000 ksys_read", "ffffffff81000040 vfs_read"]
    for name in ("README", "run.sh"):
        text = (home / name).read_text()
        assert RELEASE in text and NUMBER in text and f"linux-image-{RELEASE}-dbg" in text
        assert "@" not in text.replace('"$@"', "")


def test_the_same_input_makes_the_same_bytes(
    ready: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bundle(ready)
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert bundle(ready) == first
    assert str(Path.cwd()).encode() not in first


def test_a_schedule_is_read_back_where_the_module_lies(ready: Prepared, tmp_path: Path) -> None:
    content = json.loads((_unpacked(bundle(ready), tmp_path) / "replay.json").read_text())
    obey(content)
    sections = {".data": 0xFFFFFFFFC0100000, ".bss": 0xFFFFFFFFC0200000, ".text": HERE + 4096}
    own = {name: sections[section] + offset for name, (section, offset) in OWN.items()}
    there, found = planned(ready, own)
    plan, pairs = plan_of(content, sections)
    assert (plan.resting, plan.flag) == (there.resting, there.flag)
    assert {name: (each.word, each.mask, each.order, bool(each.meant)) for name, each in
            pairs.items()} == {name: (each.word, each.mask, each.order, bool(each.meant))
                               for name, each in found.pairs.items()}  # fmt: skip
    for mine, theirs in zip(plan.steps, there.steps, strict=True):
        assert (mine.number, mine.do, mine.target, mine.value, mine.why, mine.away) == (
            theirs.number, theirs.do, theirs.target, theirs.value, theirs.why, theirs.away,
        )  # fmt: skip
        assert (mine.pair and mine.pair.model) == (theirs.pair and theirs.pair.model)
        for name in ("action", "depth", "kind", "calls", "notes"):
            assert getattr(mine.event, name) == getattr(theirs.event, name)
    assert pairs["klp_funcs[1].transition"].word.at == sections[".bss"] + 8 + 64 + 24


def test_what_is_carried_imports_itself_and_pythons_library_alone(tmp_path: Path) -> None:
    for name, data in carried().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import klprove.replay.carried as c; "
        "print(c.__file__); print(*sorted({name.split('.')[0] for name in sys.modules} "
        "- sys.stdlib_module_names - {'klprove'}))"
    )
    command = [sys.executable, "-I", "-S", "-B", "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    place, others = ran.stdout.splitlines()
    assert place.startswith(str(tmp_path))
    assert set(others.split()) <= {"__main__"}


def test_run_without_a_machine(ready: Prepared, tmp_path: Path) -> None:
    home = _unpacked(bundle(ready), tmp_path)
    (tmp_path / "vmlinux").touch()
    ran = _run(home)
    assert ran.returncode == 2
    assert f"no /usr/lib/debug/boot/vmlinux-{RELEASE}: apt-get install linux-image" in ran.stderr
    wrong = _run(home, str(tmp_path / "vmlinux"))
    assert wrong.returncode == 2
    assert f"needed is {NUMBER}" in wrong.stderr


@pytest.fixture
def readelf(story: Tell, tmp_path: Path) -> None:
    """One that finds the build-id in every file."""
    program = tmp_path / "programs" / "readelf"
    program.write_text(f'#!/bin/sh\necho "    Build ID: {NUMBER}"\n')
    program.chmod(0o755)


def test_the_schedule_and_the_command_are_printed(
    ready: Prepared, readelf: None, tmp_path: Path
) -> None:
    home = _unpacked(bundle(ready), tmp_path)
    (tmp_path / "vmlinux").touch()
    ran = _run(home, str(tmp_path / "vmlinux"), "--dry-run")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"-kernel {tmp_path}/vmlinux -initrd {home}/initramfs.gz" in ran.stdout
    schedule = (home / "schedule.txt").read_text()
    assert ran.stdout.endswith(schedule.partition("\n\n")[2])
    assert "A.c:15                 run until klp_ops.func_stack.next is read" in schedule


@pytest.mark.parametrize(
    ("told", "status", "text"),
    [
        ({}, 2, f"is another kernel, not {RELEASE}"),
        ({"dies": "notes"}, 4, "lost: the machine ended"),
    ],
)
def test_a_guest_that_is_not_the_right_one(
    told: dict[str, Any], status: int, text: str,
    ready: Prepared, readelf: None, story: Tell, tmp_path: Path,
) -> None:  # fmt: skip
    home = _unpacked(bundle(ready), tmp_path)
    (tmp_path / "vmlinux").touch()
    empty = "1f8b08000000000000ff03000000000000000000"
    story(answers={"set -o pipefail; cat /sys/kernel/notes": f"0:hex {empty}"}, **told)
    ran = _run(home, str(tmp_path / "vmlinux"))
    assert ran.returncode == status
    assert text in ran.stderr


@pytest.mark.parametrize("name", ["idle-handler", "stalled", "nmi-everywhere"])
def test_a_reproducer_is_packed(name: str, places: Layout, story: Tell, tmp_path: Path) -> None:
    files = {} if name == "nmi-everywhere" else {"patch.ko": b"module"}
    chosen = stock.Ready(name, places, Setup(Path("toy"), files, cpus=2), True)
    home = _unpacked(stock_bundle(chosen), tmp_path)
    content = json.loads((home / "replay.json").read_text())
    obey(content)
    assert (content["name"], content["promised"], content["machine"]) == (name, True, {"cpus": 2})
    assert content["title"].startswith(f"{name}: ") and "  " not in content["title"]
    assert (home / "source/what.h").exists() == bool(files)
    assert not (home / "schedule.txt").exists()


def test_an_image_without_a_build_id(monkeypatch: pytest.MonkeyPatch) -> None:
    class Image:
        def section(self, name: str) -> None:
            """None of that name."""

    monkeypatch.setattr(packing, "open_image", lambda path: Image())
    with pytest.raises(BadInput) as caught:
        packing.identity("v")
    assert caught.value.diagnostics[0].render().startswith("v: error: it has no build-id")
