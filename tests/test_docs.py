"""Pages of the manual: their commands print what they show, and use options that exist."""

import os
from pathlib import Path

import pytest

from tests.console import ROOT, Shell, disagreements

DOCS = ROOT / "docs"
RUN = [DOCS / "tutorial.md", *sorted((DOCS / "howto").glob("*.md"))]


@pytest.fixture
def reader(tmp_path: Path) -> Shell:
    """A shell where a reader would be: a folder with the repository's handlers and corpus in it."""
    folder = tmp_path / "here"
    folder.mkdir()
    for name in ("handlers", "corpus"):
        (folder / name).symlink_to(ROOT / name)
    if image := os.environ.get("KLPROVE_MANUAL_VMLINUX"):
        (folder / "vmlinux").symlink_to(Path(image).resolve())
    programs = tmp_path / "programs"
    programs.mkdir()
    return Shell(folder, programs)


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_pages_show_what_is_printed(page: Path, reader: Shell) -> None:
    assert disagreements(page, reader) == []
