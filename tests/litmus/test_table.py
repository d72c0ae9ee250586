"""The table in docs/memory-model.md is the one that `make tso` prints."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.litmus.__main__ import interrupt, line, row
from tests.litmus.machine import outcomes
from tests.litmus.shapes import INTERRUPTS, SHAPES, SIZE, Shape

TEXT = (Path(__file__).parents[2] / "docs" / "memory-model.md").read_text()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.name}-{shape.how}")
def test_a_line_of_the_table(shape: Shape) -> None:
    """With the outcomes of the oracle, which those of klprove are compared with elsewhere."""
    text, right = row(shape, outcomes(shape.ops(), SIZE, False), outcomes(shape.ops(), SIZE))
    assert right
    assert f"\n{text} =\n" in TEXT


def test_lines_are_made_from_runs() -> None:
    text, right = line(SHAPES[0])
    assert right and f"\n{text}\n" in TEXT
    text, right = interrupt(INTERRUPTS[-1])
    assert right and f"\n{text}\n" in TEXT


def test_a_wrong_expectation_is_marked() -> None:
    """What the table says if klprove and the published model disagree."""
    text, right = line(replace(SHAPES[0], is_allowed=False))
    assert not right and text.endswith("DIFFERS")
