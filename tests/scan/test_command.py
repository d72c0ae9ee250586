"""The command line of `scan`: what it prints, and with which status."""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from klprove.cli.main import run
from klprove.scan import Map, scan
from tests.scan.toy import objcopied, toy


def test_the_summary_fits_a_mail(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(toy())]) == 0
    said = capsys.readouterr().out
    assert "klprove: SCANNED  6.1.0-toy  x86_64" in said
    assert max(map(len, said.splitlines())) <= 79
    assert "yes: an ftrace site at its entry" in said
    assert "may be entered while RCU is not watching               3         6         " in said


def test_a_list_and_its_grades(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(toy()), "--rcu-off", "--grade", "certain"]) == 0
    said = capsys.readouterr().out
    assert "arch_cpu_idle" in said and "mwait_idle" not in said and "exc_nmi" not in said
    assert run(["scan", str(toy()), "--rcu-off", "--all"]) == 0
    said = capsys.readouterr().out
    assert "mwait_idle" in said and "exc_nmi" in said
    assert max(map(len, said.splitlines())) <= 79


def test_patchable(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(toy()), "--patchable"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split()[-1] for line in lines if line.startswith("ffff")]
    assert "arch_cpu_idle" in names and "ct_idle_enter" not in names
    assert lines[-1].startswith(f"{len(names)} functions of")


def test_paths(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(toy()), "--rcu-off", "--paths"]) == 0
    said = capsys.readouterr().out
    assert (
        "in_the_window: likely\n  arch_cpu_idle  <- called with RCU off in default_idle_call"
        in said
    )
    assert said.count(": certain\n") == 3 and "exc_nmi" not in said
    assert max(map(len, said.splitlines())) <= 79


def test_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(toy()), "--why", "in_the_window"]) == 0
    said = capsys.readouterr().out
    assert "rcu-off : may be entered while RCU is not watching: likely" in said
    assert "default_idle_call+0x" in said
    assert "nmi     : not reached" in said
    assert "patch   : yes" in said


def test_why_of_an_unknown_function(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(toy()), "--why", "default_idl"]) == 2
    assert "default_idle" in capsys.readouterr().err


def test_json(tmp_path: Path) -> None:
    assert run(["scan", str(toy()), "--json", str(tmp_path / "map.json")]) == 0
    content = json.loads((tmp_path / "map.json").read_text())
    by_name = {each["name"]: each for each in content["functions"]}
    answer = by_name["default_idle"]["answers"]["rcu-off"]
    assert (answer["grade"], answer["hops"]) == ("likely", 2)
    assert content["functions"][answer["parent"]]["name"] == "arch_cpu_idle"
    assert by_name["boots"]["patchable"] is False


def test_json_alone_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(toy()), "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "klprove.map/2"


def test_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "map.db"
    assert run(["scan", str(toy()), "--sqlite", str(path)]) == 0
    question = """
      SELECT f.name FROM function f JOIN answer a ON a.function = f.id
      WHERE f.patchable AND a.question = 'rcu-off' AND a.grade <> 'possible' ORDER BY a.hops, f.name
    """
    with closing(sqlite3.connect(path)) as base:
        names = [name for (name,) in base.execute(question)]
    assert names == [
        *("arch_cpu_idle", "as_linked", "as_updated", "enter_simply", "where_a_key_is_on"),
        *("default_idle", "halt_idle", "mwait_idle", "in_the_window"),
    ]


def test_parquet(tmp_path: Path, found: Map) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "map.parquet"
    assert run(["scan", str(toy()), "--parquet", str(path)]) == 0
    table = parquet.read_table(path)
    rows = {row["name"]: row for row in table.to_pylist()}
    assert len(rows) == len(found.names)
    (index,) = found.find("default_idle")
    row = rows["default_idle"]
    assert (row["address"], row["patchable"]) == (found.addresses[index], True)
    step = found.reached["rcu-off"][index]
    assert (row["rcu-off"]["grade"], row["rcu-off"]["at"]) == ("likely", step.site)
    assert table["name"][row["rcu-off"]["parent"]].as_py() == "arch_cpu_idle"
    assert row["nmi"] is None and rows["boots"]["patchable"] is False
    assert json.loads(table.schema.metadata[b"klprove"])["release"] == "6.1.0-toy"


def test_parquet_without_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = tmp_path / "map.parquet"
    assert run(["scan", str(toy()), "--parquet", str(path)]) == 2
    assert "pip install 'klprove[parquet]'" in capsys.readouterr().err and not path.exists()


def test_diff(capsys: pytest.CaptureFixture[str]) -> None:
    closed = str(toy("-DCLOSED"))
    assert run(["scan", str(toy()), "--diff", closed]) == 0
    said = capsys.readouterr().out
    assert "rcu-off : may be entered while RCU is not watching: 5 no more, 0 new" in said
    assert "  - arch_cpu_idle" in said
    assert run(["scan", closed, "--diff", str(toy())]) == 0
    assert "  + arch_cpu_idle" in capsys.readouterr().out


def test_diff_and_numbers_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    closed = str(toy("-DCLOSED"))
    assert run(["scan", str(toy()), "--diff", closed, "--json", "-"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["schema"], made["grade"]) == ("klprove.map-diff/1", "likely")
    assert (
        "arch_cpu_idle"
        in next(each for each in made["changes"] if each["about"] == "rcu-off")["gone"]
    )
    assert run(["scan", str(toy()), "--numbers", "--json", "-"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["schema"] == "klprove.map-numbers/1"
    assert {each["patchable"] for each in made["numbers"]} >= {None, 2}


@pytest.mark.parametrize("other", [["--rcu-off"], ["--why", "default_idle"]])
def test_nothing_stands_beside_json(other: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(toy()), *other, "--json", "-"]) == 2
    assert "prints the whole map" in capsys.readouterr().err


def test_without_symbols(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(objcopied("--strip-all"))]) == 2
    said = capsys.readouterr()
    assert "no function has a name" in said.err
    assert "build-id" in said.out and "--names" in said.out


def test_what_cannot_be_told_has_its_own_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(objcopied("--strip-symbol=__start_mcount_loc")), "--patchable"]) == 3
    hooks = ("--redefine-sym=ct_idle_enter=x", "--redefine-sym=ct_idle_exit=y")
    assert run(["scan", str(objcopied(*hooks)), "--rcu-off"]) == 3
    assert "cannot tell: none of the known hooks" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "only 0 bytes"),
        (b"#!/bin/sh\necho no kernel\n", "not an ELF file"),
        (b"\x7fELF\x01" + bytes(60), "32-bit"),
        (b"\x7fELF\x02\x01\x01" + bytes(90), "[image]"),
    ],
)
def test_bad_input(
    content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "vmlinux"
    path.write_bytes(content)
    assert run(["scan", str(path)]) == 2
    told = capsys.readouterr()
    assert said in told.err and "Traceback" not in told.err and told.out == ""


def test_a_list_of_names_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = tmp_path / "System.map"
    bare = str(objcopied("--strip-all"))
    for text, said in {
        "ffffffff81000000 T good\nnot a line\n": f"{names}:2:1: error",
        "0000000000001000 T elsewhere\n": "another kernel",
        "0000000000000000 T hidden\n" * 200: "addresses are hidden",
    }.items():
        names.write_text(text)
        assert run(["scan", bare, "--names", str(names)]) == 2
        assert said in capsys.readouterr().err


def test_names_with_escapes_are_dead_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = toy().read_bytes().replace(b"in_the_window\0", b"in\x1b[31mwindow\0")
    path = tmp_path / "vmlinux"
    path.write_bytes(content)
    assert run(["scan", str(path), "--rcu-off"]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said and "in\\x1b[31mwindow" in said


def test_an_interrupted_scan_shows_what_it_has_and_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("klprove.scan.asking.staying", interrupt)
        assert run(["scan", str(toy())]) == 3
        said = capsys.readouterr().out
        assert "note    : interrupted" in said and "yes: an ftrace site" in said
        assert "RCU is not watching               3" in said
        assert "ever: cannot tell: interrupted before it was" in said.replace("\n    ", " ")
        assert run(["scan", str(toy()), "--never-ends"]) == 3
        assert run(["scan", str(toy()), "--rcu-off"]) == 0
    assert run(["scan", str(toy()), "--never-ends"]) == 0


def test_what_takes_long_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("klprove.cli.mapped._SILENT", 0.0)
    assert run(["scan", str(toy()), "--no-cache"]) == 0
    said = capsys.readouterr().err.splitlines()
    assert len(said) > 5 and all(each.startswith("klprove: ") for each in said)
    assert said[0].endswith("next: the symbols")
    monkeypatch.setattr("klprove.cli.mapped._SILENT", 3600.0)
    assert run(["scan", str(toy()), "--no-cache"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("kind", ["zlib-gnu", "zlib"])
def test_compressed_debug_sections_cost_nothing(kind: str, found: Map) -> None:
    assert scan(str(toy("-gdwarf-5", f"-gz={kind}"))).patch == found.patch


@pytest.mark.parametrize("version", ["4", "5"])
def test_debug_information_of_either_version(version: str, found: Map) -> None:
    assert scan(str(toy(f"-gdwarf-{version}"))).patch == found.patch


def test_without_the_packages_of_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [each for each in sys.modules if each.startswith("klprove.image")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.delitem(sys.modules, "klprove.scan.cache")
    assert run(["scan", "anything"]) == 2
    assert "pip install 'klprove[scan]'" in capsys.readouterr().err


def test_where_a_function_was_inlined(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    image = str(toy("-gdwarf-5", "-O2", "-DINLINED"))
    assert run(["scan", image, "--why", "default_idle"]) == 0
    assert "inlined : nowhere else: no record of an inlined copy" in capsys.readouterr().out
    assert run(["scan", image, "--why", "put_inside"]) == 0
    said = capsys.readouterr().out
    assert "klprove: INLINED put_inside" in said
    assert "place   : " in said and "no code of its own" in said
    assert "\n  it_is_put_into, " in said
    assert run(["scan", image, "--json", str(tmp_path / "map.json")]) == 0
    content = json.loads((tmp_path / "map.json").read_text())
    assert content["inlining"] == ""
    by_name = {each["name"]: each["inlined_into"] for each in content["functions"]}
    assert by_name["default_idle"] == []
    [copy] = by_name["also_called"]
    assert copy["file"].endswith("toy.c") and copy["through"] == ["put_inside"]
    host = {each["address"]: each["name"] for each in content["functions"]}[copy["host"]]
    assert host == "it_is_put_into"


def test_without_dwarf_nobody_says_that_nothing_was_inlined(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    image = str(toy())
    assert run(["scan", image, "--why", "default_idle"]) == 0
    assert "inlined : cannot tell: no DWARF in the image" in capsys.readouterr().out
    assert run(["scan", image, "--json", str(tmp_path / "map.json")]) == 0
    content = json.loads((tmp_path / "map.json").read_text())
    assert "no DWARF" in content["inlining"]
    assert {each["inlined_into"] is None for each in content["functions"]} == {True}
