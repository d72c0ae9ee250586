"""What keys do in a walk, and which keys a terminal sends."""

import pytest

from klprove.cli.keys import split
from klprove.cli.walking import Walking
from klprove.report.stepping import Walk
from tests.report.picture.pages import long_trace
from tests.report.test_stepping import walk


def walking(steps: int = 120, folding: bool = False) -> Walking:
    """Two findings: a long trace, and one of four steps."""
    return Walking([walk(long_trace(steps), False), walk()], folding)


def pressed(*keys: str, folding: bool = False) -> Walking:
    """A walk after `keys`; a longer text that names no key is typed."""
    made = walking(folding=folding)
    for each in keys:
        for key in [each] if each in NAMED else each:
            made.press(key)
    return made


NAMED = {
    "right",
    "left",
    "home",
    "end",
    "enter",
    "escape",
    "backspace",
    "pageup",
    "pagedown",
    "down",
}


@pytest.mark.parametrize(
    ("keys", "step"),
    [
        ([], 1),
        (["n", "right", " ", "down"], 5),
        (["n", "n", "p", "left"], 1),
        (["end"], 120),
        (["end", "home"], 1),
        (["pagedown"], 11),
        (["pagedown", "pageup", "pageup"], 1),
        (["g", "42", "enter"], 42),
        (["g", "420", "backspace", "enter"], 42),
        (["g", "42", "escape", "n"], 2),
        (["g", "enter"], 1),
        (["/", "do_nmi", "enter"], 51),
        (["/", "DO_NMI", "enter", "/", "enter"], 52),
        (["end", "/", "do_nmi", "enter"], 51),
        (["?", "n", "n"], 2),
        (["x", "\N{SNOWMAN}"], 1),
    ],
)
def test_where_keys_lead(keys: list[str], step: int) -> None:
    assert pressed(*keys).step == step


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["p"], "this is the first step"),
        (["end", "n"], "this is the finding"),
        (["g", "121", "enter"], "121: there are steps 1 to 120"),
        (["g", "9" * 6000, "enter"], "there are steps 1 to 120"),
        (["g", "\N{SUPERSCRIPT TWO}", "enter"], "there are steps 1 to 120"),
        (["/", "nowhere", "enter"], "nowhere: in no step"),
        (["end", "/", "do_nmi", "enter"], "from the first step on"),
        (["["], "no further finding"),
        (["end", "pagedown"], "this is the finding"),
        (["n"], ""),
        (["p", "n"], ""),
    ],
)
def test_what_leads_nowhere_is_said(keys: list[str], said: str) -> None:
    found = pressed(*keys).said
    assert said in found and bool(found) == bool(said)


def test_another_finding() -> None:
    other = pressed("n", "]")
    assert other.which == 1 and other.step == 1 and len(other.places) == 4
    assert pressed("]", "]").said == "no further finding"
    assert pressed("]", "n", "[").walk.title == walking().walk.title


@pytest.mark.parametrize("key", ["q", "escape"])
def test_the_end(key: str) -> None:
    assert pressed("n", key).ended and not pressed("g", key).ended


def test_a_folded_run_is_one_place_that_opens_and_closes() -> None:
    whole, short = walking(), walking(folding=True)
    (first, last), *_ = whole.walk.folds
    assert (first, last) in short.places and len(short.places) < len(whole.places) == 120
    assert pressed("f").places == short.places
    for key in ("g", *str(first), "enter"):
        short.press(key)
    assert short.run == (first, last) and short.step == last
    short.press("enter")
    assert short.run is None and short.step == first
    short.press("n")
    short.press("enter")
    assert short.run == (first, last)


def test_unfolding_stays_where_it_was() -> None:
    short = pressed("n", "n", folding=True)
    step = short.step
    short.press("f")
    assert short.step == step and short.run is None


def test_a_search_looks_into_folded_runs() -> None:
    found = walking(folding=True)
    (first, last), *_ = found.walk.folds
    for key in ("/", *f"{first} -> {first + 1}", "enter"):
        found.press(key)
    assert found.run == (first, last)


def test_a_search_finds_source_and_places() -> None:
    made: Walk = walk()
    for text, step in (("rcu.c:71", 4), ("line 40", 2), ("eqs_enter", 2), ("nmi", 3)):
        at = Walking([made])
        for key in ("/", *text, "enter"):
            at.press(key)
        assert at.step == step, text


def test_keys_of_terminals() -> None:
    sent = "n\x1b[C\x1bOD\x1b[1~\x1bOF\x1b[5~\x1b[6~\r\x7f\x1b[A\x1b[B"
    assert split(sent) == [
        *("n", "right", "left", "home", "end", "pageup", "pagedown", "enter", "backspace"),
        *("up", "down"),
    ]
    assert split("\x1b") == ["escape"] and split("\x04") == ["q"]
    assert split("\x1b[200~a\x1b[1;5C\x1bOPb") == ["a", "b"]
    assert split("") == []
