"""Exported litmus tests: what an axiomatic enumeration of the text allows is what klprove finds."""

from pathlib import Path

import pytest

from tests.litmus.axiomatic import finals, outcomes
from tests.litmus.axioms import same_outcomes, same_shape, same_verdict
from tests.litmus.exporting import KEPT, exported, shape_model
from tests.litmus.herd import states
from tests.litmus.models import explored
from tests.litmus.programs import Made
from tests.litmus.reader import read
from tests.litmus.shapes import Shape


@pytest.mark.parametrize("shape", KEPT, ids=lambda each: f"{each.name}-{each.how or 'plain'}")
def test_a_shape_has_the_outcomes_of_the_machine(shape: Shape, tmp_path: Path) -> None:
    assert same_shape(shape, tmp_path)
    words = read(exported(tmp_path / "shape.c", shape_model(shape))).words
    for kind, word in (("fence", "smp_mb"), ("store", "WRITE_ONCE"), ("xchg", "xchg")):
        assert words.count(word) == sum(op.kind == kind for ops in shape.ops() for op in ops)


@pytest.mark.parametrize("first", range(0, 240, 40))
def test_a_program_has_the_outcomes_that_klprove_finds(first: int, tmp_path: Path) -> None:
    several = 0
    for seed in range(first, first + 40):
        same, count = same_outcomes(Made(seed), tmp_path)
        assert same, seed
        several += count > 1
    assert several > 20


def test_a_violation_exists_where_klprove_finds_one(tmp_path: Path) -> None:
    seen = set()
    for seed in range(1000, 1080):
        if any(Made(seed).reads):
            same, exists = same_verdict(Made(seed), tmp_path)
            assert same, seed
            seen.add(exists)
    assert seen == {True, False}


@pytest.mark.parametrize(("goes_on", "wanted"), [("", False), ("WRITE_ONCE(x, 2);", True)])
def test_a_task_that_waits_in_one_arm_does_not_go_on(
    goes_on: str, wanted: bool, tmp_path: Path
) -> None:
    text = (
        "int x, y; __task(0) void t(void) { await(READ_ONCE(x) >= 1); int r = READ_ONCE(x);"
        " if (r == 1) await(READ_ONCE(x) == 2); WRITE_ONCE(y, 1); }"
        f"__task(1) void u(void) {{ WRITE_ONCE(x, 1); {goes_on} await(READ_ONCE(y)); BUG(); }}"
    )
    test = read(exported(tmp_path / "model.c", text, observe=False))
    assert any(map(test.exists, finals(test))) == wanted
    codes = {each.code for each in explored(tmp_path / "model.c", "sc", "reference").findings}
    assert ("assert" in codes) == wanted


def test_a_constant_of_one_arm_is_none_behind_both(tmp_path: Path) -> None:
    text = (
        "int x, y; __task(0) void t(void) { int k = 1; if (READ_ONCE(x)) k = 2; WRITE_ONCE(y, k); }"
        "__task(1) void u(void) { WRITE_ONCE(x, 1); }"
    )
    assert outcomes(read(exported(tmp_path / "model.c", text))) == {(0, 1, 1), (1, 1, 2)}


_HERD = """Test name Allowed
States 2
0:r0=0; 1:r0=-1; x=3;
0:r0=1; 1:r0=2; [x]=3;
Ok
Witnesses
Positive: 1 Negative: 1
"""


def test_what_herd_prints_is_read() -> None:
    assert states(_HERD, ["x", "1:r0"]) == {(3, -1), (3, 2)}
    with pytest.raises(ValueError, match="nothing"):
        states("nothing\n", [])
