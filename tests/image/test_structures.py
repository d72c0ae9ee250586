"""One structure, compared with what gcc was given."""

import shutil
import subprocess
from pathlib import Path

import pytest

from klprove.image import open_image
from klprove.image.structures import structure

TEXT = """
struct klp_patch_not { int other; } before;
struct inner { char c; void *p; };
struct klp_patch { void *mod; struct inner in; struct { int x, y; }; char last; } patch;
struct bits { int first : 3; int second : 5; } bits;
union both { int a; long b; } both; int mod;
struct klp_patch *next; const char *text = "klp_patch";
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An object with types."""
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    path = tmp_path_factory.mktemp("structures") / "a.o"
    command = ["gcc", "-gbtf", "-x", "c", "-", "-c", "-o", path]
    subprocess.run(command, input=TEXT, text=True, check=True)
    return path


def test_members_by_name(made: Path) -> None:
    image = open_image(str(made))
    found = structure(image, "klp_patch")
    assert found is not None and found.size == 40
    assert found.members == {"mod": 0, "in": 8, "last": 32}
    inner = structure(image, "inner")
    assert inner is not None and inner.members == {"c": 0, "p": 8}


def test_none(made: Path) -> None:
    image = open_image(str(made))
    assert structure(image, "bits") is None
    assert structure(image, "both") is None
    assert structure(image, "nothing") is None
    assert structure(image, "mod") is None
    assert structure(image, "") is None


def test_damage_is_none_or_less(made: Path, tmp_path: Path) -> None:
    whole = made.read_bytes()
    section = open_image(str(made)).section(".BTF")
    assert section is not None
    path = tmp_path / "a.o"
    lost = 0
    for place in range(section.size):
        changed = bytearray(whole)
        changed[section.offset + place] ^= 0xFF
        path.write_bytes(changed)
        lost += structure(open_image(str(path)), "klp_patch") is None
    assert lost > 40
