"""A cluster is joined when its crew is asked for, and left however the command ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from klprove.cluster import Cluster, crew


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done to a cluster that is none; needs no Ray."""
    found: list[str] = []

    @contextmanager
    def enlisted(address: str, workers: int | None) -> Iterator[str]:
        found.append(f"joined {address} {workers}")
        try:
            yield "the crew"
        finally:
            found.append("left")

    monkeypatch.setattr(crew, "find_spec", lambda _: object())
    monkeypatch.setattr(crew, "_enlisted", enlisted)
    return found


def test_it_is_joined_once_and_left(done: list[str]) -> None:
    with Cluster("local", 2) as cluster:
        assert done == []
        assert cluster.crew() is cluster.crew()
        assert done == ["joined local 2"]
    assert done == ["joined local 2", "left"]


def test_it_is_left_after_ctrl_c(done: list[str]) -> None:
    with pytest.raises(KeyboardInterrupt), Cluster("auto", None) as cluster:
        cluster.crew()
        raise KeyboardInterrupt
    assert done == ["joined auto None", "left"]


def test_what_was_not_joined_is_not_left(done: list[str]) -> None:
    with Cluster("local", 1):
        pass
    assert done == []
