"""Modules: relocatable files, whose sections have no addresses yet."""

import shutil
import subprocess
from pathlib import Path

import pytest

from klprove.image import functions, open_image, symbols

TEXT = """
__attribute__((section(".text.first"))) int first(void) { return 1; }
__attribute__((section(".text.second"))) int second(void) { return 2; }
"""


def test_functions_of_different_sections_do_not_collide(tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    (tmp_path / "module.c").write_text(TEXT)
    command = ["gcc", "-c", "-O1", "module.c", "-o", "module.ko"]
    subprocess.run(command, cwd=tmp_path, check=True)
    image = open_image(str(tmp_path / "module.ko"))
    found = functions(image, symbols(image))
    assert image.kind == "ET_REL"
    assert sorted(found.names) == ["first", "second"]
    bodies = [
        bytes(image.at(int(start), int(end - start)))
        for start, end in zip(found.starts, found.ends, strict=True)
    ]
    assert len(set(bodies)) == 2 and all(bodies)
