"""A series of kernels, and the newest image of it."""

from pathlib import Path

import pytest

from klprove.cli.main import run
from klprove.lab import image_of, images
from klprove.source import BadInput


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The one that the environment names, and the one that `make kernel-lab` fills."""
    given, kept = tmp_path / "given", tmp_path / "kept"
    given.mkdir()
    kept.mkdir()
    monkeypatch.setenv(images.FOLDER, str(given))
    monkeypatch.setattr(images, "_KEPT", (kept,))
    return given, kept


def test_the_newest_of_a_series(folders: tuple[Path, Path]) -> None:
    given, kept = folders
    for folder, name in (
        (given, "vmlinux-6.1.0-9-amd64"), (kept, "vmlinux-6.1.0-56-amd64"),
        (given, "vmlinux-6.12.117+deb12-amd64"), (kept, "System.map-6.1.0-99-amd64"),
    ):  # fmt: skip
        (folder / name).touch()
    assert image_of("6.1") == str(kept / "vmlinux-6.1.0-56-amd64")
    assert image_of("6.12") == str(given / "vmlinux-6.12.117+deb12-amd64")
    (given / "vmlinux-6.1.0-56-amd64").touch()
    assert image_of("6.1") == str(given / "vmlinux-6.1.0-56-amd64")


@pytest.mark.parametrize("name", ["vmlinux", "6.1.0", "build/6.1", "v6.1"])
def test_a_path_stays_one(name: str, folders: tuple[Path, Path]) -> None:
    assert image_of(name) == name


def test_a_file_of_that_name_is_meant(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "6.1").touch()
    assert image_of("6.1") == "6.1"


def test_a_series_that_is_not_here(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadInput):
        image_of("6.3")
    assert run(["fidelity", "--kernel", "6.3"]) == 2
    error = capsys.readouterr().err
    assert f"6.3: error: no vmlinux-6.3.* in {folders[0]}, {folders[1]}" in error
    assert "make kernel-lab" in error
