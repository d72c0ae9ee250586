"""What docs/terminal.md says that commands print is what they print."""

from pathlib import Path

import pytest

from klprove.cli.main import run
from tests.console import ROOT, Shell, disagreements

PAGE = ROOT / "docs" / "terminal.md"
FILES = {
    "one.json": "corpus/x86-nmi-cr2/buggy.c",
    "two.json": "corpus/printk-nmi-logbuf-deadlock/buggy.c",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page's commands run: a corpus, and the traces that they are about."""
    here = tmp_path_factory.mktemp("page")
    (here / "corpus").symlink_to(ROOT / "corpus")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        for name, words in FILES.items():
            assert run(["check", *words.split(), "-j", "1", "--json", name]) == 1
    return here


def test_the_page_shows_what_is_printed(folder: Path, tmp_path: Path) -> None:
    assert disagreements(PAGE, Shell(folder, tmp_path)) == []
