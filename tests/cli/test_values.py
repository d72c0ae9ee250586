"""Values of options, and how a bad one is refused."""

from typing import Any

import pytest

from klprove.cli.main import run
from klprove.cli.values import Define, Duration, KindBounds, Size


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Duration(), "90", 90.0),
        (Duration(), "1.5m", 90.0),
        (Duration(), "2h", 7200.0),
        (Size(), "512M", 512 << 20),
        (Size(), "8GiB", 8 << 30),
        (KindBounds(0), "irq=1,nmi=0", {"irq": 1, "nmi": 0}),
        (KindBounds(0), "2", {"softirq": 2, "irq": 2, "nmi": 2, "exception": 2}),
        (Define(), "NR_CPUS=2", ("NR_CPUS", "2")),
        (Define(), "X", ("X", "1")),
        (Define(), "X=", ("X", "")),
    ],
)
def test_values(kind: Any, text: str, value: Any) -> None:
    assert kind.convert(text, None, None) == value


@pytest.mark.parametrize(
    ("option", "text", "complaint"),
    [
        ("--time", "soon", "not a duration"),
        ("--time", "0s", "not a duration"),
        ("--memory", "lots", "not a size"),
        ("--arrivals", "irqs=1", "the kinds are softirq, irq, nmi, exception"),
        ("--arrivals", "irq=1,irq=2", "not a bound"),
        ("--arrivals", "task=1", "not a bound"),
        ("--arrivals", "irq=-1", "not a bound"),
        ("--arrivals", "irq=" + "9" * 5000, "not within"),
        ("--nest", "0", "not within 1"),
        ("-D", "1X=2", "not the name of a macro"),
        ("--cpus", "0", "range"),
        ("--engine", "fast", "is not one of"),
        ("--no-reduce", "magic", "is not one of"),
        ("--no-such-option", "x", "no such option"),
    ],
)
def test_a_bad_value_is_one_clear_line_and_status_2(
    option: str, text: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "x.c", option, text]) == 2
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith("klprove: error: ")
    assert complaint in first
    assert rest == ["  = see `klprove check --help`"]


def test_no_file_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check"]) == 2
    assert "klprove: error: missing argument" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("klprove ")


@pytest.mark.parametrize(
    "command", [[], ["check"], ["lower"], ["kernels"], ["thread"], ["explain"]]
)
def test_every_command_has_help_that_fits(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Usage: klprove")
    assert all(len(line) <= 80 for line in text.splitlines())


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "redirect-lost"]) == 0
    assert "wrong if:" in capsys.readouterr().out
    assert run(["explain", "redirect-losst"]) == 2
    assert "near it: redirect-lost" in capsys.readouterr().err


def test_a_scene_needs_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["check", "--kernel", "v4.12", "--scene", "transition", "--action", "disable"]
    few = ["-D", "KTHREAD=0", "-D", "IDLE_CALLS=0", "-D", "COLD=1", "--traces", "one", "-j", "1"]
    assert run([*words, *few]) == 1
    said = capsys.readouterr().out
    assert "model transition (disable) of v4.12" in said
    assert "klprove check --kernel v4.12 --scene transition --action disable" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--scene", "transition", "m.c"], "of which kernel model?"),
        (["--action", "disable", "m.c"], "of which kernel model?"),
        (["--kernel", "v4.12", "--action", "disable"], "nobody can 'disable'"),
        (["--kernel", "v4.12rc", "--scene", "transition"], "no scene 'transition'"),
        (["--kernel", "v4.12", "--scene", "transition", "--action", "replace"], "there is"),
    ],
)
def test_a_scene_that_is_not_there(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", *words]) == 2
    assert said in capsys.readouterr().err
