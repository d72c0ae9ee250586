"""docs/formats.md: its examples are what is printed, and its tables name everything there is."""

import re
from pathlib import Path

from klprove.formats import FORMATS
from tests.console import ROOT, Command, Shell, disagreements, pieces
from tests.formats.commands import COMMANDS

PATH = ROOT / "docs" / "formats.md"
PAGE = PATH.read_text()


def test_examples(tmp_path: Path) -> None:
    assert disagreements(PATH, Shell(ROOT, tmp_path)) == []


def test_there_is_an_example_of_each() -> None:
    commands = [each.text for each in pieces(PAGE) if isinstance(each, Command)]
    told = [command.rpartition(" ")[2] for command in commands]
    assert told == [name for name in FORMATS if name != "json"]  # docs/json.md has them


def test_every_format_and_every_command_is_in_a_table() -> None:
    assert re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)[: len(FORMATS)] == list(FORMATS)
    rows = re.search(r"^\| command \|.*\n\|-.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert rows
    told = {name for row in rows[1].splitlines() for name in re.findall(r"`(\w+)`", row[:30])}
    assert told == {re.split("[ ,]", each)[0] for each in COMMANDS}
    drawn = {row.split("|")[1].strip(" `") for row in rows[1].splitlines() if row.endswith("| |")}
    assert drawn == {
        command for command, known in COMMANDS.items() if command in told and known.drawn is None
    } - {"scan"}
