"""Pages of the manual: their commands print what they show, and use options that exist."""

import os
import re
import shlex
from pathlib import Path

import pytest

from manual.pages import groups
from manual.reference import every_command
from tests.console import ROOT, Shell, disagreements

DOCS = ROOT / "docs"
RUN = [DOCS / "tutorial.md", DOCS / "comparison.md", *sorted((DOCS / "howto").glob("*.md"))]


@pytest.fixture
def reader(tmp_path: Path) -> Shell:
    """A shell where a reader would be: a folder with the repository's handlers and corpus in it."""
    folder = tmp_path / "here"
    folder.mkdir()
    for name in ("handlers", "corpus"):
        (folder / name).symlink_to(ROOT / name)
    images = sorted((ROOT / "build" / "kernels").glob("vmlinux-6.1.[0-9]*"))
    if os.environ.get("KLPROVE_LAB") and images:  # make test-kernels: the steps under QEMU, too
        (folder / "vmlinux").symlink_to(images[-1])
    programs = tmp_path / "programs"
    programs.mkdir()
    return Shell(folder, programs)


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_pages_show_what_is_printed(page: Path, reader: Shell) -> None:
    assert disagreements(page, reader) == []


def test_every_page_has_a_place_in_the_manual() -> None:
    listed = {source for members in groups().values() for source in members.values()}
    pages = {str(page.relative_to(ROOT)) for page in DOCS.rglob("*.md")}
    assert pages - listed == set()
    assert {each for each in listed if each.startswith("docs/")} - pages == set()


def lines_of(page: str) -> set[str]:
    """Every command line of klprove that a page shows: in blocks, and within a line."""
    found = set(re.findall(r"`(klprove [^`\n]+)`", page))
    for line in re.findall(r"(?m)^(?: {4}|\$ | {4}\$ )(klprove .*)$", page):
        found.add(re.split(r" {2,}| [|>&#] | && |; ", line)[0].rstrip("\\ "))
    return found


def complaint(line: str) -> str:
    """What is wrong with the options of a command line of klprove; empty where nothing is."""
    try:
        words = shlex.split(re.sub(r"\[[^\]]*\]", "", line))[1:]
    except ValueError:
        return ""
    known = every_command()
    name = " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]
    if name.startswith("-"):
        return ""
    if name not in known:
        return f"{line}: no command {name}"
    command, context = known[name]
    options = {option for each in command.get_params(context) for option in each.opts}
    wrong = [each for each in words if re.match(r"--?[a-zA-Z]", each)]
    wrong = [each for each in wrong if each.partition("=")[0] not in options]
    return (
        f"{line}: {wrong}" if [each for each in wrong if not re.match(r"-[a-zA-Z]\w", each)] else ""
    )


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=lambda page: page.stem
)
def test_pages_name_options_that_exist(page: Path) -> None:
    assert [each for line in sorted(lines_of(page.read_text())) if (each := complaint(line))] == []


def test_a_stale_option_is_found() -> None:
    page = "Say `klprove lint x.ko --karif y`.\n\n    klprove chek a.c    what\n"
    page += "    klprove check a.c    --x\n"
    told = [complaint(line) for line in sorted(lines_of(page))]
    assert told == [
        "",
        "klprove chek a.c: no command chek",
        "klprove lint x.ko --karif y: ['--karif']",
    ]
