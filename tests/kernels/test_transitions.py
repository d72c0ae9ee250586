"""The livepatch core's scene: known answers where they begin, and the words that choose it."""

import pytest

from klprove.check import check
from klprove.kernels import HOME, TRANSITION, load, names
from klprove.source import BadInput
from tests.kernels.transitions import HERE, LETTERS, TASKS, Case, cases

LARGE = {"interrupts", "revert", "reverse-keeps-flags", "cycle", "K13-unload", "K10-replace"}
"""Asked by `make core-table` only."""

SMALL = [
    (case, generation)
    for case in cases()
    if case.tasks != "all" and case.name not in LARGE
    for generation in case.expect
]


@pytest.mark.parametrize(
    ("case", "generation"), SMALL, ids=[f"{case.name}-{name}" for case, name in SMALL]
)
def test_the_answer_is_the_known_one(case: Case, generation: str) -> None:
    answer = check(case.question(generation), jobs=1)
    assert " ".join(sorted(answer.codes())) == case.expected(generation)
    assert answer.complete


def test_every_generation_is_asked_and_every_mutant_used() -> None:
    asked = {name for case in cases() for name in case.generations()}
    assert asked == set(names(HOME, TRANSITION))
    mutants = {path.stem for path in (HERE / "mutants").iterdir()}
    assert {case.mutant for case in cases()} - {""} == mutants


def test_every_case_is_well_formed() -> None:
    for case in cases():
        assert case.tasks in TASKS
        for codes in case.expect.values():
            assert codes.split() == sorted(codes.split())
            assert set(codes.split()) <= LETTERS.keys()


def test_a_scene_has_actions() -> None:
    kernel = load("v5.1", scene=TRANSITION)
    assert kernel.defines(None) == {"KLP_ACTION": "enable"}
    assert kernel.defines("replace") == {"KLP_ACTION": "replace"}
    with pytest.raises(BadInput) as caught:
        kernel.defines("repalce")
    assert "replace" in caught.value.diagnostics[0].hint


def test_a_generation_may_lack_a_scene() -> None:
    with pytest.raises(BadInput, match="no scene 'transition'"):
        load("v4.12rc", scene=TRANSITION)
    with pytest.raises(BadInput, match="no scene 'handler'"):
        load("v5.1")
