"""The livepatch cases whose answer is known beforehand: `corpus/known`."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from klprove.corpus import Effort, Entry, find, pin, run
from klprove.corpus.result import OPEN, REFUSED
from tests.corpus.pins import updating

ROOT = Path(__file__).parents[2]
KNOWN = find([str(ROOT / "corpus" / "known")], ROOT / "corpus")
ALONE = tuple(
    entry for entry in KNOWN if all(model.expected.kernel is None for model in entry.models)
)
"""Those that need no kernel model."""
CASES = {f"K{number:02}" for number in range(1, 16)} | {"H02", "H12"}
"""K: livepatch cases with a known answer; H: what a rule of `klprove lint` is about."""


def test_every_case_is_there_with_its_mutant() -> None:
    assert {entry.name[:3] for entry in KNOWN} == CASES
    for entry in KNOWN:
        verdicts = {model.expected.verdict for model in entry.models}
        assert verdicts == {"holds", "violated"} or entry.name == "K15-publication"


def test_every_case_says_what_came_out() -> None:
    for entry in KNOWN:
        notes = (entry.folder / "notes.md").read_text()
        for heading in ("## Expected", "## Answer", "## Left out"):
            assert heading in notes, f"{entry.name}: {heading}"
        assert entry.cited, f"{entry.name} cites neither commit nor year"


def test_all_are_right() -> None:
    outcome = run(KNOWN, Effort())
    if updating():
        for each in outcome.judged:
            assert each.result is not None
            assert each.outcome not in (OPEN, REFUSED)
            if each.model.expected.states is not None:
                pin(each.model.path, each.result.states)
        return
    assert {
        str(each.model.path): each.differences for each in outcome.judged if each.differences
    } == {}
    assert all(each.result is not None and each.result.complete for each in outcome.judged)
    assert all(each.result is not None and each.result.every_state for each in outcome.judged)


@pytest.mark.parametrize("name", ["reference", "auto"])
def test_other_engines_say_the_same(name: str) -> None:
    outcome = run(ALONE, Effort(engine=name))
    assert {str(each.model.path): each.differences for each in outcome.judged} == {
        str(model.path): () for entry in ALONE for model in entry.models
    }
    if name == "reference":
        assert all(each.result is not None and each.result.every_state for each in outcome.judged)


@pytest.mark.parametrize("entry", KNOWN, ids=lambda entry: entry.name)
def test_every_model_has_a_pin_and_a_comment(entry: Entry) -> None:
    for model in entry.models:
        assert model.expected.states
        assert re.search(r"\n/\* \S", model.path.read_text()), model.path


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_gcc_accepts_those_that_stand_alone() -> None:
    header = ROOT / "src" / "klprove" / "include"
    alone = [str(model.path) for entry in ALONE for model in entry.models]
    command = ["gcc", "-std=gnu11", "-fsyntax-only", "-Werror", f"-I{header}"]
    told = subprocess.run(
        [*command, "-include", "klprove.h", *alone], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")
