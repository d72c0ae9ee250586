"""What the README says that commands print is what they print."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```console\n\$ (klprove .*)\n((?:.*\n)*?)```", README)
ELIDED = "[...]"


def timeless(text: str) -> str:
    """`text` without what depends on the machine: times and speeds."""
    return re.sub(r"\d+(?:\.\d+)? ?(?=s\b|seconds\b|states/s)", "N ", text)


@pytest.mark.parametrize(("command", "shown"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_readme_shows_what_is_printed(command: str, shown: str) -> None:
    klprove = [sys.executable, "-c", "from klprove.cli import main; main()"]
    words = [*klprove, *shlex.split(command)[1:]]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode in (0, 1), told.stderr
    printed = timeless(told.stdout).splitlines()
    position = 0
    parts = [part.strip("\n").splitlines() for part in timeless(shown).split(ELIDED)]
    for part in parts:
        places = range(position, len(printed) - len(part) + 1)
        found = next((at for at in places if printed[at : at + len(part)] == part), None)
        assert found is not None, "\n".join(part)
        position = found + len(part)
    assert printed[: len(parts[0])] == parts[0]
    assert "\n".join(printed).rstrip().endswith("\n".join(parts[-1]))


def test_the_first_screen_is_a_sentence_a_command_and_its_output() -> None:
    title, sentence, rest = README.split("\n\n", 2)
    assert title == "# klprove"
    assert sentence.count(". ") == 0
    assert sentence.endswith(".")
    assert rest.startswith("```console\n$ klprove check handlers/2017/F.c --kernel v4.12rc")


def test_every_file_that_is_linked_exists() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")]
    pages += [ROOT / "corpus" / "README.md", ROOT / "claims" / "README.md"]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
