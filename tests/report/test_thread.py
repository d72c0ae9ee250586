"""The page on a thread."""

from klprove.check import Claim, Comparison, Expectation, Judged, Judgement, Question, Run
from klprove.report import render_thread
from tests.report.specimens import answer, finding, verdict


def judgement(
    number: int, met: bool | None, witnessed: bool = True, who: str = "Somebody"
) -> Judgement:
    """A claim whose one expectation came out as `met`."""
    expectation = Expectation(("redirect-lost",), "none", ("vfs_read",))
    run = Run(Question(("handlers/2017/F.c",), "v4.12rc", ("each",)), (expectation,))
    found = finding("redirect-lost", "ist_enter")
    made = answer({"ist_enter": verdict(found), "vfs_read": verdict()}, run.question)
    having = ("ist_enter",) if witnessed else ()
    comparison = Comparison(expectation, met, having, ("irq_exit",), found if witnessed else None)
    claim = Claim(number, who, "a mail", "It\nworks | so.", "It breaks.", "", (run,), "x")
    return Judgement(claim, (Judged(run, made, (comparison,)),))


def test_disagreement_is_said_plainly_and_the_rest_is_not_in_it() -> None:
    page = render_thread([judgement(1, True, False), judgement(2, False)], "klprove thread x")
    section = page.split("## Where klprove disagrees")[1].split("## Claim 1")[0]
    assert "[2](#claim-2), Somebody: It works | so." in section
    assert "redirect-lost is reached in 4 steps with ist_enter() patched" in section
    assert "[1]" not in section


def test_each_claim_has_verdict_command_and_witness() -> None:
    page = render_thread([judgement(3, False)], "klprove thread x")
    assert "| [3](#claim-3) | Somebody | It works \\| so. | **refuted** |" in page
    assert "- `klprove check handlers/2017/F.c --kernel v4.12rc --patch each`" in page
    assert "redirect-lost at no site except vfs_read: not so; found: `ist_enter`" in page
    assert page.count("# BANG") == 1
    assert "replay  : klprove check handlers/2017/F.c --kernel v4.12rc --patch ist_enter\n" in page


def test_what_is_not_decided_is_listed_as_open() -> None:
    page = render_thread([judgement(4, None), judgement(5, True, False)], "klprove thread x")
    assert "because a search was not complete: 4." in page
    assert "**Undecided**" in page and "**Confirmed**" in page


def test_nothing_of_the_run_itself_is_on_the_page() -> None:
    one = render_thread([judgement(1, False)], "c")
    assert one == render_thread([judgement(1, False)], "c")
    assert "1.2s" not in one and "0.25" not in one


def test_a_check_of_our_own_is_nobodys_mistake() -> None:
    page = render_thread([judgement(6, False, who="(a check)")], "klprove thread x")
    assert "Nowhere: nothing that was said there is refuted." in page
    assert "Of the questions that nobody asked there, refuted" in page
