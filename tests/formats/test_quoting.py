"""Text for a reply to a mail."""

import textwrap

import pytest

from klprove.formats.quoting import WIDTH, quoted
from tests.formats.made import EVIL

SHOWN = (("  1  x is 2", "buggy.c:10"), ("  2" + " " * 40 + "y: 0 -> 1", "f.c:7"))
"""Steps and their places."""


@pytest.mark.parametrize("text", [*EVIL, "a b " * 200, "\t" * 30 + "x", "why     : " + "w" * 300])
def test_every_line_is_quoted_and_fits(text: str) -> None:
    lines = quoted(text).split("\n")
    assert all(each == ">" or each.startswith("> ") for each in lines)
    assert max(map(len, lines)) <= WIDTH
    assert quoted(text).isascii()


def test_what_stands_at_the_right_edge_stays_at_one_edge() -> None:
    text = "\n".join(each.ljust(68) + place.rjust(11) for each, place in SHOWN)
    lines = quoted(text).split("\n")
    assert [len(each) for each in lines] == [WIDTH] * len(SHOWN)
    assert all(each.endswith(place) for each, (_, place) in zip(lines, SHOWN, strict=True))


def test_a_command_can_still_be_copied() -> None:
    command = "replay  : klprove check " + " ".join(f"--option{n} value{n}" for n in range(9))
    lines = quoted(command).split("\n")
    assert len(lines) > 1
    assert all(each.endswith(" \\") for each in lines[:-1])
    joined = " ".join(each.removeprefix("> ").removesuffix("\\") for each in lines)
    assert joined.split() == command.split()


def test_words_are_kept() -> None:
    text = "assume  : " + " ".join(f"word{n}" for n in range(40))
    assert quoted(text).replace(">", "").split() == text.split()


def test_columns_stay_columns() -> None:
    rows = (("certain", "arch_cpu_idle", "default_idle_call"), ("likely", "f", "x" * 37))
    text = "\n".join(f"{one:<10}{two:<32}{three}" for one, two, three in rows)
    lines = quoted(text).split("\n")
    assert max(map(len, lines)) == WIDTH
    assert {each.index(row[2]) for each, row in zip(lines, rows, strict=True)} == {41}


def test_a_field_is_filled_again() -> None:
    words = [f"word{n}" for n in range(60)]
    below = textwrap.wrap(" ".join(words), 69)
    text = f"assume  : {below[0]}\n" + "\n".join(f"          {each}" for each in below[1:])
    lines = quoted(text).split("\n")
    assert " ".join(lines).replace(">", "").split() == text.split()
    assert all(len(each) > WIDTH - 8 for each in lines[:-1])
