"""Machines that tell nothing, and what is said of them."""

from typing import cast

import pytest

from klprove.lab import Late, Lost
from klprove.replay import AGREED, DIFFERS, SPOILED, Outcome, Row, replay, replaying
from klprove.replay.replaying import Prepared
from klprove.replay.schedule import Step
from klprove.source import Span
from klprove.verdict import Event

STEP = Step(1, Event("step", 0, 0, "task", "t", Span("f.c", 1, 1)), "look")


class _Ready:
    core = "two livepatches"


def _came(result: str, text: str = "") -> Outcome:
    return Outcome((Row(STEP, result, text=text),), 2)


def _boots(monkeypatch: pytest.MonkeyPatch, *given: Outcome | Lost) -> list[Outcome | Lost]:
    """Each machine comes to the next of `given`; those that were not started."""
    left = list(given)

    def machine(*_: object) -> Outcome:
        one = left.pop(0)
        if isinstance(one, Lost):
            raise one
        return one

    monkeypatch.setattr(replaying, "_in_one_machine", machine)
    return left


def _replay(times: int = 1) -> list[Outcome]:
    return [*replay(cast(Prepared, _Ready), times, None)]


LATE = Late("the updater has not begun: f() is not entered in time\n  | console")


def test_a_late_machine_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    _boots(monkeypatch, LATE, _came(SPOILED, "interrupts, 3 times"), _came(AGREED))
    (found,) = _replay()
    assert (found.result, found.attempts) == (AGREED, 4)
    assert found.lost == (
        "the updater has not begun: f() is not entered in time", "step 1: interrupts, 3 times",
    )  # fmt: skip


def test_a_difference_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    left = _boots(monkeypatch, LATE, _came(DIFFERS, "state is 5"), _came(AGREED))
    (found,) = _replay()
    assert (found.result, len(found.lost), len(left)) == (DIFFERS, 1, 1)


def test_a_machine_that_dies_is_not_late(monkeypatch: pytest.MonkeyPatch) -> None:
    left = _boots(monkeypatch, Lost("the machine ended"), _came(AGREED))
    with pytest.raises(Lost, match="the machine ended"):
        _replay()
    assert len(left) == 1


def test_the_last_machine_says_what_it_comes_to(monkeypatch: pytest.MonkeyPatch) -> None:
    left = _boots(monkeypatch, *[LATE] * 5, _came(AGREED))
    with pytest.raises(Late, match="has not begun"):
        _replay()
    assert len(left) == 1
    left = _boots(monkeypatch, *[LATE] * 4, _came(SPOILED, "again"), _came(AGREED))
    (found,) = _replay()
    assert (found.result, len(found.lost), len(left)) == (SPOILED, 4, 1)


def test_each_replay_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    _boots(monkeypatch, LATE, _came(AGREED), _came(AGREED))
    assert [len(each.lost) for each in _replay(2)] == [1, 0]
