"""Claims: their files, and how runs decide them. The answers are made up."""

from pathlib import Path

import pytest

from klprove.check import (
    CONFIRMED,
    REFUTED,
    UNDECIDED,
    Answer,
    Judgement,
    Question,
    asking,
    judge,
    judging,
    load_claims,
)
from klprove.cli.main import run
from klprove.source import BadInput
from klprove.verdict import Verdict
from tests.report import specimens

HEAD = """
number = 7
who = "Somebody"
source = "a mail"
claim = "It works."
refuted_by = "It does not."
"""
RUN = """
[[run]]
files = ["F.c"]
kernel = "v4.12rc"
patch = ["vfs_read", "ist_enter", "irq_exit"]
expect = [{{ finding = "redirect-lost", at = {at}, except = {spared} }}]
"""


def claim_file(folder: Path, at: str = '"none"', spared: str = "[]", text: str = "") -> Path:
    """A folder with one claim."""
    (folder / "07.toml").write_text(HEAD + (text or RUN.format(at=at, spared=spared)))
    return folder


def found(*sites: str, open_: tuple[str, ...] = ()) -> dict[str, Verdict]:
    """redirect-lost at `sites`; the search of those in `open_` is not complete."""
    return {
        site: specimens.verdict(
            *([specimens.finding("redirect-lost", site)] if site in sites else []),
            complete=site not in open_,
        )
        for site in ("vfs_read", "ist_enter", "irq_exit")
    }


def decide(monkeypatch: pytest.MonkeyPatch, folder: Path, sites: dict[str, Verdict]) -> Judgement:
    """The one claim of `folder`, its run answered with `sites`."""

    def check(question: Question, watch: None, jobs: int | None, cluster: None) -> Answer:
        return specimens.answer(sites, question)

    monkeypatch.setattr(asking, "check", check)
    (judgement,) = judge(load_claims(folder))
    return judgement


@pytest.mark.parametrize(
    ("at", "sites", "word"),
    [
        ('"none"', found(), CONFIRMED),
        ('"none"', found("ist_enter"), REFUTED),
        ('"none"', found(open_=("irq_exit",)), UNDECIDED),
        ('"none"', found("ist_enter", open_=("irq_exit",)), REFUTED),
        ('"any"', found("ist_enter", open_=("irq_exit",)), CONFIRMED),
        ('"any"', found(), REFUTED),
        ('"any"', found(open_=("irq_exit",)), UNDECIDED),
        ('"all"', found("vfs_read", "ist_enter", "irq_exit"), CONFIRMED),
        ('"all"', found("vfs_read", "ist_enter"), REFUTED),
        ('"all"', found("vfs_read", "ist_enter", open_=("irq_exit",)), UNDECIDED),
        ('["vfs_read"]', found("vfs_read"), CONFIRMED),
        ('["vfs_read", "irq_exit"]', found("vfs_read"), REFUTED),
        ('["irq_exit"]', found(open_=("irq_exit",)), UNDECIDED),
    ],
)
def test_the_truth_table(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    at: str,
    sites: dict[str, Verdict],
    word: str,
) -> None:
    assert decide(monkeypatch, claim_file(tmp_path, at), sites).word == word


def test_excepted_sites_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = claim_file(tmp_path, '"none"', '["ist_enter"]')
    assert decide(monkeypatch, folder, found("ist_enter")).word == CONFIRMED
    assert decide(monkeypatch, folder, found("irq_exit")).word == REFUTED


def test_a_refuted_claim_has_the_trace_that_was_not_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judgement = decide(monkeypatch, claim_file(tmp_path), found("irq_exit"))
    assert judgement.witness
    witness = judgement.witness[1].witness
    assert witness and (witness.code, witness.site) == ("redirect-lost", "irq_exit")


def test_background_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = RUN.format(at='"none"', spared="[]")
    background = run.replace("[[run]]", '[[also]]\nabout = "more"').replace('"none"', '"any"')
    judgement = decide(monkeypatch, claim_file(tmp_path, text=run + background), found())
    assert len(judgement.runs) == 2
    assert judgement.word == CONFIRMED


def test_each_distinct_question_is_asked_once() -> None:
    one = Question(("F.c",), "v4.12rc", ("each",))
    other = Question(("F.c",), "v4.12rc", ("list_add",))
    bare = Question(("F.c",), "v4.12rc", ())
    bounded = Question(("F.c",), "v4.12rc", ("each",), arrivals={"nmi": 0})
    merged = judging.distinct([one, other, bare, bounded, one])
    assert [each.patch for each in merged] == [("each", "list_add"), (), ("each",)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("wrong = 1\n" + RUN, "no key `wrong`"),
        ("", "needs a [[run]]"),
        (RUN.replace('"F.c"', "1"), "`files` must be"),
        (RUN.replace("{at}", '"some"'), 'at = "some"'),
        (RUN.replace('["vfs_read", "ist_enter", "irq_exit"]', '"vfs_read"'), "patch ="),
        (RUN.replace("kernel", "kernle"), "kernle"),
        (RUN + "[[", "at end of document"),
    ],
)
def test_a_file_that_says_something_else_is_refused(
    tmp_path: Path, text: str, complaint: str
) -> None:
    text = text.replace("{at}", '"any"').replace("{spared}", "[]").replace("{{", "{")
    with pytest.raises(BadInput) as caught:
        load_claims(claim_file(tmp_path, text=text.replace("}}", "}") or "\n"))
    assert complaint in str(caught.value)
    assert "07.toml: error:" in str(caught.value)


def test_a_site_that_no_run_has_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="do_page_fault"):
        decide(monkeypatch, claim_file(tmp_path, spared='["do_page_fault"]'), found())


def test_the_number_is_the_name(tmp_path: Path) -> None:
    (tmp_path / "08.toml").write_text(HEAD + RUN.format(at='"any"', spared="[]"))
    with pytest.raises(BadInput, match="number 7 is not the name"):
        load_claims(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such folder"):
        load_claims(tmp_path / "nowhere")


TWO = """
[[run]]
files = ["handlers/2017/F.c"]
kernel = "v4.12rc"
patch = ["vfs_read", "ist_enter", "irq_exit"]
expect = [{ finding = "redirect-lost", at = "any" }]

[[run]]
files = ["handlers/2017/A.c"]
kernel = "v4.12rc"
patch = ["vfs_read"]
expect = [{ finding = "redirect-lost", at = "none" }]
"""


def interrupted_at(monkeypatch: pytest.MonkeyPatch, asked: int) -> list[Question]:
    """Ctrl-C comes with that question; the others find redirect-lost."""
    told: list[Question] = []

    def check(question: Question, watch: None, jobs: int | None, cluster: None) -> Answer:
        told.append(question)
        if len(told) == asked:
            raise KeyboardInterrupt
        return specimens.answer(found("vfs_read"), question)

    monkeypatch.setattr(asking, "check", check)
    return told


def test_ctrl_c_leaves_the_claims_that_are_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_f, of_a = (f"[[run]]{each}" for each in TWO.split("[[run]]")[1:])
    runs = (of_f, of_a, of_a.replace("A.c", "B.c"))
    for number, text in enumerate(runs, 1):
        (tmp_path / f"{number}.toml").write_text(HEAD.replace("7", str(number)) + text)
    told = interrupted_at(monkeypatch, 2)
    assert run(["thread", str(tmp_path), "-o", str(tmp_path / "page.md")]) == 3
    said = capsys.readouterr().out.splitlines()
    assert said[:3] == ["claim 1   confirmed", "claim 2   undecided", "claim 3   undecided"]
    last = "interrupted: 3 claims, 1 confirmed, 0 refuted, 2 undecided;"
    assert " ".join(said[4:]).startswith(last)
    assert len(told) == 2 and not (tmp_path / "page.md").exists()


def test_ctrl_c_before_anything_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted_at(monkeypatch, 1)
    claims = load_claims(claim_file(tmp_path, text=TWO))
    with pytest.raises(KeyboardInterrupt):
        judge(claims)
