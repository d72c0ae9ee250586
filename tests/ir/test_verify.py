"""The verifier: silent on a sound program, and every error has a mutant that it must name."""

import dataclasses
import re
from pathlib import Path

import pytest

from klprove import ir

SOUND = """\
program cpus 3
option tso
object 0x1000 16 pool granule 8
  leaf 0 u64 ".next"
object 0x1010 4 count cpu 1
object 0x2000 10 waiting
buffer 0x2000 cpu 0 entries 2 u32 u8 1 bounded
wrap 0x1010 i32 3
witness seen
function 0x7000000 handler

context task main cpu 0 ; a.c:3:1
  registers %x:i32 %p:u64 %b:u8
    0  %x = load i32 [0x1010] ; a.c:4:2
    1  atomic ; a.c:5:2
    2  fused %p = load u64 [0x1000] ; a.c:5:2
    3  await (%p != 0):u64 ; a.c:5:2
    4  %p = rmw add u64 [0x1008], 1 ; a.c:6:2
    5  %x = cmpxchg i32 [(%p + 8)], 0, -(%x) ; a.c:7:2
    6  store u8 [0x1000], u8(%x:i32) ; a.c:8:2
    7  %b = choose 256 ; a.c:9:2
    8  free [%p], 8 ; a.c:10:2
    9  irq_set 0:i32 ; a.c:11:2
   10  %x = irq_get ; a.c:12:2
   11  reach seen ; a.c:13:2
   12  check %x:i32, assert, "x" ; a.c:14:2
   13  yield ; a.c:15:2
   14  %x = (%b:u8 ? %x : 5) ; a.c:16:2
   15  branch (%x < 3):i32, 16, 18 ; a.c:17:2
   16  pause ; a.c:18:2
   17  jump 15 ; a.c:19:2
   18  end ; a.c:20:1

context nmi nmi cpu 1 ; b.c:1:1
    0  halt ; b.c:2:1

context task drain cpu 2 ; b.c:3:1
    0  halt ; b.c:3:1

property invariant odd cpu 1 ; a.c:21:1
  registers %x:i32
    0  fused %x = load i32 [0x1010] ; a.c:21:5
    1  result (%x & 1):i32 ; a.c:21:5
"""

EDITS = [
    ("cpus 3", "cpus 0", "program: no CPU"),
    ("witness seen", "witness seen\nwitness seen", "a witness is listed twice"),
    ("object 0x1010 4 count", "object 0x1010 0 count", "object count: has no bytes"),
    ("option tso\n", "", "buffer 0x2000: memory has no store buffers"),
    ("0x2000 cpu 0", "0x2000 cpu 2", "buffer 0x2000: there is no cpu 2"),
    ("u32 u8 1", "i32 u8 1", "buffer 0x2000: no such entries"),
    ("u32 u8 1", "u32 u8 3", "buffer 0x2000: no such entries"),
    ("entries 2", "entries 3", "buffer 0x2000: does not lie in an object"),
    ("task drain", "irq drain", "buffer 0x2000: its cpu has not one task"),
    ("object 0x1000 16 pool", "object 0x0 16 pool", "does not lie between null"),
    ("0x1010 4 count", "0xfffffffffffffffe 4 count", "the end of memory"),
    ("count cpu 1", "count cpu 3", "object count: there is no cpu 3"),
    ("granule 8", "granule 7", "granule 7 does not divide"),
    ('leaf 0 u64 ".next"', 'leaf 12 u64 ".next"', "leaf .next lies outside"),
    ("object 0x1010 4 count", "object 0x100f 4 count", "object count: overlaps pool"),
    ("wrap 0x1010", "wrap 0x1012", "wrap 0x1012: lies in no object"),
    ("i32 3", "i32 33", "i32 has no 33 bits"),
    ("i32 3", "i32 0", "i32 has no 0 bits"),
    ("function 0x7000000", "function 0x1001", "function handler: its address lies in"),
    ("context nmi", "context smi", "no such kind of context: smi"),
    ("nmi cpu 1", "nmi cpu 3", "context nmi on cpu 3: there is no cpu 3"),
    ("18  end", "18  result 1:i32", "18: only a property has a result"),
    ("reach seen", "reach unseen", "11: unseen is not among the witnesses"),
    ("0  halt", "0  yield ; b.c:2:1\n 1  halt", "0: only a task can yield"),
    ("invariant odd", "variant odd", "no such kind of property: variant"),
    ("odd cpu 1", "odd cpu 5", "invariant odd: there is no cpu 5"),
    ("fused %x = load", "%x = load", "invariant odd: 0: a property is evaluated at one instant"),
    ("0  fused %x = load i32 [0x1010]", "0  fused store i32 [0x1010], 1", "only reads memory"),
    ("0  fused %x = load i32 [0x1010]", "0  reach seen", "a property has no reach"),
    ("0  fused %x = load i32 [0x1010]", "0  await 1:i32", "a property has no await"),
    ("    0  halt ; b.c:2:1\n", "", "context nmi on cpu 1: no instructions"),
    ("18  end", "18  pause", "18: the run falls off the end"),
    ("jump 15", "jump 19", "17: there is no instruction 19"),
    ("(%x < 3):i32, 16, 18", "(%x < 3):i32, 16, -1", "15: there is no instruction -1"),
    ("(%x < 3):i32, 16, 18", "(%x < 3):i32, 44, 18", "15: there is no instruction 44"),
    ("load i32 [0x1010] ; a.c:4", "load i32 [5:i32] ; a.c:4", "0: a value of type i32 where u64"),
    ("0  %x = load i32", "0  %x = load i64", "0: register x is i32, not i64"),
    ("0  %x = load i32", "0  %y = load i32", "0: register y is not declared"),
    ("u8(%x:i32)", "%x:i32", "6: a value of type i32 where u8 is wanted"),
    ("rmw add", "rmw nand", "4: no such update: nand"),
    ("u64 [0x1008], 1", "u64 [0x1008], 1:i8", "4: a value of type i8 where u64 is wanted"),
    ("4  %p = rmw", "4  %x = rmw", "4: register x is i32, not u64"),
    (", 0, -(%x)", ", 0:u8, -(%x)", "5: a value of type u8 where i32 is wanted"),
    (", 0, -(%x)", ", 0, %p:u64", "5: a value of type u64 where i32 is wanted"),
    ("5  %x = cmpxchg", "5  %b = cmpxchg", "5: register b is u8, not i32"),
    ("free [%p], 8", "free [%p], 0", "8: frees 0 bytes"),
    ("choose 256", "choose 257", "7: cannot choose among 257"),
    ("choose 256", "choose 0", "7: cannot choose among 0"),
    ("%b = choose", "%c = choose", "7: register c is not declared"),
    ("%x = irq_get", "%y = irq_get", "10: register y is not declared"),
    ("? %x : 5)", "? %p:u64 : 5)", "14: a value of type u64 where i32 is wanted"),
    ("? %x : 5)", "? %x : 5:u8)", "14: a value of type u8 where i32 is wanted"),
    ("(%b:u8 ?", "(%b:i8 ?", "14: register b is u8, not i8"),
    ("%x = (%b:u8 ? %x : 5)", "%y = (%b:u8 ? %x : 5):i32", "14: register y is not declared"),
    ("%x : 5)", "%x : 5):u8", "14: a value of type u8 where i32 is wanted"),
    ("irq_set 0:i32", "irq_set 300:u8", "9: 300 is outside u8"),
    ("(%x < 3):i32", "(%x < 3):u8", "15: register x is i32, not u8"),
    ("(%x < 3):i32", "(%x < 3:u8):i32", "15: a value of type u8 where i32 is wanted"),
    ("-(%x)", "-(%p:u64)", "5: a value of type u64 where i32 is wanted"),
    ("check %x:i32", "check %z:i32", "12: register z is not declared"),
    ("await (%p", "await (%q", "3: register q is not declared"),
    ("result (%x & 1):i32", "result %q:i32", "1: register q is not declared"),
    ("1  atomic", "1  pause", "3: an await outside the step that an atomic begins"),
    ("jump 15", "jump 3", "3: an await outside the step that an atomic begins"),
    ("2  fused %p", "2  %p", "2: a step begins inside an await"),
    ("3  await (%p != 0):u64", "3  jump 4", "4: a step begins inside an await"),
    ("2  fused %p = load u64 [0x1000]", '2  limit "deep"', "2: the run ends inside an await"),
    ("16  pause", "16  jump 16", "16: neither a step nor an end can be reached"),
]


def test_a_sound_program_has_no_error() -> None:
    assert ir.verify(ir.parse_ir(SOUND)) == []


@pytest.mark.parametrize(("old", "new", "error"), EDITS)
def test_every_error_is_named(old: str, new: str, error: str) -> None:
    assert SOUND.count(old) >= 1
    assert [each for each in _errors(SOUND.replace(old, new, 1)) if error in each]


def _errors(text: str) -> list[str]:
    return ir.verify(ir.parse_ir(text))


def _with(program: ir.Program, index: int, expr: ir.Expr) -> ir.Program:
    """`program` whose first context sets x to `expr` at `index`."""
    context = program.contexts[0]
    instrs = list(context.code.instrs)
    instrs[index] = ir.Set("x", expr, instrs[index].at)
    code = dataclasses.replace(context.code, instrs=tuple(instrs))
    return dataclasses.replace(program, contexts=(dataclasses.replace(context, code=code),))


def test_unknown_operations_are_named() -> None:
    """These cannot even be written."""
    program, one = ir.parse_ir(SOUND), ir.Const(1, ir.I32)
    for bad in (ir.Unary("plus", one, ir.I32), ir.Binary("nand", one, one, ir.I32)):
        found = ir.verify(_with(program, 10, bad))
        assert [each for each in found if f"10: no such operation: {bad.op}" in each]
    context = program.contexts[0]
    store = context.code.instrs[6]._replace(order="late")  # type: ignore[call-arg]
    code = dataclasses.replace(context.code, instrs=(store, *context.code.instrs[1:]))
    other = dataclasses.replace(program, contexts=(dataclasses.replace(context, code=code),))
    assert [each for each in ir.verify(other) if "0: no such way to memory: late" in each]


def test_a_program_without_contexts_asks_nothing() -> None:
    program = dataclasses.replace(ir.parse_ir(SOUND), contexts=())
    assert "program: no context" in ir.verify(program)


def test_all_errors_are_returned_at_once() -> None:
    text = SOUND.replace("jump 15", "jump 19").replace("rmw add", "rmw nand")
    assert len(_errors(text.replace("function 0x7000000", "function 0x1001"))) == 3


def test_every_message_has_a_mutant() -> None:
    """The messages in the verifier's source, against the errors that the edits above produce."""
    source = (Path(ir.__file__).parent / "verify.py").read_text()
    messages = re.findall(r'yield f?"([^"]*)"', source)
    produced = [error for old, new, _ in EDITS for error in _errors(SOUND.replace(old, new, 1))]
    elsewhere = {"no such operation: {op}", "no such way to memory: {order}", "program: no context"}
    for message in set(messages) - elsewhere - {"{where}: {error}", "{index}: {error}"}:
        pattern = ".*".join(map(re.escape, re.split(r"\{[^}]*(?:\{[^}]*\}[^}]*)*\}", message)))
        assert any(re.search(pattern, each) for each in produced), message
