"""What a newcomer types wrongly, and what the answer says to type instead."""

from pathlib import Path

import pytest

from klprove.cli.main import run

HANDLER = str(Path(__file__).parents[2] / "handlers/2017/A.c")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("chekc x.c", "no such command 'chekc'; near it: check [option]"),
        ("step", "'step'; `klprove report FILE --step` goes through a trace [option]"),
        ("zzzz", "no such command 'zzzz' [option]"),
        ("explain H4", "nothing is called H4; near it: H04 [option]"),
        ("explain h044", "near it: H04"),
        ("report x.json --html", "= see `klprove report --help`"),
        (f"check {HANDLER}", "--kernel v6.12"),
        (f"check {HANDLER} --kernel 6.1", "the newest that is not newer is v6.0;"),
        (f"check {HANDLER} --kernel 6.1.0-56-amd64", "the newest that is not newer is v6.0;"),
        (f"check {HANDLER} --kernel 6.12", "the newest that is not newer is v6.12;"),
        (f"check {HANDLER} --kernel 3.10", "the oldest is v4.12rc;"),
        (f"check {HANDLER} --kernel v4.12-rc1", "there is v4.12rc"),
    ],
)
def test_the_answer_says_what_to_type(
    capsys: pytest.CaptureFixture[str], typed: str, said: str
) -> None:
    assert run(typed.split()) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert said in error


def test_the_command_alone_shows_its_help_as_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    error = capsys.readouterr().err
    assert error.startswith("Usage: klprove ")
    assert "\n  check " in error and "\\n" not in error


@pytest.mark.parametrize(
    ("patch", "noted"), [((), True), (("--patch", "vfs_read"), False)], ids=["none", "one"]
)
def test_a_handler_that_never_runs_is_noted(
    capsys: pytest.CaptureFixture[str], patch: tuple[str, ...], noted: bool
) -> None:
    assert run(["check", HANDLER, "--kernel", "v4.12", *patch, "--traces", "none"]) in (0, 1)
    error = capsys.readouterr().err
    assert ("klp_ftrace_handler() never runs" in error) is noted


def test_a_file_without_a_handler_needs_no_note(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model.c"
    model.write_text("int x;\nvoid klp_ftrace_handler_of_mine(void)\n{\n\tx = 1;\n}\n")
    assert run(["check", str(model), "--kernel", "v4.12"]) == 0
    assert "never runs" not in capsys.readouterr().err
