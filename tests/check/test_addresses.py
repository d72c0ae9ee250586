"""What the addresses in a trace are called."""

from dataclasses import replace

import pytest

from klprove.check.site import addressed
from klprove.ir.program import Leaf, Object, Program
from klprove.ir.types import I32, U64
from klprove.verdict import Access, Trace
from tests.report.specimens import event, finding, verdict

FUNCS = Object(
    "funcs",
    0x1000,
    bytes(64),
    leaves=(
        Leaf(0, U64, "[0].new_func"),
        Leaf(8, U64, "[0].node.next"),
        Leaf(16, U64, "[0].node.prev"),
        Leaf(32, U64, "[1].new_func"),
        Leaf(40, U64, "[1].node.next"),
        Leaf(48, U64, "[1].node.prev"),
    ),
)
HEAD = Object("head", 0x2000, bytes(16), leaves=(Leaf(0, U64, ".next"), Leaf(8, I32, ".count")))
PROGRAM = Program(1, (FUNCS, HEAD), (), functions={0x70000000: "handler"})


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (0x1000, "&funcs"),
        (0x1008, "&funcs[0].node"),
        (0x1020, "&funcs[1]"),
        (0x1028, "&funcs[1].node"),
        (0x1030, "&funcs[1].node.prev"),
        (0x1034, "&funcs+52"),
        (0x2000, "&head"),
        (0x2008, "&head.count"),
        (0x70000000, "handler"),
        (0x9999, None),
        (7, None),
    ],
)
def test_a_pointer_is_called_by_what_begins_there(value: int, name: str | None) -> None:
    assert named("head.next", value) == name


def test_a_number_of_another_type_is_no_address() -> None:
    assert named("head.count", 0x1020) is None


def named(holder: str, value: int) -> str | None:
    """What `value` in `holder` is called."""
    step = event(accesses=(Access("read", holder, value, value),))
    found = replace(finding(), trace=Trace((), (step,)))
    (made,) = addressed(PROGRAM, verdict(found)).findings
    return made.trace.addresses.get((holder, value))
