"""`--as`, `--json` and `--quote`: what is refused, and what is not lost."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from klprove.cli.main import run
from klprove.formats import FORMATS

ROOT = Path(__file__).parents[2]
Capture = pytest.CaptureFixture[str]
needs_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model, and files that were there before."""
    shutil.copy(ROOT / "corpus" / "x86-nmi-cr2" / "buggy.c", tmp_path / "cr2.c")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--as", "sarf"], "no format sarf; near it: sarif; the formats are json, ktap, "),
        (["--as", "x\x1b[31m"], "no format x\\x1b[31m; "),
        (["--as", "xml=a.xml"], "no format xml; the formats are "),
        (["--as", "ktap="], "ktap= names no file; `ktap` alone is standard output"),
        (["--as", "ktap", "--as", "junit"], "--as ktap and --as junit both write to standard"),
        (["--as", "ktap", "--json", "-"], "--as ktap and --as json both write to standard"),
        (["--as", "json", "--quote"], "--as json and --as quote both write to standard"),
        (["--as", "ktap=a", "--as", "junit=./a"], "--as ktap and --as junit both write to ./a"),
        (["--json", "a", "--as", "sarif=folder/../a"], "--as sarif and --as json both write to a"),
        (["--as", "ktap=cr2.c"], "cr2.c is read or written by another option"),
        (["--as", "ktap=no/such/a"], "cannot write no/such/a: No such file or directory"),
        (["--as", "ktap=folder"], "cannot write folder: Is a directory"),
        (["--as", "ktap=cr2.c/a"], "cannot write cr2.c/a: No such file or directory"),
    ],
)
def test_refused_before_anything_is_searched(
    words: Sequence[str], said: str, capsys: Capture
) -> None:
    before = sorted(map(str, Path().rglob("*")))
    assert run(["check", "cr2.c", *words]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""
    assert sorted(map(str, Path().rglob("*"))) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_cannot_be_written(capsys: Capture) -> None:
    Path("folder").chmod(0o500)
    assert run(["check", "cr2.c", "--as", "ktap=folder/a"]) == 2
    assert "cannot write folder/a: Permission denied" in capsys.readouterr().err


def test_a_page_and_a_format_of_one_name(capsys: Capture) -> None:
    (Path("claims")).mkdir()
    assert run(["thread", "claims", "-o", "new", "--as", "ktap=new"]) == 2
    assert "new is read or written by another option" in capsys.readouterr().err


def test_a_function_may_be_called_as_a_file_is(capsys: Capture) -> None:
    handler = str(ROOT / "handlers" / "2017" / "A.c")
    words = ["check", handler, "--kernel", "v4.12rc", "--arrivals", "0", "--patch", "vfs_read"]
    assert run([*words, "--as", "ktap=vfs_read"]) == 0
    assert "ok 1 vfs_read" in Path("vfs_read").read_text()


def test_the_text_and_every_file() -> None:
    files = [f"{name}=out.{name}" for name in FORMATS]
    assert run(["check", "cr2.c", *(word for each in files for word in ("--as", each))]) == 1
    assert all(Path(f"out.{name}").stat().st_size for name in FORMATS)
    assert json.loads(Path("out.json").read_text())["verdict"] == "violated"


@pytest.mark.parametrize("name", FORMATS)
def test_alone_on_standard_output(name: str, capsys: Capture) -> None:
    assert run(["check", "cr2.c", "--no-times", "--as", f"{name}=out"]) == 1
    assert "klprove: VIOLATION" in capsys.readouterr().out
    assert run(["check", "cr2.c", "--no-times", "--as", name]) == 1
    assert capsys.readouterr().out == Path("out").read_text()


def test_short_forms(capsys: Capture) -> None:
    for short, long in (("--json=-", "json"), ("--quote", "quote")):
        assert run(["check", "cr2.c", "--no-times", short]) == 1
        said = capsys.readouterr().out
        assert run(["check", "cr2.c", "--no-times", "--as", long]) == 1
        assert capsys.readouterr().out == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lint", "x.ko", "--list"], "not with --list"),
        (["lint", "--explain", "H04"], "not with --list, --explain"),
        (["lint", "--list-rules"], "or --list-rules"),
        (["watch", "--collector"], "not with --collector"),
        (["watch"], "on standard output, and --bundle, go with --once or --wait"),
        (["replay", "t.json", "--vmlinux", "v", "--dry-run"], "not with --dry-run"),
    ],
)
def test_what_finds_nothing_is_told_in_no_format(
    words: Sequence[str], said: str, capsys: Capture
) -> None:
    assert run([*words, "--as", "ktap"]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


@needs_full
def test_a_full_disk_costs_that_file_only(capsys: Capture) -> None:
    words = ["--as", "ktap=/dev/full", "--as", "junit=a.xml", "--as", "sarif=/dev/full"]
    assert run(["check", "cr2.c", *words]) == 2
    told = capsys.readouterr()
    assert "VIOLATION assert" in told.out
    assert told.err.count("cannot write /dev/full: No space left on device") == 2
    assert Path("a.xml").read_text().startswith("<?xml")


def test_devices_take_several() -> None:
    assert run(["check", "cr2.c", "--as", "ktap=/dev/null", "--as", "junit=/dev/null"]) == 1


@pytest.mark.parametrize("name", FORMATS)
def test_a_reader_that_has_seen_enough(name: str) -> None:
    command = f"{sys.executable} -m klprove check cr2.c --as {name} | head -c 1"
    command = f'set -o pipefail; {command}; echo " ${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.endswith(" 1\n")
