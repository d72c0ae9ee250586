"""docs/thread-2017.md: made by its command from the text as it is now."""

from pathlib import Path

import pytest

from klprove.check import fingerprint, judge, load_claims
from klprove.report import render_thread, thread_document
from tests.schemas.law import obey

ROOT = Path(__file__).parents[2]
COMMAND = "klprove thread claims/2017 -o docs/thread-2017.md"
QUICK = (1, 9)
"""Claims that take seconds: for these the page is made again."""


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def section(page: str, number: int) -> str:
    """What `page` says on one claim."""
    return page.split(f"\n## Claim {number}\n")[1].split("\n## Claim ")[0].rstrip()


def test_the_page_is_about_the_models_and_handlers_as_they_are() -> None:
    page = Path("docs/thread-2017.md").read_text()
    assert f"Written by `{COMMAND}`" in page
    for claim in load_claims(Path("claims/2017")):
        said = section(page, claim.number)
        for run in claim.runs:
            assert fingerprint(run.question) in said, f"claim {claim.number}: run `make thread`"


def test_quick_claims_again_byte_for_byte() -> None:
    page = Path("docs/thread-2017.md").read_text()
    claims = [each for each in load_claims(Path("claims/2017")) if each.number in QUICK]
    judgements = judge(claims)
    again = render_thread(judgements, COMMAND)
    made = thread_document(judgements)
    obey(made)
    for each, claim in zip(made["claims"], claims, strict=True):
        assert f"**{each['verdict'].capitalize()}**" in section(page, claim.number)
        assert each["runs"][0]["fingerprint"] in section(page, claim.number)
        assert each["witness"] is None or f"{each['witness']['steps']} steps" in again
    for number in QUICK:
        assert section(again, number) == section(page, number)
