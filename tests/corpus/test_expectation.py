"""The corpus runner itself: what it reads, what it writes, what it refuses."""

from pathlib import Path

import pytest

from tests.corpus.expectation import Expectation, parse, pin, read, updating

LINE = "/* klprove: expect violated assert deadlock; arrivals irq=1,nmi=2; nest nmi=1; states 7 */"


def test_a_line_says_everything() -> None:
    found = parse(LINE)
    assert found == Expectation(
        "violated", frozenset({"assert", "deadlock"}), 7, {"irq": 1, "nmi": 2}, {"nmi": 1}
    )
    assert found.line() == LINE


@pytest.mark.parametrize(
    "line",
    [
        "int x;",
        "/* klprove: states 7 */",
        "/* klprove: expect holds */",
        "/* klprove: expect fails; states 7 */",
        "/* klprove: expect holds; states many */",
        "/* klprove: expect holds; states 7; mood good */",
        "/* klprove: expect holds; states 7; arrivals irq */",
    ],
)
def test_anything_else_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not "):
        parse(line)


def test_a_pin_changes_the_number_only(tmp_path: Path) -> None:
    path = tmp_path / "a.c"
    path.write_text(f"{LINE}\nint x; /* states 7 */\n")
    pin(path, 8)
    assert read(path).states == 8
    assert path.read_text() == f"{LINE.replace('states 7', 'states 8')}\nint x; /* states 7 */\n"


def test_pins_are_not_written_under_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KLPROVE_UPDATE", raising=False)
    monkeypatch.delenv("CI", raising=False)
    assert not updating()
    monkeypatch.setenv("KLPROVE_UPDATE", "1")
    assert updating()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(RuntimeError, match="refused under CI"):
        updating()
