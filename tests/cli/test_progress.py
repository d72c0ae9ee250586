"""The progress line: silent at first, one line on a terminal, few lines elsewhere."""

import io

import pytest

from klprove.check import Progress
from klprove.cli import progress as module
from klprove.cli.progress import ProgressLine


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Always."""
        return True


def drive(stream: io.StringIO, seconds: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is written in `seconds` of reports, one a second."""
    clock = iter(range(seconds + 2))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(clock)))
    line = ProgressLine(stream)
    for second in range(1, seconds + 1):
        line(Progress(3, 29, 1000 * second, 0, second))
    line.clear()
    return stream.getvalue()


def test_nothing_in_the_first_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drive(Terminal(), 1, monkeypatch) == ""


def test_a_terminal_has_one_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    text = drive(Terminal(), 6, monkeypatch)
    assert "\n" not in text
    assert "klprove: 3/29 sites, 6,000 states, 6 s" in text
    assert text.endswith("\r" + " " * 78 + "\r")


def test_elsewhere_a_line_every_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = drive(io.StringIO(), 35, monkeypatch).splitlines()
    assert len(lines) == 3
    assert all(line.startswith("klprove: 3/29 sites") for line in lines)


def test_a_closed_stream_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Terminal):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    assert drive(Broken(), 5, monkeypatch) == ""
