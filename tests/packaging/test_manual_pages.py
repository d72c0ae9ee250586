"""Manual pages: one a command, with all its options, and clean for the programs that show them."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from klprove import __version__
from klprove.cli.main import commands
from klprove.cli.manual import pages

DATE = "2026-11-26"
PAGES = pages(DATE)


def options(command: click.Command) -> Iterator[str]:
    """The longest name of every option of `command`."""
    for param in command.params:
        if isinstance(param, click.Option):
            yield max(param.opts, key=len)


def below(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Page and command of all commands below `group`."""
    context = click.Context(group)
    for name in group.list_commands(context):
        each = group.get_command(context, name)
        assert each is not None
        yield f"{path}-{name}.1", each
        if isinstance(each, click.Group):
            yield from below(each, f"{path}-{name}")


def plain(page: str) -> str:
    """A page with its escapes undone."""
    return page.replace("\\-", "-").replace("\\(ga", "`").replace("\\(ha", "^")


def test_every_command_has_a_page_with_every_option() -> None:
    found = dict(below(commands, "klprove"))
    assert {"klprove.1", *found} == set(PAGES)
    for name, command in found.items():
        entries = re.findall(r"^\.TP\n\.B (.*)$", plain(PAGES[name]), re.M)
        for option in options(command):
            assert any(option in re.split(r"[ ,]+", each) for each in entries), (name, option)


def test_a_page_has_the_parts_that_one_looks_for() -> None:
    for name, text in PAGES.items():
        parts = re.findall(r"^\.SH (.*)$", text, re.M)
        assert parts[:4] == ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"], name
        assert parts[-1] == "SEE ALSO"
        head = text.partition("\n")[0]
        assert f'1 "{DATE}" "klprove {__version__}"' in head
    assert "Exit status of every command" in PAGES["klprove.1"]
    assert ".BR klprove\\-kernels (1)" in PAGES["klprove-kernels-show.1"]


def test_no_text_is_taken_for_a_request() -> None:
    from klprove.cli.manual import _text

    told = list(_text(".rm everything\n'so file\na \\ b-c `d`"))
    assert told == ["\\&.rm everything", "\\&'so file", "a \\e b\\-c \\(gad\\(ga"]


@pytest.mark.parametrize(
    "judge",
    [["mandoc", "-Tlint"], ["groff", "-man", "-ww", "-Tutf8", "-z"]],
    ids=lambda each: each[0],
)
def test_it_is_shown_without_complaint(judge: list[str], tmp_path: Path) -> None:
    if not shutil.which(judge[0]):
        pytest.skip(f"{judge[0]} is not installed")
    files = []
    for name, text in PAGES.items():
        (tmp_path / name).write_text(text)
        files.append(name)
    done = subprocess.run([*judge, *files], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
