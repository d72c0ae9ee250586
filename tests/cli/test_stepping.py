"""`report --step` on terminals of several sizes and languages, and where there is none."""

import json
import os
import re
import signal
from pathlib import Path

import pytest
from rich.console import Console

from klprove.cli.main import run
from klprove.cli.screen import draws_lines
from klprove.cli.sight import Sight
from klprove.cli.walking import Walking
from tests.cli.terminals import Terminal
from tests.report.picture.pages import documented, finding, long_trace
from tests.report.specimens import wide_trace
from tests.report.test_stepping import walk


@pytest.fixture
def trace(tmp_path: Path) -> str:
    """Two findings, one of them long."""
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(documented(finding(), finding("assert", trace=long_trace(120)))))
    return str(path)


def test_a_walk_on_a_terminal(trace: str) -> None:
    terminal = Terminal("report", "--step", trace)
    lanes = "\u2500 CPU 0 task, CPU 0 NMI \u2500"
    terminal.see("step 1/4  CPU 0 task", lanes, "\u25b6   1 preempt_count: 0 -> 1")
    assert not terminal.echoes
    terminal.press("nn")
    terminal.see("step 3/4  CPU 0 NMI", "holds: interrupts off; NMIs masked")
    terminal.press("]f")
    terminal.see("\u2026 50 steps")
    terminal.press("/do_nmi\r")
    terminal.see("step 51/120")
    terminal.resize(20, 40)
    small = terminal.see("\u25b6  51")
    assert max(map(len, small.splitlines())) <= 40
    terminal.press("?")
    terminal.see("any key goes back")
    terminal.press("nq")
    assert terminal.close() == 0
    assert terminal.raw.startswith(b"\x1b[?1049h") and b"\x1b[?1049l" in terminal.raw[-40:]


def test_ctrl_c_and_sigterm_give_the_terminal_back(trace: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        terminal = Terminal("report", "--step", trace)
        terminal.see("step 1/4")
        terminal.process.send_signal(number)
        assert terminal.close() == 0
        assert b"\x1b[?25h" in terminal.raw[-40:] and b"\x1b[?1049l" in terminal.raw[-40:]
        assert b"Traceback" not in terminal.raw


@pytest.mark.parametrize(
    "environment", [{"LANG": "C"}, {"LC_ALL": "C"}, {"LC_ALL": "C", "NO_COLOR": "1"}]
)
def test_without_utf8_it_is_ascii(trace: str, environment: dict[str, str]) -> None:
    terminal = Terminal("report", "--step", trace, size=(24, 40), environment=environment)
    terminal.see(">   1 preempt_count", "- CPU 0 task, CPU 0 NMI -")
    terminal.press("/\N{LATIN SMALL LETTER E WITH ACUTE}\r")
    terminal.see("xe9: in no step")
    terminal.press("q")
    assert terminal.close() == 0 and terminal.raw.isascii()
    colours = re.search(rb"\x1b\[[0-9;]*3[0-7]m", terminal.raw)
    assert bool(colours) != ("NO_COLOR" in environment)


@pytest.mark.parametrize("kind", ["dumb", "unknown", ""])
def test_a_terminal_without_a_cursor_gets_text(trace: str, kind: str) -> None:
    terminal = Terminal("report", "--step", trace, size=(200, 80), environment={"TERM": kind})
    terminal.see("step 120 of 120")
    assert terminal.close() == 0 and b"\x1b[?" not in terminal.raw


def test_without_a_terminal_it_is_text(trace: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "--step", trace]) == 0
    whole = capsys.readouterr().out
    assert whole.isascii() and "\x1b" not in whole
    assert whole.count("\nstep ") == 124 and "\nstep 4 of 4: CPU 0 NMI\n" in whole
    assert run(["report", "--step", "--fold", trace, "--finding", "assert"]) == 0
    assert capsys.readouterr().out.startswith("assert: 120 steps\n\n... 50 steps: 1 to 50\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--html", "x.html", "--step"], "no --step, no --fold"),
        (["--html", "x.html", "--fold"], "no --step, no --fold"),
        (["--step", "--finding", "nothing"], "there are: assert at no site, unwatched-silent at"),
        (["--step", "--traces", "none"], "--traces none"),
    ],
)
def test_what_does_not_go_together(
    trace: str, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", trace, *options]) == 2
    told = capsys.readouterr()
    assert said in told.err and told.out == ""


@pytest.mark.parametrize("size", [(200, 60), (80, 24), (40, 24), (40, 10), (20, 5), (5, 2), (1, 1)])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_it_fits_any_screen(size: tuple[int, int], encoding: str) -> None:
    walking = Walking([walk(wide_trace(3, 6)), walk(long_trace(300), False)], True)
    with open(os.devnull, "w", encoding=encoding) as nowhere:
        console = Console(file=nowhere, width=size[0], height=size[1], force_terminal=True)
        for key in ("n", "end", "]", "?", "n", "g", "7"):
            walking.press(key)
            sight = Sight(walking, encoding == "utf-8")
            lines = console.render_lines(sight, console.options.update(height=size[1]))
            assert len(lines) == size[1]
            text = "\n".join("".join(part.text for part in line) for line in lines)
            seen = f"{walking.places[walking.at][0]:>4} " in text
            assert seen or walking.helping or min(size) < 6, "the steps are in sight"
            assert all(sum(part.cell_length for part in line) <= size[0] for line in lines)
            console.print(sight)  # which encodes it


@pytest.mark.parametrize(
    ("environment", "lines"),
    [
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "C"}, False),
        ({}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),  # as Python sets it where LANG is C
        ({"LANG": "C.UTF-8"}, True),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, False),
        ({"LC_ALL": "C.UTF-8"}, True),
        ({"LC_CTYPE": "de_DE.utf8"}, True),
        ({"LANG": "de_DE.ISO-8859-1"}, False),
    ],
)
def test_the_locale_says_what_can_be_drawn(environment: dict[str, str], lines: bool) -> None:
    assert draws_lines(environment) == lines


def test_two_traces_side_by_side(trace: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "--diff", trace, trace]) == 0
    assert "the same: from the first step to the last" in capsys.readouterr().out
    assert (
        run(["report", "--diff", trace, "--finding", "assert", "--finding", "unwatched-silent"])
        == 0
    )
    assert "nothing: they differ from the first step on" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--diff of what?"),
        (["TRACE", "TRACE"], "--diff has two sides"),
        (["--site", "a", "--site", "b", "--site", "c"], "--diff has two sides"),
        (["TRACE", "--fold"], "--diff is text of its own"),
        (["TRACE", "--finding", "warned"], "there are: assert"),
        (["TRACE", "--html", "x"], "--diff is text of its own"),
    ],
)
def test_what_does_not_go_with_diff(
    trace: str, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [trace if each == "TRACE" else each for each in options]
    assert run(["report", "--diff", trace, *given]) == 2
    told = capsys.readouterr()
    assert said in told.err and told.out == ""
    assert run(["report", trace, "--site", "a", "--site", "b"]) == 2
    assert "--site twice goes with --diff" in capsys.readouterr().err
