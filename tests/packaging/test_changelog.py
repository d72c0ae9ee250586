"""The list of changes names the version that this is, and every command."""

import re

import click

from klprove import __version__
from klprove.cli.main import commands
from tests.packaging.building import ROOT

TEXT = (ROOT / "CHANGELOG.md").read_text()


def test_the_newest_release_is_this_version() -> None:
    released = re.findall(r"^## \[(\d[^]]*)\] - \d{4}-\d\d-\d\d$", TEXT, re.M)
    assert released[0] == __version__
    assert len(released) == len(set(released))


def test_every_heading_is_one_of_the_form() -> None:
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.*)$", TEXT, re.M)) <= kinds
    assert re.search(r"^## \[Unreleased\]$", TEXT, re.M)


def test_no_command_came_without_a_word() -> None:
    missing = set(commands.list_commands(click.Context(commands))) - set(
        re.findall(r"`(\w+)`", TEXT)
    )
    assert not missing, "say it under Unreleased"
