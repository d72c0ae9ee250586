"""The builds that run, by a copy of what /sys says."""

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from klprove.lint import Case, Finding, Kernel, Running, lint, read_livepatch, read_object
from tests.lint.building import build_driver, livepatch_of_driver

OURS, OTHERS = bytes(range(20)), bytes(range(1, 21))
Found = Callable[..., list[Finding]]


def note(build_id: bytes) -> bytes:
    return struct.pack("<III", 4, len(build_id), 3) + b"GNU\0" + build_id


def noted(path: Path, into: Path, build_id: bytes) -> Path:
    section = into.with_suffix(".note")
    section.write_bytes(note(build_id))
    add = f"--add-section=.note.gnu.build-id={section}"
    subprocess.run(["objcopy", add, path, into], check=True)
    return into


@pytest.fixture
def found(workshop: Path, vmlinux: Path, tmp_path: Path) -> Found:
    """What H12 says where these notes are in /sys; the files have the build-id OURS."""
    kernel = Kernel(str(noted(vmlinux, tmp_path / "vmlinux", OURS)))
    driver = read_object(str(noted(build_driver(workshop), tmp_path / "driver.ko", OURS)))
    patch = read_livepatch(str(livepatch_of_driver(workshop, "good", "NEW(driver_last, new)")))

    def ask(**notes: bytes) -> list[Finding]:
        for path, data in notes.items():
            file = tmp_path / path.replace("__", "/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        case = Case(patch, kernel, objects={"driver": driver}, running=Running(str(tmp_path)))
        return list(lint(case, ["H12"]).findings)

    return ask


def module_note(folder: Path, data: bytes) -> None:
    """What a module that is loaded has in /sys."""
    notes = folder / "module" / "driver" / "notes"
    notes.mkdir(parents=True)
    (notes / ".note.gnu.build-id").write_bytes(data)
    (folder / "module" / "driver" / "initstate").write_text("live\n")


def test_the_builds_that_run(found: Found, tmp_path: Path) -> None:
    module_note(tmp_path, note(OURS))
    other = struct.pack("<III", 6, 2, 0x101) + b"Linux\0\0\0" + b"xy\0\0"
    assert found(kernel__notes=other + note(OURS)) == []


def test_another_kernel_and_another_module(found: Found, tmp_path: Path) -> None:
    module_note(tmp_path, note(OTHERS))
    told = found(kernel__notes=note(OTHERS))
    assert [(each.severity, each.where) for each in told] == [
        ("error", "driver"),
        ("error", "vmlinux"),
    ]
    assert f"running: build-id {OTHERS.hex()}" in told[0].evidence


@pytest.mark.parametrize("notes", [b"", b"\1", struct.pack("<III", 1 << 31, 1 << 31, 3)])
def test_what_is_not_told(notes: bytes, found: Found) -> None:
    told = {(each.where, each.severity): each.text for each in found(kernel__notes=notes)}
    assert "no build-id in the running system" in told["vmlinux", "unknown"]
    assert "it is not loaded there" in told["driver", "note"]
