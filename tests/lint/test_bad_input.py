"""Files that are damaged, foreign or lack something: a clear line, and what can still be said."""

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from klprove.cli.main import run
from klprove.lint import Kernel, Stripped, read_livepatch
from klprove.source import BadInput

Built = Callable[[str], Path]
Capture = pytest.CaptureFixture[str]


def changed(path: Path, into: Path, *options: str) -> Path:
    subprocess.run(["objcopy", *options, path, into], check=True)
    return into


@pytest.fixture(scope="module")
def bare(vmlinux: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kernel without symbols."""
    return changed(vmlinux, tmp_path_factory.mktemp("bare") / "vmlinux", "--strip-all")


@pytest.fixture(scope="module")
def listed(vmlinux: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its System.map."""
    path = tmp_path_factory.mktemp("listed") / "System.map"
    with path.open("w") as file:
        subprocess.run(["nm", "-n", vmlinux], stdout=file, check=True)
    return path


def test_a_kernel_without_symbols_still_has_a_release(
    built: Built, bare: Path, tmp_path: Path, capsys: Capture
) -> None:
    path = built("h06_work_bad")
    assert run(["lint", str(path), "--vmlinux", str(bare)]) == 2
    shown = capsys.readouterr()
    assert "no symbol table: nothing can be said about its functions" in shown.err
    assert "--names System.map" in shown.err
    assert "error: H06: new_show" in shown.out
    assert "cannot tell: that vmlinux has no symbols" in shown.out
    other = tmp_path / "other.ko"
    other.write_bytes(path.read_bytes().replace(b"6.1.0-mini", b"6.1.9-mini"))
    assert run(["lint", str(other), "--vmlinux", str(bare), "--rule", "H12"]) == 2
    assert "built for 6.1.9-mini, and this kernel is 6.1.0-mini" in capsys.readouterr().out


def test_names_from_a_list_are_as_good(
    built: Built, vmlinux: Path, bare: Path, listed: Path, capsys: Capture
) -> None:
    for name in ("h05_bad", "h12_bad", "h02_bad", "h01_bad", "h16_bad"):
        command = ["lint", str(built(name)), "--vmlinux"]
        run([*command, str(vmlinux)])
        expected = [
            each for each in capsys.readouterr().out.splitlines() if ": unknown" not in each
        ]
        run([*command, str(bare), "--names", str(listed)])
        told = [each for each in capsys.readouterr().out.splitlines() if ": unknown" not in each]
        assert told[:-1] == expected[:-1] != []


def test_a_list_of_another_kernel(
    built: Built, bare: Path, tmp_path: Path, capsys: Capture
) -> None:
    wrong = tmp_path / "System.map"
    wrong.write_text("0000000000001000 T f\n")
    command = ["lint", str(built("h01_good")), "--vmlinux", str(bare), "--names", str(wrong)]
    assert run(command) == 2
    assert "no address in it lies in the image" in capsys.readouterr().err


def test_stripped_says_who_it_is(bare: Path, kernel: Kernel) -> None:
    found = Stripped(str(bare))
    assert (found.release, found.compiler) == (kernel.release, kernel.compiler)
    assert found.release == "6.1.0-mini"


def test_no_section_headers(built: Built, tmp_path: Path) -> None:
    data = bytearray(built("h01_good").read_bytes())
    struct.pack_into("<Q", data, 40, 0)
    path = tmp_path / "a.ko"
    path.write_bytes(data)
    with pytest.raises(BadInput, match="no section headers"):
        read_livepatch(str(path))


def test_no_modinfo(built: Built, vmlinux: Path, tmp_path: Path, capsys: Capture) -> None:
    path = changed(built("h05_bad"), tmp_path / "a.ko", "-R", ".modinfo")
    assert run(["lint", str(path), "--vmlinux", str(vmlinux)]) == 1
    out = capsys.readouterr().out
    assert "error: H05: " in out
    assert 'error: H30: a: no MODULE_INFO(livepatch, "Y")' in out
    assert "unknown: H12: a: cannot tell: the module has no vermagic" in out


def test_no_symbols(built: Built, tmp_path: Path) -> None:
    path = changed(built("h01_good"), tmp_path / "a.ko", "-R", ".symtab", "-R", ".rela.text")
    with pytest.raises(BadInput, match="no symbol table"):
        read_livepatch(str(changed(path, tmp_path / "b.ko", "--strip-all")))


def test_a_module_for_arm64(built: Built, vmlinux: Path, tmp_path: Path, capsys: Capture) -> None:
    data = built("h06_work_bad").read_bytes()
    path = tmp_path / "a.ko"
    path.write_bytes(data[:18] + struct.pack("<H", 183) + data[20:])
    assert run(["lint", str(path), "--vmlinux", str(vmlinux)]) == 2
    shown = capsys.readouterr()
    assert "a kernel for x86_64, and the module is for arm64" in shown.err
    assert "warning: H26: arm64: reliable stack traces" in shown.out


@pytest.mark.parametrize("format", ["zlib", "zlib-gnu"])
def test_compressed_debug_sections(
    format: str, built: Built, tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "a.ko"
    changed(built("h06_work_bad"), path, f"--compress-debug-sections={format}")
    assert run(["lint", str(path)]) == 1
    assert "error: H06: new_show" in capsys.readouterr().out


def test_cut_anywhere(built: Built, tmp_path: Path, capsys: Capture) -> None:
    data = built("h06_work_bad").read_bytes()
    path = tmp_path / "a.ko"
    statuses = set()
    for length in range(0, len(data), 97):
        path.write_bytes(data[:length])
        statuses.add(run(["lint", str(path)]))
    assert statuses == {2}
    assert "Traceback" not in capsys.readouterr().err
