"""Sites over a cluster: retries, losses, time, memory, interruption. The cluster is made up."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from klprove import engine
from klprove.check import clustered
from klprove.check.clustered import ATTEMPTS, spread_clustered
from klprove.check.question import Question
from klprove.check.workers import Outcome, WorkerFailed
from klprove.cluster import Event, Worker
from klprove.cluster.identity import Identity
from klprove.lower import OutOfTime
from klprove.source import BadInput, Diagnostic, Span


@dataclass
class FakeJob:
    """Its programs are names of sites, and so are its answers."""

    question: Question = field(default_factory=lambda: Question(("x.c",)))

    def prepare(self, site: str) -> str:
        """Refuse `bad...`."""
        if site.startswith("bad"):
            raise BadInput([Diagnostic("patch", Span(site, 1, 1), "no")])
        return site

    def limits(
        self, site: str, seconds: float | None, memory: int | None
    ) -> tuple[float | None, int | None]:
        """As they come."""
        return seconds, memory

    def answer(self, site: str, program: str, verdict: Any) -> Any:
        """All that is known."""
        assert site == program
        return verdict


def worker(number: int, node: str = "n", free: int = 1000) -> Worker:
    """One that is ready."""
    return Worker(number, Identity("", "", "host", 100 + number, node, free))


class FakeCrew:
    """Each call ends in the next `events`, as `fate` says: `answer`, `lost`, `raised`, `hang`."""

    def __init__(
        self, size: int, fate: Callable[[str, int], Any] = lambda site, number: "answer"
    ) -> None:
        self.workers = {number: worker(number) for number in range(size)}
        self.size = size
        self.replaced = True
        self.calls: list[tuple[int, str, Any]] = []
        self._fate, self._next = fate, size
        self._pending: list[tuple[Worker, str, Any]] = []
        self._stopped = False

    def idle(self) -> list[Worker]:
        """Those without a call."""
        return [each for each in self.workers.values() if not each.busy]

    def run(self, one: Worker, function: Any, program: str, limits: Any) -> None:
        """Remember it."""
        assert function is engine.explore
        one.busy = True
        self.calls.append((one.number, program, limits))
        self._pending.append((one, program, limits))

    def stop(self) -> None:
        """Hanging calls end."""
        self._stopped = True

    def events(self, seconds: float) -> Iterator[Event]:
        """What became of the calls."""
        pending, self._pending = self._pending, []
        for one, site, limits in pending:
            fate = self._fate(site, one.number)
            if fate == "hang" and not self._stopped:
                self._pending.append((one, site, limits))
                continue
            if fate == "gone":
                self.workers.clear()
                yield Event("gone", -1, "the connection is lost")
                return
            one.busy = False
            if fate == "lost":
                del self.workers[one.number]
                yield Event("lost", one.number, f"process {one.who.pid} ended")
                if self.replaced:
                    self.workers[self._next] = worker(self._next)
                    self._next += 1
            elif isinstance(fate, BaseException):
                yield Event("raised", one.number, (fate, repr(fate)))
            else:
                yield Event("answer", one.number, (site, limits, fate))
        if not pending or self._pending:
            time.sleep(min(seconds, 0.02))


def run(sites: list[str], crew: FakeCrew, **options: Any) -> Outcome:
    """Spread `sites` over `crew`."""
    job: Any = FakeJob(options.pop("question", Question(("x.c",))))
    hands: Any = crew
    return spread_clustered(job, sites, hands, options.pop("deadline", None), None)


@pytest.mark.parametrize("size", [1, 2, 20])
def test_every_site_is_answered_whatever_the_number_of_workers(size: int) -> None:
    names = [f"s{number}" for number in range(9)]
    outcome = run(names, FakeCrew(size))
    assert sorted(outcome.answers) == names
    assert not outcome.died and not outcome.lost and not outcome.interrupted


def test_a_site_whose_worker_is_lost_goes_to_another() -> None:
    lost: list[int] = []

    def fate(site: str, number: int) -> str:
        if site == "s3" and len(lost) < ATTEMPTS - 1:
            lost.append(number)
            return "lost"
        return "answer"

    outcome = run([f"s{number}" for number in range(6)], crew := FakeCrew(2, fate))
    assert len(outcome.answers) == 6 and not outcome.lost
    assert len({number for number, site, _ in crew.calls if site == "s3"}) == ATTEMPTS


def test_a_site_that_takes_every_worker_with_it_is_named_and_the_rest_answered() -> None:
    outcome = run(["a", "killer", "b"], FakeCrew(2, lambda s, _: "lost" if s == "killer" else ""))
    assert sorted(outcome.answers) == ["a", "b"]
    assert list(outcome.lost) == ["killer"]
    assert f"{ATTEMPTS} times: process 1" in outcome.lost["killer"]


def test_a_lost_cluster_says_exactly_what_is_missing() -> None:
    outcome = run(["a", "b", "c", "d"], FakeCrew(1, lambda s, _: "gone" if s == "c" else "answer"))
    assert sorted(outcome.answers) == ["a", "b"]
    assert outcome.lost == dict.fromkeys("cd", "never answered: the connection is lost")


def test_without_any_worker_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustered, "_ALONE", 0.2)
    crew = FakeCrew(1, lambda site, _: "lost" if site == "b" else "answer")
    crew.replaced = False
    outcome = run(["a", "b", "c"], crew)
    assert list(outcome.answers) == ["a"]
    assert outcome.lost["b"].startswith("never answered: process 100 ended; no worker came up")
    assert outcome.lost["c"].startswith("never answered: no worker came up")


def test_the_first_bad_site_in_order_is_told() -> None:
    with pytest.raises(BadInput) as caught:
        run(["a", "bad1", "bad2"], FakeCrew(2))
    assert caught.value.diagnostics[0].span.file == "bad1"


def test_bad_input_found_by_a_worker_is_told() -> None:
    wrong = BadInput([Diagnostic("option", Span("x", 0, 0), "no")])
    with pytest.raises(BadInput):
        run(["a"], FakeCrew(1, lambda *_: wrong))


def test_after_the_deadline_no_site_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(FakeJob, "prepare")
    outcome = run(["a", "b", "c"], crew := FakeCrew(2), deadline=time.monotonic())
    assert outcome.late == {"a", "b", "c"}
    assert not crew.calls and not outcome.answers


@pytest.mark.parametrize("together", [False, True])
def test_a_site_that_is_not_lowered_in_time_is_not_sent(
    together: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*_: object) -> str:
        raise OutOfTime

    monkeypatch.setattr(FakeJob, "prepare", late)
    question = Question(("x.c",), engine="reference" if together else "auto")
    sites = ["a"] if together else ["a", "b"]
    outcome = run(sites, crew := FakeCrew(1), question=question)
    assert outcome.late == set(sites) and not crew.calls


def test_memory_and_bugs() -> None:
    failures = {"m": MemoryError(), "v": ValueError("ours")}
    crew = FakeCrew(1, lambda site, _: failures.get(site, "answer"))
    outcome = run(["a", "m", "b"], crew)
    assert sorted(outcome.answers) == ["a", "b"] and outcome.died["m"] == 12
    with pytest.raises(WorkerFailed, match="ours"):
        run(["v"], crew)


def test_memory_is_shared_by_the_workers_of_a_machine() -> None:
    crew = FakeCrew(3)
    crew.workers[2] = worker(2, "other", 500)
    outcome: Any = run(["a", "b", "c"], crew)
    given = {site: answer[1][1] for site, answer in outcome.answers.items()}
    assert given == {"a": 400, "b": 400, "c": 400}
    outcome = run(["a", "b", "c"], FakeCrew(3), question=Question(("x.c",), memory=900))
    assert {answer[1][1] for answer in outcome.answers.values()} == {300}


def test_time_is_shared() -> None:
    outcome: Any = run(["a", "b", "c", "d"], FakeCrew(1), deadline=time.monotonic() + 8)
    given = [outcome.answers[site][1][0] for site in "abcd"]
    assert given == [pytest.approx(8 / left, abs=0.5) for left in (4, 3, 2, 1)]


def test_an_interrupt_collects_what_is_known() -> None:
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    outcome = run(["a", "slow", "b", "c"], FakeCrew(1, lambda s, _: "hang" if s == "slow" else ""))
    assert outcome.interrupted
    assert sorted(outcome.answers) == ["a", "slow"]
