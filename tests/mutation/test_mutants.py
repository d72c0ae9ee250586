"""Which places of a text are changed, and into what."""

from pathlib import Path

import pytest

from klprove.c import Unit, parse
from klprove.mutation import Mutant, mutants
from klprove.mutation.mutants import DELETE, SWAP, TEST
from klprove.source import BadInput

MODEL = """\
static int x, y;
static __percpu int mark;
__ghost static void note(void) { this_cpu(mark) = 1; }

static void both(int a, int b)
{
	if (a && (b || x))
		y = 1;
	else
		return;
	barrier();
}

__task(0) void t(void)
{
	unsigned long flags;

	local_irq_save(flags);
	x = 1;
	note();
	y = 2;
	x = 1;
	while (x)
		x--;
	both(x, y);
	assert(x == 0);
out:
	local_irq_restore(flags);
}
"""


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    (tmp_path / "model.c").write_text(MODEL)
    return parse([tmp_path / "model.c"])


def names(found: tuple[Mutant, ...], operator: str) -> list[str]:
    return [each.name.removeprefix("model.c: ") for each in found if each.operator == operator]


def text(unit: Unit, mutant: Mutant) -> str:
    return unit.edited(mutant.edits).texts[0].body


def test_statements_are_deleted_but_not_those_about_the_run(unit: Unit) -> None:
    assert names(mutants(unit, {"model.c"}), DELETE) == [
        "both: delete `y = 1`",
        "both: delete `barrier()`",
        "t: delete `local_irq_save(flags)`",
        "t: delete `x = 1`",
        "t: delete `y = 2`",
        "t: delete `x = 1` (2)",
        "t: delete `x--`",
        "t: delete `both(x, y)`",
        "t: delete `local_irq_restore(flags)`",
    ]


def test_neighbours_change_places(unit: Unit) -> None:
    found = mutants(unit, {"model.c"})
    # `x = 1; note()` and `note(); y = 2` would move a note, not a step.
    assert names(found, SWAP) == [
        "both: swap `if (a && (b || x)) y = 1; else return` and `barrier()`",
        "t: swap `unsigned long flags` and `local_irq_save(flags)`",
        "t: swap `local_irq_save(flags)` and `x = 1`",
        "t: swap `y = 2` and `x = 1`",
        "t: swap `x = 1` and `while (x) x--`",
        "t: swap `while (x) x--` and `both(x, y)`",
    ]
    swapped = next(each for each in found if "`y = 2` and" in each.name)
    assert text(unit, swapped) == MODEL.replace("y = 2;\n\tx = 1;", "x = 1;\n\ty = 2;")


def test_a_test_is_decided_or_loses_an_operand(unit: Unit) -> None:
    found = mutants(unit, {"model.c"})
    assert names(found, TEST) == [
        "both: always `if (a && (b || x))`",
        "both: never `if (a && (b || x))`",
        "both: drop `(b || x)` of `a && (b || x)`",
        "both: drop `x` of `b || x`",
        "both: drop `b` of `b || x`",
        "both: drop `a` of `a && (b || x)`",
    ]
    dropped = [text(unit, each) for each in found if each.operator == TEST]
    assert "if (1)" in dropped[0] and "if (0)" in dropped[1]
    assert ["if (a)" in dropped[2], "if (a && (b))" in dropped[3]] == [True, True]
    assert "if (a && (x))" in dropped[4] and "if ((b || x))" in dropped[5]


def test_no_line_moves(unit: Unit) -> None:
    for each in mutants(unit, {"model.c"}):
        if "flags" not in each.name:
            assert text(unit, each).count("\n") == MODEL.count("\n")


def test_what_is_no_c_is_refused(unit: Unit) -> None:
    mutant = next(each for each in mutants(unit, {"model.c"}) if "`unsigned long" in each.name)
    with pytest.raises(BadInput, match="undeclared"):
        unit.edited(mutant.edits)


def test_only_the_named_files_and_operators(unit: Unit) -> None:
    assert mutants(unit, {"other.c"}) == ()
    assert {each.operator for each in mutants(unit, {"model.c"}, [SWAP])} == {SWAP}


def test_no_text_of_a_model_leaves_its_backticks(tmp_path: Path) -> None:
    text = '__task(0) void t(void) { WARN_ON(sizeof("`<b>"[0]) != 1); }\n'
    (tmp_path / "model.c").write_text(text)
    (mutant,) = mutants(parse([tmp_path / "model.c"]), {"model.c"})
    assert mutant.text.count("`") == 2 and "<b>" in mutant.text
