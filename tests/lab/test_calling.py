"""How a function had been called, by the bytes before its return address."""

from dataclasses import replace

import pytest

from klprove.lab import Entered, Missing, way_of_call
from tests.lab.test_comparing import START, TASK, map_of

RETURN = START + 12
"""Behind a call in the first function."""


def told(code: str, name: str = "idle", returned: int = RETURN) -> str:
    """The word for a call by `code`, which ends at RETURN; `name`: of the second function."""
    content = memoryview(bytes.fromhex(code).rjust(12, b"\x90"))
    found = replace(map_of(), names=["task", name, "handler", "plain", "last"])
    missing = Missing("irq", 2, START + 36, TASK, Entered(1, returned), 0)
    return way_of_call(lambda at, size: content[at - START :][:size], found, missing)


def call(function: int) -> str:
    return "e8" + (START + 16 * function - RETURN).to_bytes(4, "little", signed=True).hex()


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (call(2), "direct"),
        (call(3), "jump"),
        ("e800000070", "unknown"),  # to no function
        ("9090909090", "unknown"),
        ("ffd0", "pointer"),  # call *%rax
        ("41ffd3", "pointer"),  # call *%r11
        ("ff5308", "pointer"),  # call *0x8(%rbx)
        ("ff542408", "pointer"),  # call *0x8(%rsp)
        ("ff9380000000", "pointer"),  # call *0x80(%rbx)
        ("ff1500000001", "pointer"),  # call *0x1000000(%rip)
        ("ff14c500000082", "pointer"),  # call *table(,%rax,8)
        ("ff14250000", "pointer"),  # call *slot, patched: the return address is within it
        ("ffe0", "unknown"),  # a jump
        ("ff40", "unknown"),  # ff /0 is an increment
    ],
)
def test_the_instruction_before_the_return_address(code: str, word: str) -> None:
    assert told(code) == word


@pytest.mark.parametrize(
    ("name", "word"),
    [("__x86_indirect_thunk_rax", "pointer"), ("__SCT__tp_func", "static call"), ("f", "jump")],
)
def test_what_a_call_of_a_trampoline_is(name: str, word: str) -> None:
    assert told(call(1), name) == word


def test_a_frame_that_is_no_code() -> None:
    assert told("ffd0", returned=3) == told("ffd0", returned=START + 4000) == "unknown"
