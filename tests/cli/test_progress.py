"""The progress line: silent at first, one line on a terminal, few lines elsewhere."""

import fcntl
import io
import os
import pty
import re
import struct
import termios
import time
from dataclasses import replace
from pathlib import Path

import pytest

from klprove import engine
from klprove.check import Progress, Question, check, program
from klprove.cli import progress as module
from klprove.cli.progress import ProgressLine, count, duration, line, size
from tests.cli.test_bad_input import klprove
from tests.cli.test_endings import ENDLESS

SOME = Progress(
    done=3,
    sites=29,
    states=6000,
    transitions=9000,
    frontier=250,
    depth=17,
    memory=300 << 20,
    seconds=6.0,
    left=54.0,
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Always."""
        return True


def drive(stream: io.StringIO, seconds: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is written in `seconds` of reports, one a second."""
    clock = iter(range(seconds + 2))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(clock)))
    shown = ProgressLine(stream)
    for second in range(1, seconds + 1):
        states = 1000 * second
        shown(replace(SOME, states=states, seconds=float(second), left=60.0 - second))
    shown.clear()
    return stream.getvalue()


def test_nothing_in_the_first_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drive(Terminal(), 1, monkeypatch) == ""


def test_a_terminal_has_one_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    text = drive(Terminal(), 6, monkeypatch)
    assert "\n" not in text
    *_, last, _, _ = text.split("\r")
    # There is no room for the depth: it says least.
    assert last.rstrip() == (
        "klprove: 3/29 sites, 6,000 states, 1,000/s, frontier 250, 300MB, 6s, 54s left"
    )
    assert text.endswith("\r" + " " * 78 + "\r")


def test_it_is_as_narrow_as_its_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    clock = iter(range(9))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(clock)))
    with os.fdopen(terminal, "w") as stream:
        shown = ProgressLine(stream)
        for second in range(1, 7):
            shown(replace(SOME, seconds=float(second)))
        shown.clear()
        text = os.read(screen, 4096).decode()
    os.close(screen)
    lines = [each for each in text.split("\r") if each.strip()]
    assert lines and all(len(each) == 39 for each in lines)
    assert lines[-1].rstrip() == "klprove: 6,000 states, 54s left"


def test_elsewhere_a_line_every_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = drive(io.StringIO(), 35, monkeypatch).splitlines()
    assert len(lines) == 3
    assert all(each.startswith("klprove: 3/29 sites") for each in lines)


def test_a_closed_stream_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Terminal):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    assert drive(Broken(), 5, monkeypatch) == ""


def test_the_rate_is_that_of_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SILENT", -1.0)
    monkeypatch.setattr(module, "_EVERY", 0.0)
    stream = io.StringIO()
    shown = ProgressLine(stream)
    for second in range(1, 31):
        states = 1000 * second if second <= 20 else 20_000 + 5000 * (second - 20)
        shown(replace(SOME, sites=1, states=states, seconds=float(second)))
    rates = re.findall(r"([\d,.k]+)/s", stream.getvalue())
    assert rates[0] == rates[19] == "1,000"
    assert rates[-1] == "5,000"


def test_one_site_says_everything() -> None:
    assert line(replace(SOME, sites=1, left=None), 1234.5) == (
        "klprove: 6,000 states, 1,234/s, frontier 250, depth 17, 300MB, 6s"
    )


@pytest.mark.parametrize("sites", [1, 29, 100_000])
@pytest.mark.parametrize("states", [0, 123_456, 10**12])
@pytest.mark.parametrize("left", [None, 0.0, 86_399.0])
def test_it_keeps_to_the_width_of_a_terminal(sites: int, states: int, left: float | None) -> None:
    long = Progress(sites, sites, states, states, states, 12_345, 18 << 30, 86_399.0, left)
    whole, text = line(long, states / 3), line(long, states / 3, 78)
    assert len(text) < 79
    assert " depth 12345, 18.0GB, 23h59" in whole, "nothing is left out where there is no width"
    assert " states" in text and "/s" in text and "18.0GB" in text
    assert left is None or text.endswith(" left")


def test_numbers_in_short() -> None:
    assert [count(each) for each in (0, 9_999, 10_000, 999_499, 999_999, 12_345_678, 10**10)] == [
        *("0", "9,999", "10.0k", "999k", "1.00M", "12.3M", "10.0G"),
    ]
    assert [size(each) for each in (512 << 10, 1 << 30, 5 << 40)] == ["512KB", "1.00GB", "5.00TB"]
    assert [duration(each) for each in (59.9, 60, 3599, 3600)] == ["59s", "1m00", "59m59", "1h00"]


@pytest.mark.parametrize("name", ["reference", "native"])
def test_an_engine_tells_its_figures(tmp_path: Path, name: str) -> None:
    (tmp_path / "model.c").write_text(ENDLESS)
    told: list[engine.Progress] = []
    made = program(Question((str(tmp_path / "model.c"),)))
    engine.explore(made, engine.Limits(seconds=2.5, engine=name), told.append)
    assert 1 <= len(told) <= 3
    assert told[-1].states > told[-1].frontier > 0
    assert told[-1].depth > 1
    assert told[-1].memory > 10 << 20


def test_a_check_adds_up_its_sites(tmp_path: Path) -> None:
    text = "int x; void notrace __fentry__(unsigned long ip) { x++; }\n" + (
        "static void f(void) { x = 0; }\n__task(0) void t(void) { f(); }\n"
    )
    (tmp_path / "model.c").write_text(text)
    told: list[Progress] = []
    question = Question((str(tmp_path / "model.c"),), patch=("each",), seconds=100.0)
    for jobs in (1, 2):
        told.clear()
        answer = check(question, told.append, jobs)
        assert (told[-1].done, told[-1].sites) == (2, 2)
        assert told[-1].states == answer.statistics.states
        last = told[-1]
        assert (last.memory, last.frontier, last.depth) == (0, 0, 0), "nothing runs any more"
        assert told[-1].left is not None and 50 < told[-1].left < 100


def test_the_command_tells_it_where_there_is_no_terminal(tmp_path: Path) -> None:
    (tmp_path / "model.c").write_text(ENDLESS)
    start = time.monotonic()
    done = klprove("check", "model.c", "--time", "12s", "--engine", "native", cwd=tmp_path)
    assert time.monotonic() - start > 11
    (said,) = done.stderr.splitlines()
    assert re.fullmatch(
        r"klprove: \S+ states, \S+/s, frontier \S+, depth \d+, \S+B, 1\ds, \ds left", said
    )
