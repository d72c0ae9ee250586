"""The loader: chains of generations, files from the nearest one, messages, the digest."""

from pathlib import Path

import pytest

from klprove.kernels import HOME, SCENES, TRANSITION, load, names
from klprove.source import BadInput

MANIFEST = """
title = "first"
files = ["a.h", "b.c"]
sites = ["f", "g"]
static = ["g"]
options = []
assumptions = ["one"]
recursion = 2
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two generations; the later one replaces b.c and the title."""
    for name in ("v4.9", "v4.12"):
        (tmp_path / name).mkdir()
    (tmp_path / "v4.9" / "kernel.toml").write_text(MANIFEST)
    (tmp_path / "v4.9" / "a.h").write_text("int a;\n")
    (tmp_path / "v4.9" / "b.c").write_text("int b;\n")
    (tmp_path / "v4.12" / "kernel.toml").write_text('title = "second"\nbase = "v4.9"\n')
    (tmp_path / "v4.12" / "b.c").write_text("long b;\n")
    return tmp_path


def test_a_file_comes_from_the_nearest_generation(home: Path) -> None:
    kernel = load("v4.12", home)
    assert kernel.files == (home / "v4.9" / "a.h", home / "v4.12" / "b.c")
    assert (kernel.title, kernel.bases) == ("second", ("v4.9",))
    assert (kernel.sites, kernel.static, kernel.recursion) == (("f", "g"), frozenset("g"), 2)


def test_names_are_in_order_of_age(home: Path) -> None:
    (home / "v4.12rc").mkdir()
    (home / "v4.12rc" / "kernel.toml").write_text(MANIFEST)
    assert names(home) == ("v4.9", "v4.12rc", "v4.12")


def test_the_digest_changes_with_any_file(home: Path) -> None:
    before = load("v4.12", home).digest
    (home / "v4.9" / "b.c").write_text("int hidden;\n")
    assert load("v4.12", home).digest == before, "a replaced file does not count"
    (home / "v4.9" / "a.h").write_text("int c;\n")
    assert load("v4.12", home).digest != before


def test_an_unknown_generation_is_bad_input_with_near_names(home: Path) -> None:
    with pytest.raises(BadInput) as caught:
        load("v4.13", home)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "kernel"
    assert "v4.13" in diagnostic.text and "v4.12" in diagnostic.hint


@pytest.mark.parametrize("name", ["", "..", "/etc", "v4.9/../v4.9", "V4.9"])
def test_a_name_is_never_a_path(home: Path, name: str) -> None:
    with pytest.raises(BadInput):
        load(name, home)


def test_a_circle_of_bases_is_found(home: Path) -> None:
    (home / "v4.9" / "kernel.toml").write_text(MANIFEST + 'base = "v4.12"\n')
    with pytest.raises(BadInput, match="own base"):
        load("v4.12", home)


def test_an_unknown_key_is_found(home: Path) -> None:
    (home / "v4.12" / "kernel.toml").write_text('base = "v4.9"\nfile = []\n')
    with pytest.raises(BadInput, match="'file'"):
        load("v4.12", home)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('base = "../v4.9"\n', "no name of a generation"),
        ('base = "v4.9"\nfiles = ["../../secret"]\n', "no name of a file"),
        ('base = "v4.9"\nsites = "f"\n', "sites is no list"),
        ('base = "v4.9"\nsites = [1]\n', "to hold strings"),
        ('base = "v4.9"\nrecursion = true\n', "recursion is no int"),
        ('title = "no files"\n', "lacks 'files'"),
        ("a = " + "[" * 5000, "recursion"),
        ("\x1b", "Invalid statement"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(home: Path, text: str, words: str) -> None:
    (home / "v4.12" / "kernel.toml").write_text(text)
    with pytest.raises(BadInput, match=words) as caught:
        load("v4.12", home)
    assert caught.value.diagnostics[0].code == "kernel"


def test_a_missing_file_is_found(home: Path) -> None:
    (home / "v4.9" / "a.h").unlink()
    with pytest.raises(BadInput, match=r"a\.h"):
        load("v4.12", home)


def test_every_file_of_a_generation_is_used_by_it() -> None:
    for name in sorted({each.name for each in HOME.iterdir() if each.is_dir()}):
        scenes = [scene for scene in SCENES if name in names(scene=scene)]
        used = {file for scene in scenes for file in load(name, scene=scene).files}
        mine = {each for each in (HOME / name).iterdir() if each.suffix in (".c", ".h")}
        assert mine <= used, f"{name}: {sorted(mine - used)}"


def test_a_generation_without_a_transition_has_that_of_the_one_before() -> None:
    asked, earlier = load("v6.3", scene=TRANSITION), load("v6.1", scene=TRANSITION)
    assert (asked.name, asked.files) == ("v6.3", earlier.files)
    assert asked.assumptions[-1] == "the livepatch core of v6.3 is that of v6.1"
    with pytest.raises(BadInput, match="no scene 'transition'"):
        load("v4.12rc", scene=TRANSITION)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("v6.1", "the newest that is not newer is v6.0"),
        ("v6.13.2", "the newest that is not newer is v6.12"),
        ("v2.6", "the oldest is v4.12rc"),
        ("v6.0x", "there is v6.0"),
    ],
)
def test_a_release_between_two_models(name: str, hint: str) -> None:
    with pytest.raises(BadInput) as refused:
        load(name)
    assert hint in refused.value.diagnostics[0].hint
