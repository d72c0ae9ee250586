"""docs/formats.md: its examples are what is printed, and its tables name everything there is."""

import re
from pathlib import Path

import pytest

from klprove.formats import FORMATS
from tests.formats.commands import COMMANDS
from tests.test_readme import BLOCK, ELIDED, printed

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()
SHOWN = dict(BLOCK.findall(PAGE))


@pytest.mark.parametrize("command", SHOWN)
def test_examples(command: str) -> None:
    found = printed(command)
    for part in filter(None, SHOWN[command].split(f"{ELIDED}\n")):
        assert part in found
        found = found.partition(part)[2]
    assert found == "" or ELIDED in SHOWN[command]


def test_there_is_an_example_of_each() -> None:
    told = [command.rpartition(" ")[2] for command in SHOWN]
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
