"""What a replayed trace tells of each step: its accesses with their values, and what is noticed.

`told` is one line an event; the finding of each model is of the last one.
"""

from pathlib import Path

import pytest

from klprove.check import Question, program
from klprove.engine import Limits, explore
from klprove.engine.image import Image
from klprove.engine.interpreter import Interpreter
from klprove.verdict import Event

_HEAD = "#include <klprove.h>\n"


def _line(event: Event) -> str:
    seen = [f"{each.kind} {each.name} {each.before} {each.after}" for each in event.accesses]
    return "; ".join((*seen, *event.notes))


def told(tmp_path: Path, text: str, code: str = "assert", **options: object) -> list[str]:
    """The events of the trace to the finding `code`, those that say nothing left out."""
    path = tmp_path / "model.c"
    path.write_text(_HEAD + text)
    question = Question((str(path),), **options)  # type: ignore[arg-type]
    verdict = explore(program(question), Limits(engine="reference"))
    trace = next(each.trace for each in verdict.findings if each.code == code)
    return [line for line in map(_line, trace.events) if line]


ACCESSES = {
    "plain accesses of signed and unsigned objects": (
        "signed char a = -2; u8 b = 254; __task(0) void t(void) { a = b; b = a + 1; BUG(); }",
        ["read b 254 254", "write a -2 -2", "read a -2 -2", "write b 254 255; assert: BUG()"],
    ),
    "a store of another value": (
        "short a; __task(0) void t(void) { a = -3; BUG(); }",
        ["write a 0 -3; assert: BUG()"],
    ),
    "an update is one access": (
        "int a = 7; __task(0) void t(void) { int r = xchg(&a, 3);"
        " assert(atomic_fetch_add(-5, &a) != 3 || r != 7); }",
        ["update a 7 3", "update a 3 -2; assert: atomic_fetch_add(-5, &a) != 3 || r != 7"],
    ),
    "bits of an update": (
        "u8 a = 12; __task(0) void t(void) { __klprove_and(&a, 1, 6); __klprove_or(&a, 1, 3);"
        " __klprove_xor(&a, 1, 5); BUG(); }",
        ["update a 12 4", "update a 4 7", "update a 7 2; assert: BUG()"],
    ),
    "an update wraps in its own type": (
        "u8 a = 250; __task(0) void t(void) { __klprove_add(&a, 1, 10); BUG(); }",
        ["update a 250 4; assert: BUG()"],
    ),
    "a cmpxchg that writes, and one that does not": (
        "int a; __task(0) void t(void) { assert(cmpxchg(&a, 0, 5) == 0);"
        " assert(cmpxchg(&a, 0, 6) == 0); }",
        ["update a 0 5", "update a 5 5; assert: cmpxchg(&a, 0, 6) == 0"],
    ),
    "a cmpxchg of what was read": (
        "int a = 3; __task(0) void t(void) { int r = a; assert(cmpxchg(&a, r, r + 1) == 9); }",
        ["read a 3 3", "update a 3 4; assert: cmpxchg(&a, r, r + 1) == 9"],
    ),
    "a counter that wraps is stored wrapped": (
        "__wraps(2) unsigned int a = 3; __task(0) void t(void) { a++; BUG(); }",
        ["read a 3 3", "write a 3 0; assert: BUG()"],
    ),
    "an object that never changes": (
        "static const int c[3] = { 4, -5, 6 }; int i = 1; __task(0) void t(void)"
        " { i = 1; assert(c[i] == 6); }",
        ["write i 1 1", "read i 1 1", "read c[1] -5 -5; assert: c[i] == 6"],
    ),
    "members and elements have their names": (
        "struct s { int a; char b[2]; } s[2]; __task(0) void t(void) { s[1].b[1] = 9; BUG(); }",
        ["write s[1].b[1] 0 9; assert: BUG()"],
    ),
    "what is freed": (
        "struct s { int a; } s; __task(0) void t(void) { struct s *p = &s; kfree(p); BUG(); }",
        ["free s.a 0 0; assert: BUG()"],
    ),
    "an await shows what it read when it held": (
        "int a; __task(0) void t(void) { await(a == 2); BUG(); } __task(1) void u(void) { a = 2; }",
        ["write a 0 2", "read a 2 2; assert: BUG()"],
    ),
    "ghost code is not shown": (
        "int a, g; __ghost static void f(void) { g = 1; assert(a); }"
        " __task(0) void t(void) { a = 0; f(); }",
        ["write a 0 0; assert: a"],
    ),
    "nor is what ghost code writes in an await": (
        "int a, g; __ghost static void f(void) { g = 1; }"
        " __task(0) void t(void) { await(({ f(); a == 0; })); BUG(); }",
        ["read a 0 0; assert: BUG()"],
    ),
    "a local is no access": (
        "int a; __task(0) void t(void) { int r = 3; if (r * 2 == 6) a = r; else a = 1; BUG(); }",
        ["write a 0 3; assert: BUG()"],
    ),
}


@pytest.mark.parametrize("name", ACCESSES)
def test_accesses(name: str, tmp_path: Path) -> None:
    text, wanted = ACCESSES[name]
    assert told(tmp_path, text) == wanted


NOTES = {
    "the interrupt flag, where it changes": (
        "int a; __task(0) void t(void) { unsigned long f; local_irq_enable(); local_irq_disable();"
        " local_irq_disable(); local_irq_save(f); a = irqs_disabled(); local_irq_restore(f);"
        " local_irq_enable(); assert(!a); }",
        "assert",
        ["irqs off", "write a 0 1", "irqs on", "read a 1 1; assert: !a"],
    ),
    "what is chosen": (
        "__task(0) void t(void) { assert(choose(3) != 2); }",
        "assert",
        ["chooses 2; assert: choose(3) != 2"],
    ),
    "NMIs": (
        "__task(0) void t(void) { } __nmi(0) void n(void) { iret_reenables_nmi(); BUG(); }",
        "assert",
        ["NMIs unmasked; assert: BUG()"],
    ),
    "a warning, a witness and a finding go on": (
        'int a; __task(0) void t(void) { a = 1; WARN_ON(a == 1); reach(here); finding("odd");'
        " BUG(); }",
        "assert",
        ["write a 0 1", "read a 1 1; WARN_ON(a == 1); reaches here; odd; assert: BUG()"],
    ),
    "a warning is a finding at its place": (
        "int a; __task(0) void t(void) { WARN_ON(!a); }",
        "warned",
        ["read a 0 0; WARN_ON(!a)"],
    ),
    "a null pointer": (
        "struct s { int a, b; } *p; __task(0) void t(void) { p = 0; p->b = 1; }",
        "null-dereference",
        ["write p 0 0", "read p 0 0", "null-dereference: 0x4"],
    ),
    "no object": (
        "int x; long a; __task(0) void t(void) { a = 0x123456; *(int *)a = 1; }",
        "wild-access",
        ["write a 0 1193046", "read a 1193046 1193046", "wild-access: 0x123456"],
    ),
    "a write to what is constant": (
        "static const int c = 1; int *p; __task(0) void t(void) { p = (int *)&c; *p = 2; }",
        "wild-access",
        None,
    ),
    "the end of an object": (
        "int a[2]; char *p; __task(0) void t(void) { p = (char *)a; *(int *)(p + 6) = 1; }",
        "out-of-bounds",
        None,
    ),
    "what is gone": (
        "struct s { int a, b; } s; __task(0) void t(void) { struct s *p = &s; kfree(p);"
        " p->b = 1; }",
        "use-after-free",
        ["free s.a 0 0", "use-after-free: s.b"],
    ),
    "what is gone cannot be freed": (
        "struct s { int a; } s; __task(0) void t(void) { struct s *p = &s; kfree(p); kfree(p); }",
        "use-after-free",
        ["free s.a 0 0", "use-after-free: s.a"],
    ),
    "a divisor": (
        "int a; __task(0) void t(void) { a = 6 / a; }",
        "division-by-zero",
        None,
    ),
    "a divisor of a remainder": (
        "int a; __task(0) void t(void) { a = 6 % a; }",
        "division-by-zero",
        None,
    ),
    "a path that assume() drops is none": (
        "int a; __task(0) void t(void) { int r = choose(2); assume(r == 1); assert(a == r); }",
        "assert",
        ["chooses 1", "read a 0 0; assert: a == r"],
    ),
    "a loop that ends": (
        "int a; __task(0) void t(void) { for (int i = 0; i < 3; i++) a += i; assert(a != 3); }",
        "assert",
        ["read a 0 0", "write a 0 0", "read a 0 0", "write a 0 1", "read a 1 1", "write a 1 3",
         "read a 3 3; assert: a != 3"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTES)
def test_notes(name: str, tmp_path: Path) -> None:
    text, code, wanted = NOTES[name]
    lines = told(tmp_path, text, code)
    if wanted is None:
        assert lines[-1].startswith(f"{code}") or f"; {code}" in lines[-1]
        assert ": " in lines[-1]
    else:
        assert lines == wanted


def test_a_store_buffer(tmp_path: Path) -> None:
    """Stores wait with the sign of their object, are read back, and are drained."""
    text = (
        "signed char x; int y; __task(0) void t(void) { x = -7; int r = x; assert(y != -2); }"
        "__task(1) void u(void) { y = -2; assert(x != -7); }"
    )
    lines = told(tmp_path, text, memory_model="tso")
    assert "buffer x -7 -7" in lines or "buffer y -2 -2" in lines
    assert "write y 0 -2" in lines or "write x 0 -7" in lines
    forwarded = told(
        tmp_path,
        "signed char x; __task(0) void t(void) { x = -7; x = -6; assert(x != -6); }"
        "__task(1) void u(void) { x = 0; }",
        memory_model="tso",
    )
    assert forwarded == ["buffer x -7 -7", "buffer x -6 -6", "forwarded x -6 -6; assert: x != -6"]


def test_a_step_alone(tmp_path: Path) -> None:
    path = tmp_path / "model.c"
    path.write_text(_HEAD + "int a = 4; __task(0) void t(void) { await(a == 5); a = 6; }\n")
    made = program(Question((str(path),)))
    image = Image(made, Limits())
    interpreter, code = Interpreter(image), made.contexts[0].code
    waits = interpreter.run(code, 0, 0, {}, image.initial, 0)
    assert (waits.index, waits.notes, waits.codes) == (-1, [], [])
    memory = bytes([5]) + image.initial[1:]
    goes = interpreter.run(code, 0, 0, {}, memory, 0)
    assert (goes.index, bytes(goes.memory)) == (3, memory)
    wrote = interpreter.run(code, 0, 3, {}, memory, 0)
    assert bytes(wrote.memory) == bytes([6]) + image.initial[1:]
    assert wrote.index == 4


def test_a_step_that_assume_drops(tmp_path: Path) -> None:
    path = tmp_path / "model.c"
    path.write_text(_HEAD + "int a; __task(0) void t(void) { assume(choose(2)); a = 1; }\n")
    made = program(Question((str(path),)))
    interpreter, code = Interpreter(image := Image(made, Limits())), made.contexts[0].code
    reached = [interpreter.run(code, 0, 0, {}, image.initial, choice).index for choice in (0, 1)]
    assert reached == [-1, 2]


def test_the_value_of_a_property(tmp_path: Path) -> None:
    path = tmp_path / "model.c"
    text = (
        "int a = 4, *p = &a; __task(0) void t(void) { a = 6; p = 0; } invariant(i, *p * 2 == 8)\n"
    )
    path.write_text(_HEAD + text)
    made = program(Question((str(path),)))
    image = Image(made, Limits())
    interpreter, code = Interpreter(image), made.properties[0].code
    assert interpreter.value(code, 0, image.initial) == 1
    assert interpreter.value(code, 0, bytes([5]) + image.initial[1:]) == 0
    assert interpreter.value(code, 0, bytes(len(image.initial))) is None
