"""What there was no time for is told in every form, and never holds."""

import json
import re
from pathlib import Path

import pytest

from klprove.cli.main import run
from klprove.corpus import running
from klprove.formats import FORMATS
from tests.schemas.law import obey

MODEL = """\
int x;
void notrace __fentry__(unsigned long ip) { x = x + 1; }
static void f(void) { x = x + 2; }
static void g(void) { x = 0; }
__task(0) void t(void) { f(); g(); }
"""
NO_TIME = ["--time", "0.000001s"]
"""Less than it takes to read a file."""


@pytest.fixture(params=["1", "3"])
def words(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """A question about three sites, by one process and by several."""
    (tmp_path / "model.c").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    return ["check", "model.c", "--patch", "each", *NO_TIME, "-j", request.param]


def test_in_the_text(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 3
    said = capsys.readouterr().out
    assert said.startswith("klprove: INCOMPLETE  model model.c  3 sites, 3 of them not searched\n")
    assert "\nstopped : not searched: no time (f, g, t)\n" in said
    assert re.findall(r"^(\w) +not searched +0$", said, re.MULTILINE) == ["f", "g", "t"]
    assert "holds" not in said and "Never" not in said


def test_in_every_format(words: list[str]) -> None:
    assert (
        run([*words, *(word for name in FORMATS for word in ("--as", f"{name}=out.{name}"))]) == 3
    )
    for name, each in FORMATS.items():
        said = Path(f"out.{name}").read_text()
        assert "not searched" in said, name
        if not each.pictured and name != "quote":
            assert said.count("not searched: no time") >= 3, name
    answer = json.loads(Path("out.json").read_text())
    obey(answer)
    assert answer["verdict"] == "incomplete" and not answer["complete"]
    assert set(answer["sites"]) == {"f", "g", "t"}
    for site in answer["sites"].values():
        assert site["reasons"] == ["not searched: no time"]
        assert (site["verdict"], site["complete"], site["states"]) == ("incomplete", False, 0)


def test_in_a_report_of_it(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*words, "--json", "out.json"]) == 3
    capsys.readouterr()
    run(["report", "out.json"])
    assert capsys.readouterr().out.count("not searched         0\n") == 3


def test_of_a_single_model(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "model.c", *NO_TIME]) == 3
    said = capsys.readouterr().out
    assert said.startswith("klprove: INCOMPLETE  model model.c  not searched\n")


def test_of_a_corpus(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr(running, "Child")
    Path("a.c").write_text("/* klprove: expect holds */\n" + MODEL)
    assert run(["corpus", "a.c", *NO_TIME]) == 3
    assert "because: not searched: no time" in capsys.readouterr().out
