"""CONTRIBUTING.md is followed to the letter: a handler, then a generation, in a scratch copy."""

from pathlib import Path

import pytest

from tests.packaging.building import ROOT
from tests.packaging.following import follow, scratch, steps

PAGE = (ROOT / "CONTRIBUTING.md").read_text()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the repository that may be changed."""
    return scratch(tmp_path / "klprove")


def test_a_handler_and_a_generation_are_added_as_the_page_says(root: Path) -> None:
    assert list(follow(PAGE, root)) == []
    assert (root / "src/klprove/kernels/v6.99/klp_handler.c").is_file()
    assert len(list(steps(PAGE))) > 8


def test_a_page_that_is_wrong_is_noticed(tmp_path: Path) -> None:
    page = "```sh\necho x > file\n```\n```console\n$ cat file\n%s\n$ cat %s\n[...]\n```\n"
    (tmp_path / ".venv" / "bin").mkdir(parents=True)

    def wrong(text: str) -> list[str]:
        return [command for command, _ in follow(text, tmp_path)]

    assert wrong(page % ("x", "file")) == []
    assert wrong(page % ("y", "file")) == ["cat file"]
    assert wrong("```console\n$ ls nowhere\n[...]\n```\n") == ["ls nowhere"]
    assert wrong("```sh\nfalse\ntrue\n```\n") == ["false\ntrue\n"]
    assert wrong("```console\n$ echo xay\nx[...]y\n```\n") == []
    assert wrong("```console\n$ echo xaz\nx[...]y\n```\n") == ["echo xaz"]
