"""What is said about the rules: each has its texts, and a model shows what it is named for."""

import shlex

import pytest

from klprove.cli.main import run
from klprove.lint import RULES, explanations

MODELS = sorted(rule for rule, each in explanations().items() if each.model)
SHOWN_BY_A_TRACE = {"H02", "H04", "H07", "H15", "H16"}
"""Those that klprove has to have a model of."""


def test_every_rule_is_explained_in_full() -> None:
    assert set(RULES) == set(explanations())
    for rule, each in explanations().items():
        texts = (each.title, each.what, each.why, each.incident, each.remedy)
        assert all(text.strip() for text in texts), rule
        assert bool(each.model) == bool(each.shows), rule


def test_some_have_a_model() -> None:
    assert set(MODELS) >= SHOWN_BY_A_TRACE


@pytest.mark.parametrize("rule", MODELS)
def test_the_model_shows_the_finding(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    each = explanations()[rule]
    program, *words = shlex.split(each.model)
    assert program == "klprove"
    assert run(words) == 1
    assert f"VIOLATION {each.shows} " in capsys.readouterr().out


def test_the_list_has_a_line_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", "--list-rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:3] for line in lines[:-1]] == sorted(RULES)
    assert lines[7].startswith("H08  ") and lines[7].endswith("(live)")


def test_what_no_file_can_say_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", "--explain", "H18"]) == 0
    out = capsys.readouterr().out
    assert "live    : " in out and "klprove watch" in out
    assert "(finding:" in out
