"""What the README says that commands print is what they print."""

import re
from pathlib import Path

from tests.console import Shell, disagreements

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def test_readme_shows_what_is_printed(tmp_path: Path) -> None:
    assert disagreements(README, Shell(ROOT, tmp_path)) == []


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
