"""Printed programs: read back they are the same, and what is not one is refused at its place."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from klprove import ir
from klprove.ir.printer import FILE
from klprove.source import BadInput
from tests.ir.programs import EXPRESSIONS, PROGRAMS, TYPES

SMALL = """\
program cpus 1
option preempt
object 0x1000 16 list cpu 0
  init 0010 0*14
  leaf 0 u64 ".next"
object 0x1010 4 count readonly
wrap 0x1010 i32 3
witness seen
function 0x7000000 handler

context nmi nmi cpu 0 ; a.c:3:1
  registers %x:i32 %p:u64
    0  %x = load i32 [0x1010]                   ; a.c:4:2 nmi>get # count
    1  branch (%x == -1):i32, 2, 3              ; a.c:5:2 nmi
    2  fused rmw add i32 [(%p + 8)], -(%x)      ; a.c:6:2 nmi
    3  %p = (%x:i32 ? u64(%x:i32) : 5)          ; a.c:7:2 nmi
    4  end                                      ; a.c:8:1 nmi

property invariant odd ; a.c:9:1
    0  result 1:i32                             ; a.c:9:5 odd
"""


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(PROGRAMS)
def test_every_program_reads_back(program: ir.Program) -> None:
    back = ir.parse_ir(ir.render(program))
    # repr too: instructions are named tuples, and Halt(at) == End(at).
    assert back == program
    assert repr(back) == repr(program)


@settings(max_examples=100, deadline=None)
@given(EXPRESSIONS, TYPES)
def test_types_are_written_only_where_needed(expr: ir.Expr, ty: ir.Int) -> None:
    wanted = ir.type_of(expr)
    assert len(ir.render_expr(expr, wanted)) <= len(ir.render_expr(expr, None))
    if ty != wanted and not isinstance(expr, ir.Convert):
        assert ir.render_expr(expr, ty) == ir.render_expr(expr, None)


def test_the_text_is_the_documented_one() -> None:
    program = ir.parse_ir(SMALL)
    assert program.objects[0].init == b"\0\x10" + bytes(14)
    assert program.contexts[0].code.instrs[2] == ir.Rmw(
        "add",
        None,
        ir.Binary("add", ir.Reg("p", ir.U64), ir.Const(8, ir.U64), ir.U64),
        ir.Unary("neg", ir.Reg("x", ir.I32), ir.I32),
        ir.I32,
        True,
        program.contexts[0].code.instrs[2].at,
    )
    assert program.contexts[0].code.instrs[0].at.calls == ("nmi", "get")
    assert ir.render(program) == SMALL


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "message"),
    [
        ("program cpus", "programme cpus", 1, 1, "expected 'program'"),
        ("option preempt", "option fast", 2, 8, "unknown option"),
        ("0*14", "0*13", 4, 1, "16 bytes"),
        ("0*14", "xy", 4, 13, "hexadecimal"),
        ("    1  branch", "    7  branch", 14, 5, "expected instruction 1"),
        ("branch", "brunch", 14, 8, "unknown instruction 'brunch'"),
        ("(%x == -1):i32", "(%x == -1)", 14, 25, "expected a type"),
        ("(%x == -1):i32", "(%x == -1:i32", 14, 15, "closing parenthesis"),
        (":i32, 2, 3", ":i33, 2, 3", 14, 25, "unknown type"),
        ("(%p + 8)", "(%p ~ 8)", 15, 31, "expected"),
        ("end       ", "end now   ", 17, 12, "end of the line"),
        ("; a.c:8:1 nmi", "; a.c nmi", 17, 50, "file:line:column"),
        (" ; a.c:3:1", "", 11, 22, "; file:line:column"),
        ("witness seen", "witless seen", 8, 1, "expected a context"),
        ("result 1:i32", "result 1", 20, 16, "expected a type"),
        ("witness seen", "witness @", 8, 9, "unexpected character"),
    ],
)
def test_anything_else_is_refused_at_its_place(
    old: str, new: str, line: int, column: int, message: str
) -> None:
    assert SMALL.count(old) == 1
    with pytest.raises(BadInput) as caught:
        ir.parse_ir(SMALL.replace(old, new), "small.ir")
    (found,) = caught.value.diagnostics
    assert message in found.text
    assert (found.span.file, found.span.line) == ("small.ir", line)
    assert found.span.column == column


def test_nothing_is_no_program() -> None:
    with pytest.raises(BadInput):
        ir.parse_ir("\n\n")


def test_names_of_fixed_places_are_for_the_reader_only() -> None:
    lines = ir.render(ir.parse_ir(SMALL)).splitlines()
    (line,) = [each for each in lines if "load" in each]
    assert line.endswith("; a.c:4:2 nmi>get # count")
    assert "#" not in FILE


def test_the_documented_example_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "ir.md").read_text()
    example = page.split("```")[1].lstrip("\n")
    program = ir.parse_ir(example)
    assert ir.verify(program) == []
    assert ir.render(program) == example
