"""`klprove lint`: what it prints, writes and returns."""

import json
import struct
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from klprove.cli.main import run
from klprove.lint import read_livepatch
from tests.formats.test_sarif import run_of
from tests.lint.test_reading import KPATCH, compiled
from tests.schemas.law import law, obey

Built = Callable[[str], Path]
Capture = pytest.CaptureFixture[str]


def test_lines(built: Built, vmlinux: Path, capsys: Capture) -> None:
    path = built("h12_bad")
    assert run(["lint", str(path), "--vmlinux", str(vmlinux), "-v"]) == 1
    lines = capsys.readouterr().out.splitlines()
    text = "3 symbols have this name and old_sympos is 0: the patch is refused"
    assert lines[0] == f"{path}: error: H12: type_show: {text}"
    assert [each.split(":")[0] for each in lines[1:4]] == ["    1", "    2", "    3"]
    assert lines[-1].startswith("klprove: 1 error, 1 note, ")


def test_what_takes_long_is_said(
    built: Built,
    vmlinux: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # no map is there yet
    monkeypatch.setattr("klprove.cli.mapped._SILENT", 0.0)
    monkeypatch.setattr("klprove.scan.inlining.SLOW", 0)
    assert run(["lint", str(built("h12_good")), "--vmlinux", str(vmlinux)]) in (0, 3)
    said = capsys.readouterr().err.splitlines()
    assert "next: the call graph" in said[1]
    assert said[-1] == "klprove: next: where functions were inlined, by DWARF"


@pytest.mark.parametrize("where", ["asking.staying", "inlining.index_inlines"])
def test_ctrl_c_ends_it_with_what_is_known(
    where: str,
    built: Built,
    vmlinux: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(f"klprove.scan.{where}", interrupt)
    path = built("h12_bad")
    assert run(["lint", str(path), "--vmlinux", str(vmlinux)]) == 1, "what is found is found"
    assert ": error: H12: " in capsys.readouterr().out
    assert run(["lint", str(path), "--vmlinux", str(vmlinux), "--rule", "H30"]) == 3
    assert "Traceback" not in capsys.readouterr().err


def test_cannot_tell_is_one_line_for_one_reason(built: Built, capsys: Capture) -> None:
    assert run(["lint", str(built("h01_good"))]) == 3
    lines = [each for each in capsys.readouterr().out.splitlines() if ": unknown: " in each]
    assert all(each.endswith("cannot tell: no --vmlinux") for each in lines)
    assert "H01,H02,H03" in lines[0]


def test_functions_of_modules_are_not_judged(
    workshop: Path, vmlinux: Path, capsys: Capture
) -> None:
    path = compiled(KPATCH.replace('"f", "ext4"', '"schedule", "ext4"'), workshop / "modules.ko")
    assert run(["lint", str(path), "--vmlinux", str(vmlinux), "--rule", "H05"]) == 3
    out = capsys.readouterr().out
    assert "H05: ext4:schedule,3: cannot tell: no --object ext4.ko" in out
    assert "H05: g: cannot tell: which function is meant is not known" in out


def test_list(built: Built, capsys: Capture) -> None:
    assert run(["lint", "--list", str(built("h14_good"))]) == 0
    text = capsys.readouterr().out
    assert "  pre_patch: prepare()\n  post_unpatch: restore()\n" in text
    assert "  cmdline_proc_show -> new_show" in text


def test_explain(capsys: Capture) -> None:
    assert run(["lint", "--explain", "H04"]) == 0
    assert "model   : klprove check corpus/known/K11" in capsys.readouterr().out
    assert run(["lint", "--explain", "all"]) == 0
    assert capsys.readouterr().out.count("what    :") > 20
    assert run(["lint", "--explain", "H99"]) == 2
    assert run(["lint"]) == 2


def test_waivers_are_as_their_schema_says() -> None:
    text = '[[waiver]]\nrule = "H12"\nwhere = "type_*"\nreason = "long enough, all in all"\n'
    law("waivers").validate(tomllib.loads(text))
    law("waivers").validate({})
    for old, new in (("H12", "12"), ("long enough, all in all", "ok"), ("where", "place")):
        assert not law("waivers").is_valid(tomllib.loads(text.replace(old, new)))


def test_a_waiver_needs_a_reason(
    built: Built, vmlinux: Path, tmp_path: Path, capsys: Capture
) -> None:
    waivers = tmp_path / "waivers.toml"
    command = ["lint", str(built("h12_bad")), "--vmlinux", str(vmlinux), "--waivers", str(waivers)]
    waivers.write_text('[[waiver]]\nrule = "H12"\nwhere = "type_*"\n')
    assert run(command) == 2
    assert "reason" in capsys.readouterr().err
    reason = 'reason = "the loader is patched to take the first"\n'
    waivers.write_text(f'[[waiver]]\nrule = "H12"\nwhere = "type_*"\n{reason}')
    assert run(command) == 3
    assert "2 waived" in capsys.readouterr().out
    waivers.write_text(f'[[waiver]]\nrule = "H12"\nwhere = "other"\n{reason}')
    assert run(command) == 1
    assert "the waiver of H12 at other is unused" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        "[[waiver",
        "x = 1",
        "waiver = 1",
        "waiver = [1]",
        '[[waiver]]\nrule = "H99"\nreason = "long enough"',
        '[[waiver]]\nrule = "H12"\nreason = "ok"',
        '[[waiver]]\nrule = 12\nreason = "long enough"',
        '[[waiver]]\nrule = "H12"\nreasons = "long enough"',
        "x = " + "[" * 5000,
    ],
)
def test_wrong_waivers(text: str, built: Built, tmp_path: Path, capsys: Capture) -> None:
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(text)
    assert run(["lint", str(built("h01_good")), "--waivers", str(waivers)]) == 2
    assert f"{waivers}: error: " in capsys.readouterr().err


def test_baseline(built: Built, vmlinux: Path, tmp_path: Path, capsys: Capture) -> None:
    known = str(tmp_path / "known")
    command = ["lint", str(built("h12_bad")), "--vmlinux", str(vmlinux)]
    assert run([*command, "--write-baseline", known]) == 1
    assert run([*command, "--baseline", known]) == 0
    assert " in the baseline  1 function" in capsys.readouterr().out
    other = ["lint", str(built("h05_bad")), "--vmlinux", str(vmlinux), "--baseline", known]
    assert run(other) == 1


def test_json_and_sarif(built: Built, vmlinux: Path, tmp_path: Path) -> None:
    files = [tmp_path / "a.json", tmp_path / "a.sarif"]
    command = ["lint", str(built("h13_bad")), "--vmlinux", str(vmlinux)]
    command += ["--after", str(built("h13_old"))]
    assert run([*command, "--json", str(files[0]), "--as", f"sarif={files[1]}"]) == 1
    content, sarif = (json.loads(each.read_text()) for each in files)
    obey(content)
    assert content["module"]["states"] == [{"id": 7, "version": 1}]
    assert content["status"] == 1
    assert {each["rule"] for each in content["findings"] if each["severity"] == "error"} == {"H13"}
    results = sarif["runs"][0]["results"]
    known = {each["id"] for each in sarif["runs"][0]["tool"]["driver"]["rules"]}
    assert sarif["version"] == "2.1.0"
    assert {each["ruleId"] for each in results} <= known
    assert len(results) == len(content["findings"])
    run_of(files[1].read_text())


def test_a_rule_is_a_test(built: Built, vmlinux: Path, capsys: Capture) -> None:
    command = ["lint", str(built("h12_bad")), "--vmlinux", str(vmlinux), "--as", "ktap"]
    assert run([*command, "--rule", "H12", "--rule", "H02"]) == 1
    lines = map(str.strip, capsys.readouterr().out.splitlines())
    told = [each for each in lines if each.startswith(("ok ", "not ok "))]
    assert told[0].startswith("not ok 1 H12 ")
    assert told[1].startswith("not ok 2 H02 ")
    assert " # ERROR cannot tell whether locks " in told[1]
    assert told[2].startswith("not ok 1 ")


def test_the_rest_is_said_without_a_usable_kernel(
    built: Built, vmlinux: Path, tmp_path: Path, capsys: Capture
) -> None:
    cut = tmp_path / "vmlinux"
    data = vmlinux.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    assert run(["lint", str(built("h06_work_bad")), "--vmlinux", str(cut)]) == 2
    shown = capsys.readouterr()
    assert "truncated" in shown.err
    assert "error: H06: new_show" in shown.out
    cut.write_bytes(data[:18] + struct.pack("<H", 22) + data[20:])
    assert run(["lint", str(built("h06_work_bad")), "--vmlinux", str(cut)]) == 2
    assert "a kernel for s390x, and the module is for x86_64" in capsys.readouterr().err


def test_five_thousand_functions_in_as_many_sections(
    workshop: Path, vmlinux: Path, capsys: Capture
) -> None:
    """33,000 functions in sections of their own, and their relocations: more than ELF counts in
    16 bits. The last ones are patched, whose sections have the largest numbers."""
    every, patched = range(33000), range(28000, 33000)
    lines = []
    for each in every:
        lines += [f'.section .text.n{each},"ax"', f".type n{each},@function"]
        lines.append(f"n{each}: call other; ret; .size n{each}, .-n{each}")
    lines += [".data", 'owner: .asciz "vmlinux"']
    lines += [f'name{each}: .asciz "f{each}"' for each in patched]
    lines.append('.section .kpatch.funcs,"aw"')
    lines += [f".quad n{each}, 6, 0, 0, 0, name{each}, owner" for each in patched]
    path = compiled("\n".join([*lines, ""]), workshop / "large.ko", "assembler")
    patch = read_livepatch(str(path))
    assert len(patch.elf.sections) > 0xFF00
    assert [each.new.name for each in patch.functions if each.new] == [f"n{i}" for i in patched]
    assert run(["lint", str(path), "--vmlinux", str(vmlinux)]) == 1
    out = capsys.readouterr().out
    assert out.count("error: H12: f") == 5000
    assert "5,000 functions" in out
