"""The pool of workers: order, time, failures, interruption. The jobs are made up."""

import os
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from klprove.check import workers
from klprove.check.question import Question
from klprove.check.site import SiteAnswer
from klprove.check.workers import Outcome, WorkerFailed, free_memory, spread
from klprove.lower import OutOfTime
from klprove.source import BadInput, Diagnostic, Span
from klprove.verdict import Bounds, Statistics, Verdict


@dataclass
class FakeJob:
    """Does to each site what its name says."""

    question: Question = field(default_factory=lambda: Question(("x.c",)))

    def prepare(self, site: str) -> str:
        """Fail at lowering where the site is `bad...`; `late` ones take a while to say so."""
        if site.startswith("late"):
            time.sleep(0.3)
        if site == "endless":
            time.sleep(30)
            os._exit(7)  # nobody has ended it before
        if site == "overdue":
            raise OutOfTime
        if "bad" in site:
            raise BadInput([Diagnostic("patch", Span(site, 1, 1), "no")])
        return site

    def explore(
        self, site: str, program: Any, seconds: float | None, memory: int | None, watch: Any
    ) -> SiteAnswer:
        """Answer with what the search was given."""
        if site == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if site == "memory":
            raise MemoryError
        if site == "bug":
            raise ValueError("a bug of ours")
        reasons: tuple[str, ...] = ()
        if site.startswith("slow"):
            try:
                time.sleep(30)
            except KeyboardInterrupt:
                reasons = ("interrupted",)
        states = int((seconds or 0) * 1000)
        verdict = Verdict((), not reasons, Statistics(states), Bounds(), reasons=reasons)
        return SiteAnswer(verdict, (str(memory),), 1)


def run(sites: list[str], jobs: int = 2, **options: Any) -> Outcome:
    """Spread `sites` over `jobs` workers."""
    job: Any = FakeJob(options.pop("question", Question(("x.c",))))
    return spread(job, sites, jobs, options.pop("deadline", None), None)


@pytest.mark.parametrize("jobs", [1, 2, 7])
def test_every_site_is_answered_whatever_the_number_of_workers(jobs: int) -> None:
    names = [f"s{number}" for number in range(9)]
    outcome = run(names, jobs)
    assert sorted(outcome.answers) == names
    assert not outcome.died and not outcome.interrupted


@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_the_first_bad_site_in_order_is_told_whatever_the_number_of_workers(jobs: int) -> None:
    with pytest.raises(BadInput) as caught:
        run(["a", "latebad1", "bad2", "bad3"], jobs)
    assert caught.value.diagnostics[0].span.file == "latebad1"


def test_bad_input_does_not_wait_for_a_search() -> None:
    start = time.monotonic()
    with pytest.raises(BadInput):
        run(["slow", "bad"])
    assert time.monotonic() - start < 15


def test_a_worker_that_dies_costs_its_own_site_only() -> None:
    outcome = run(["a", "die", "memory", "b"])
    assert sorted(outcome.answers) == ["a", "b"]
    assert outcome.died["die"] == -signal.SIGKILL
    assert outcome.died["memory"] == 12


def test_a_bug_in_a_worker_is_told_with_its_traceback() -> None:
    with pytest.raises(WorkerFailed, match="a bug of ours"):
        run(["a", "bug"])


def test_time_is_shared_evenly_and_what_is_left_over_goes_on() -> None:
    outcome = run(["a", "b", "c", "d"], 1, deadline=time.monotonic() + 8)
    given = [outcome.answers[site].verdict.statistics.states / 1000 for site in "abcd"]
    assert given[0] == pytest.approx(2, abs=1)
    assert given[3] == pytest.approx(8, abs=2)


def test_after_the_deadline_no_site_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(workers, "Child")
    outcome = run(["a", "die", "b"], 2, deadline=time.monotonic())
    assert outcome.late == {"a", "die", "b"}
    assert not outcome.answers and not outcome.died


def test_a_site_that_never_begins_does_not_outlast_the_deadline() -> None:
    outcome = run(["a", "endless", "overdue"], 3, deadline=time.monotonic() + 2)
    assert not outcome.died
    assert outcome.late >= {"endless", "overdue"}
    assert set(outcome.answers) == {"a"} - outcome.late


def test_memory_is_shared() -> None:
    outcome = run(["a", "b", "c"], 2, question=Question(("x.c",), memory=1000))
    assert {each.asked for each in outcome.answers.values()} == {("500",)}


def test_without_a_limit_the_workers_share_what_is_free() -> None:
    outcome = run(["a", "b", "c"], 2)
    shares = {int(each.asked[0]) for each in outcome.answers.values()}
    assert len(shares) == 1
    assert 0 < shares.pop() * 2 < free_memory() * 1.2


def test_an_interrupt_collects_what_is_known() -> None:
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    start = time.monotonic()
    outcome = run(["a", "slow1", "slow2", "b"])
    assert time.monotonic() - start < 15
    assert outcome.interrupted
    assert outcome.answers["a"].verdict.complete
    assert outcome.answers["slow1"].verdict.reasons == ("interrupted",)
    assert "b" not in outcome.answers
