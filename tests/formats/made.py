"""An answer made by hand, with every name as bad as names get."""

from klprove.formats import (
    ERROR,
    FAIL,
    INCOMPLETE,
    NOTE,
    OPEN,
    PASS,
    SKIP,
    WARNING,
    Call,
    Finding,
    Item,
    Lane,
    Results,
    Rule,
    Step,
)
from klprove.source import Span

EVIL = (
    "a # SKIP b",
    'q"\\"; } digraph x { a -> b',
    "ok 9 - \n not ok 1 x\r\n1..7",
    "\x1b[31m\x00\x07 ]]> <b>&amp;</b>",
    "\u202etxt.c \ud800 caf\xe9 \U0001f600",
    "Subtest: x",
    "KTAP version 9",
    "reboot: System halted",
    "- dash",
    "\\",
    "",
    "   ",
    "x" * 500,
)
"""Names that mean something to one of the formats, or to a terminal."""

TASK, NMI = Lane(0, 0, "CPU 0 task"), Lane(0, 1, "CPU 0 NMI")


def interleaving(text: str) -> tuple[Step, ...]:
    """A task, an NMI in its middle, and the task again; everything is called `text`."""
    span = Span(text or "f.c", 3, 2)
    return (
        Step(1, TASK, "step", (f"{text}: 0 -> 1",), span, text),
        Step(2, NMI, "enter", (f"<NMI> {text}()",), span, text),
        Step(4, NMI, "exit", ("iret",), span, text),
        Step(5, TASK, "step", (f"{text} is 2", f"# BANG {text}"), span, text),
    )


def finding(text: str, severity: str = ERROR, code: str = "assert") -> Finding:
    """One with an interleaving, whose every text is `text`."""
    span = Span(text or "f.c", 3, 2)
    return Finding(
        code,
        severity,
        text,
        span,
        text,
        facts=(text,),
        related=((span, text),),
        initial=(text,),
        steps=interleaving(text),
    )


def results(name: str = "model.c") -> Results:
    """One thing of every outcome, with findings of every severity; named by `name`."""
    parts = (
        Item(name, FAIL, findings=(finding(name), finding(name, WARNING)), seconds=1.5),
        Item("unknown", INCOMPLETE, name),
        Item("not asked", SKIP, name),
        Item("noted", PASS, findings=(finding(name, NOTE, name), finding("x", OPEN, "open"))),
        Item("waived", PASS, findings=(Finding("w", ERROR, name, waived=name or "yes"),)),
    )
    path = (Call(name), Call("middle", name), Call(name + "2", "called"))
    called = Finding("rcu-off", NOTE, name, where=name, path=path)
    items = (Item(name, items=parts), Item("alone", PASS, findings=(called,), facts=(name,)))
    rule = Rule("assert", name, name)
    return Results("check", name, items, 1, {"assert": rule}, frozenset({"v4.12rc/nmi.c"}))


def nothing() -> Results:
    """One question, and nothing found."""
    return Results("check", "klprove: HOLDS", (Item("model.c", PASS),), 0)
