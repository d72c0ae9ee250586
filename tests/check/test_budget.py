"""Wall time shared by sites; the clock is made up."""

import time

import pytest

from klprove.check.budget import LEAST, Budget
from klprove.lower import OutOfTime


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the time is."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_without_a_limit_there_is_no_end() -> None:
    budget = Budget(None)
    assert not budget.over
    assert budget.left(1.0) is budget.end(3, 2) is budget.search(5.0) is None


@pytest.mark.parametrize(("rest", "at_once", "share"), [(4, 1, 10), (4, 2, 20), (2, 8, 40)])
def test_the_next_site_gets_an_even_share(
    clock: list[float], rest: int, at_once: int, share: float
) -> None:
    end = Budget(140.0).end(rest, at_once)
    assert end == 100.0 + share
    clock[0] += 4  # it was lowered meanwhile
    assert Budget(140.0).search(end) == min(share - 4, 36)


def test_what_is_begun_gets_enough_to_come_to_something(clock: list[float]) -> None:
    budget = Budget(102.0)
    assert budget.search(budget.end(29, 1)) == LEAST
    clock[0] = 101.9
    assert budget.search(100.2) == pytest.approx(0.1), "but no more than there is"


def test_after_the_end_nothing_is_begun(clock: list[float]) -> None:
    budget = Budget(102.0)
    clock[0] = 102.0
    assert budget.over and budget.left() == 0 and budget.left(0.5) == 0.5
    with pytest.raises(OutOfTime):
        budget.search(101.0)
