"""sdist and wheel: what is in them, and that the same text gives the same bytes."""

import shutil
import subprocess
import tarfile
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest

import klprove
from klprove.cli.main import run as command
from tests.packaging.building import HANDLER, ROOT, alone, build, run
from tests.packaging.main_job import try_out
from tests.test_house import tracked


def names_in(wheel: Path) -> set[str]:
    """Names of the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def unpacked(sdist: Path, folder: Path) -> Path:
    """The one folder in a sdist, unpacked below `folder`."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (root,) = folder.iterdir()
    return root


def test_the_wheel_holds_the_package_and_the_examples(archives: tuple[Path, Path]) -> None:
    wanted = set()
    for path in tracked():
        name = str(path.relative_to(ROOT))
        if name.startswith("src/klprove/"):
            wanted.add(name.removeprefix("src/"))
        elif name.startswith(("handlers/", "corpus/")):
            wanted.add(f"klprove/examples/{name}")
    found = {name for name in names_in(archives[1]) if name.startswith("klprove/")}
    assert found == wanted


def test_the_sdist_is_the_repository(archives: tuple[Path, Path], tmp_path: Path) -> None:
    root = unpacked(archives[0], tmp_path)
    found = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert found - {"PKG-INFO"} == {str(path.relative_to(ROOT)) for path in tracked()}


def test_the_same_text_gives_the_same_bytes(archives: tuple[Path, Path], tmp_path: Path) -> None:
    root = unpacked(archives[0], tmp_path / "text")
    for path in root.rglob("*.py"):
        path.touch()
    (again,) = build(tmp_path / "dist", root, only="wheel")
    assert again.read_bytes() == archives[1].read_bytes()
    (again,) = build(tmp_path / "dist", only="sdist")[1:]
    assert again.read_bytes() == archives[0].read_bytes()


def metadata(wheel: Path) -> Message:
    """The head of a wheel's METADATA."""
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(f"klprove-{klprove.__version__}.dist-info/METADATA").decode()
    return HeaderParser().parsestr(text)


def test_the_metadata(archives: tuple[Path, Path]) -> None:
    said = metadata(archives[1])
    assert (said["Name"], said["Version"]) == ("klprove", klprove.__version__)
    assert said["License-Expression"] == "GPL-2.0-or-later"
    assert said["Requires-Python"] == ">=3.11"
    assert said.get_all("Project-URL") is None, "a host that nobody has named"
    assert any(name.endswith("LICENSES/GPL-2.0-or-later.txt") for name in names_in(archives[1]))


def test_pages_and_completion_lie_where_systems_look(archives: tuple[Path, Path]) -> None:
    data = f"klprove-{klprove.__version__}.data/data/share/"
    found = {name.removeprefix(data) for name in names_in(archives[1]) if name.startswith(data)}
    assert {"man/man1/klprove.1", "man/man1/klprove-check.1"} <= found
    assert found >= {
        "bash-completion/completions/klprove",
        "zsh/site-functions/_klprove",
        "fish/vendor_completions.d/klprove.fish",
    }


def test_an_empty_environment_does_the_main_job(installed: Path, tmp_path: Path) -> None:
    where = [str(installed.with_name("python")), "-c", "import klprove; print(klprove.__file__)"]
    found = subprocess.run(
        where, capture_output=True, text=True, cwd=tmp_path, env=alone(), check=True
    )
    assert found.stdout.startswith(str(installed.parents[1]))
    try_out(installed, tmp_path)


def test_examples_of_a_wheel_are_those_of_the_tree(installed: Path, tmp_path: Path) -> None:
    assert run(installed, "examples", "there", cwd=tmp_path).returncode == 0
    home = tmp_path / "there"
    found = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    names = {str(path.relative_to(ROOT)) for path in tracked()}
    assert found == {name for name in names if name.startswith(("handlers/", "corpus/"))}
    for name in found:
        assert (home / name).read_bytes() == (ROOT / name).read_bytes()


def test_examples_of_a_tree_are_the_same(tmp_path: Path) -> None:
    assert command(["examples", str(tmp_path / "there")]) == 0
    assert (tmp_path / "there" / "handlers" / "own.c").read_bytes() == HANDLER.read_bytes()


def test_a_wheel_without_the_models_is_noticed(installed: Path, tmp_path: Path) -> None:
    (models,) = installed.parents[1].glob("lib/python*/site-packages/klprove/kernels")
    shutil.move(models / "v6.18", tmp_path)
    try:
        (tmp_path / "work").mkdir()
        with pytest.raises(AssertionError, match=r"no kernel generation is called 'v6\.18'"):
            try_out(installed, tmp_path / "work")
    finally:
        shutil.move(tmp_path / "v6.18", models)


def test_examples_are_not_written_over(installed: Path, tmp_path: Path) -> None:
    assert run(installed, "examples", "there", cwd=tmp_path).returncode == 0
    copy = tmp_path / "there" / "handlers" / "own.c"
    copy.write_text("mine")
    again = run(installed, "examples", "there", cwd=tmp_path)
    assert (again.returncode, copy.read_text()) == (2, "mine")
    assert "it is not empty" in again.stderr
    (tmp_path / "file").write_text("")
    refused = run(installed, "examples", "file", cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith("klprove: error: cannot write file")


def test_the_version_is_one() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == klprove.__version__
