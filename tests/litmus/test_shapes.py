"""Every shape: the outcomes that klprove finds are those of the abstract machine, all of them."""

from pathlib import Path

import pytest

from tests.litmus.machine import outcomes
from tests.litmus.models import found, model
from tests.litmus.shapes import SHAPES, SIZE, Shape

each_shape = pytest.mark.parametrize(
    "shape", SHAPES, ids=[f"{each.name} {each.how}".strip().replace(" ", "-") for each in SHAPES]
)


@each_shape
def test_the_oracle_agrees_with_the_published_model(shape: Shape) -> None:
    tso = outcomes(shape.ops(), SIZE)
    assert any(map(shape.is_relaxed, tso)) == shape.is_allowed
    assert not any(map(shape.is_relaxed, outcomes(shape.ops(), SIZE, buffers=False)))


@pytest.mark.parametrize("engine", ["reference", "native"])
@each_shape
def test_klprove_finds_the_outcomes_of_the_oracle(
    shape: Shape, engine: str, tmp_path: Path
) -> None:
    expected = {memory: outcomes(shape.ops(), SIZE, memory == "tso") for memory in ("sc", "tso")}
    assert expected["sc"] <= expected["tso"]
    every = sorted(expected["tso"])
    text = model(shape.ops(), SIZE, every)
    for memory, wanted in expected.items():
        assert found(tmp_path / "shape.c", text, every, memory, engine) == (wanted, False)
