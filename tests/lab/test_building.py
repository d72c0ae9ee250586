"""The guest's module: built where there are headers, and what is said where there are none."""

import os
import subprocess
from pathlib import Path

import pytest

from klprove.lab.building import module, release_of
from klprove.source import BadInput, Unavailable
from tests.lint.debian import headers


def folder(tmp_path: Path, name: str = "linux-headers-6.1-amd64") -> Path:
    there = tmp_path / name
    (there / "include" / "generated").mkdir(parents=True)
    (there / "include" / "generated" / "utsrelease.h").write_text(
        '#define UTS_RELEASE "6.1-amd64"\n'
    )
    return there


def test_the_module_is_not_traced_itself(tmp_path: Path) -> None:
    kernel = headers()
    if kernel is None:
        pytest.skip("no kernel headers are installed")
    made = tmp_path / "observe.ko"
    made.write_bytes(module(kernel))
    names = subprocess.run(["nm", made], capture_output=True, text=True, check=True).stdout
    assert "U register_ftrace_function" in names and "__fentry__" not in names
    # What the callback calls must not be traced either: nothing but this is called from there.
    code = subprocess.run(["objdump", "-dr", made], capture_output=True, text=True, check=True)
    callback = code.stdout.partition("<entered>:")[2].partition("\n\n")[0]
    called = {line.split()[-1] for line in callback.splitlines() if "R_X86_64_PLT32" in line}
    names_called = {each.partition("-")[0] for each in called}
    assert "rcu_is_watching" in names_called <= {"rcu_is_watching", "__x86_return_thunk"}


def test_the_release_of_headers(tmp_path: Path) -> None:
    assert release_of(folder(tmp_path)) == "6.1-amd64"
    with pytest.raises(BadInput, match="no kernel headers"):
        release_of(tmp_path)


def test_the_line_with_the_error_is_told(tmp_path: Path) -> None:
    there = folder(tmp_path)
    said = "In file included from a.h\\nuser.c:3:5: error: no such name\\nnote: here"
    (there / "Makefile").write_text(f"modules:\n\t@printf '{said}' >&2; exit 1\n")
    with pytest.raises(BadInput, match=r"headers: user\.c:3:5: error: no such name"):
        module(there)


def test_headers_that_build_nothing(tmp_path: Path) -> None:
    there = folder(tmp_path)
    (there / "Makefile").write_text("modules:\n\t@echo no rule for this >&2; exit 1\n")
    with pytest.raises(BadInput, match="cannot be built with these headers: no rule for this"):
        module(there)


def test_the_common_part_is_looked_for_beside_them(tmp_path: Path) -> None:
    there = folder(tmp_path)
    (there / "Makefile").write_text("include /nowhere/linux-headers-6.1-common/Makefile\n")
    common = folder(tmp_path, "linux-headers-6.1-common")
    (common / "Makefile").write_text("modules:\n\t@echo built for $(O) >&2; exit 1\n")
    with pytest.raises(BadInput, match=f"built for {there}"):
        module(there)


def test_without_make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = folder(tmp_path)
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    with pytest.raises(Unavailable, match="make is not installed"):
        module(there)
