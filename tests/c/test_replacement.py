"""The user's file replaces functions and values of the model."""

from pathlib import Path

import pytest

from klprove.c import parse
from klprove.ir.program import Program
from klprove.lower import lower
from klprove.source import BadInput
from tests.c.test_unit import write
from tests.lower.interpreter import Machine

MODEL = """
int order;
static int early(int v);
static int limit = 3;
static struct { int a; } pair = { 7 };

/* a comment that
 * must keep its lines */
static __always_inline notrace int
early(int v)	// twice
{
	return v * 2;
}
void later(void) { order = 100; }
__task(0) void run(void)
{
	order = early(5) + limit;
	later();
	unknown_in_the_middle();
}
""".replace("\tunknown_in_the_middle();\n", "")

USER = """
static int limit = 40;
int early(int w /* other name */ )
{
	return w + 1;
}
static void later(void) { order += 1000 + pair.a; }
"""


def order_after(program: Program) -> int:
    """The value of the first variable when the task has ended."""
    machine = Machine(program)
    machine.run(program.contexts[0].code)
    holder = next(each for each in program.objects if each.name == "order")
    return int.from_bytes(bytes(machine.memory[holder.addr + n] for n in range(4)), "little")


def test_the_users_functions_run(tmp_path: Path) -> None:
    model = write(tmp_path, MODEL)
    assert order_after(lower(parse([model]))) == 100
    unit = parse([model], user=write(tmp_path, USER, "user.c"))
    assert set(unit.replaced) == {"early", "later"}
    assert order_after(lower(unit)) == 6 + 40 + 1000 + 7
    assert unit.traceable() == ("early", "later", "run")


def test_lines_of_the_model_stay(tmp_path: Path) -> None:
    model = write(tmp_path, MODEL)
    plain = parse([model]).declared["run"].node.span
    unit = parse([model], user=write(tmp_path, USER, "user.c"))
    assert unit.declared["run"].node.span == plain
    assert str(unit.declared["early"].node.span).endswith("user.c:3:5")


def test_errors_of_both_are_where_they_stand(tmp_path: Path) -> None:
    model = write(tmp_path, MODEL + "int f(void) { return nothing; }\n")
    user = write(tmp_path, USER + "int early2(void) { return missing; }\n", "user.c")
    with pytest.raises(BadInput) as caught:
        parse([model], user=user)
    found = [(each.span.file, each.span.line, each.code) for each in caught.value.diagnostics]
    lines = MODEL.count("\n") + 1, USER.count("\n") + 1
    assert found == [(str(model), lines[0], "unknown"), (str(user), lines[1], "unknown")]


def test_nothing_to_replace(tmp_path: Path) -> None:
    model = write(tmp_path, MODEL)
    unit = parse([model], user=write(tmp_path, "int unrelated;\n", "user.c"))
    assert unit.replaced == ()
    assert order_after(lower(unit)) == 100


def test_a_context_can_be_replaced(tmp_path: Path) -> None:
    user = write(tmp_path, "__task(0) void run(void) { order = 9; }\n", "user.c")
    assert order_after(lower(parse([write(tmp_path, MODEL)], user=user))) == 9


def test_the_order_of_models_counts(tmp_path: Path) -> None:
    first = write(tmp_path, "static int base = 2;\n", "first.h")
    second = write(tmp_path, "int order;\n__task(0) void f(void) { order = base; }\n")
    assert order_after(lower(parse([first, second]))) == 2
    with pytest.raises(BadInput):
        parse([second, first])
