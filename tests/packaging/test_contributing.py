"""CONTRIBUTING.md is followed to the letter: a handler, then a generation, in a scratch copy."""

import shutil
import subprocess
from pathlib import Path

from tests.console import ROOT, Shell, disagreements, pieces
from tests.test_house import tracked

PAGE = ROOT / "CONTRIBUTING.md"


def scratch(folder: Path) -> Shell:
    """A shell in a copy of what git would take."""
    for path in tracked():
        place = folder / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    programs = folder.parent / "programs"
    programs.mkdir()
    return Shell(folder, programs, folder)


def test_a_handler_and_a_generation_are_added_as_the_page_says(tmp_path: Path) -> None:
    root = tmp_path / "klprove"
    assert disagreements(PAGE, scratch(root)) == []
    assert (root / "src/klprove/kernels/v6.99/klp_handler.c").is_file()
    assert len(list(pieces(PAGE.read_text()))) > 8
