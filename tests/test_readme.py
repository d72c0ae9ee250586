"""What the README says that commands print is what they print."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpus.pins import updating

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"(?<=```console\n\$ )(klprove .*)\n((?:.*\n)*?)(?=```)")
COMMANDS = [command for command, _ in BLOCK.findall(README.read_text())]
ELIDED = "[...]"


def timeless(text: str) -> str:
    """`text` without what depends on the machine: times, and where that breaks a line."""
    return re.sub(r"\d+\.\d+s", "N.Ns", text).replace(",\n          ", ", ")


def printed(command: str) -> str:
    """What `command` prints, run where the README is."""
    klprove = [sys.executable, "-c", "from klprove.cli import main; main()"]
    words = [*klprove, *shlex.split(command)[1:]]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode in (0, 1), told.stderr
    return told.stdout


def excerpt(text: str) -> str:
    """All of a short output; of a longer one the head and the table, without the traces."""
    if text.count("\n") <= 60:
        return text
    head = text.partition("\n\n")[0]
    table = text[text.rindex("\n\n" + " " * 10) :].partition("\n\nObservation")[0]
    return f"{head}\n\n{ELIDED}{table}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_readme_shows_what_is_printed(command: str) -> None:
    found = excerpt(printed(command))
    text = README.read_text()
    shown = dict(BLOCK.findall(text))[command]
    if updating():
        README.write_text(text.replace(f"{command}\n{shown}```", f"{command}\n{found}```"))
    else:
        assert timeless(shown) == timeless(found)


def test_a_long_output_is_shown_without_its_traces() -> None:
    table = " " * 12 + "code\nsite  |\nf     X\n\nX violation"
    text = "head\nbounds\n\ntrace\n" + "step\n" * 60 + f"\n{table}\n\nObservation x\n"
    assert excerpt(text) == f"head\nbounds\n\n[...]\n\n{table}\n"
    assert excerpt("short\n") == "short\n"


def test_times_are_not_compared() -> None:
    assert timeless("5 states,\n          78.7s, complete") == timeless("5 states, 3.1s, complete")
    assert timeless("5 states") != timeless("6 states")


def test_the_first_screen_is_a_sentence_a_command_and_its_output() -> None:
    title, sentence, rest = README.read_text().split("\n\n", 2)
    assert title == "# klprove"
    assert re.fullmatch(r"[^.]+(?:\.[^ .\n][^.]*)*\.", sentence)
    assert rest.startswith("```console\n$ klprove check handlers/2017/F.c --kernel v4.12rc")


def test_every_file_that_is_linked_exists() -> None:
    pages = [README, ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")]
    pages += [ROOT / "corpus" / "README.md", ROOT / "claims" / "README.md"]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
