"""What docs/terminal.md says that commands print is what they print."""

import shlex
from pathlib import Path

import pytest

from klprove.cli.main import run
from tests.corpus.pins import updating
from tests.test_readme import BLOCK, ROOT, timeless

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


@pytest.mark.parametrize("command", [command for command, _ in BLOCK.findall(PAGE.read_text())])
def test_the_page_shows_what_is_printed(
    folder: Path,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    assert run(shlex.split(command)[1:]) in (0, 1)
    found, text = capsys.readouterr().out, PAGE.read_text()
    shown = dict(BLOCK.findall(text))[command]
    if updating():
        PAGE.write_text(text.replace(f"{command}\n{shown}```", f"{command}\n{found}```"))
    else:
        assert timeless(shown) == timeless(found)
