# SPDX-License-Identifier: GPL-2.0-or-later
"""How a function that was seen had been called: by the bytes before its return address."""

from collections.abc import Callable

from klprove.lab.comparing import NOWHERE, Missing, around
from klprove.scan import Map

DIRECT, STATIC, POINTER, JUMP, UNKNOWN = "direct", "static call", "pointer", "jump", "unknown"
WAYS_OF_CALL = {
    DIRECT: "a call of this very function",
    STATIC: "a static call",
    POINTER: "a call through a pointer",
    JUMP: "a call of another function, which jumped on to this one",
    UNKNOWN: "no call that can be told: code made at run time, or a changed frame",
}
_THUNKS = ("__x86_indirect_thunk", "__x86_indirect_call_thunk")


def way_of_call(code: Callable[[int, int], memoryview], found: Map, each: Missing) -> str:
    """One of the words of WAYS_OF_CALL; `code(address, size)` are bytes of the kernel as linked.

    What the kernel patches while it boots (alternatives, static calls, pv_ops) counts as what it
    was before.
    """
    before = bytes(code(each.entered.parent - 7, 7)) if each.entered.parent > 7 else b""
    if len(before) < 7:
        return UNKNOWN
    if before[2:5] == b"\xff\x14\x25" or before[2:4] == b"\xff\x15":
        return POINTER  # a slot of pv_ops; as patched it is five bytes long
    if before[2] == 0xE8:  # call rel32
        moved = int.from_bytes(before[3:7], "little", signed=True)
        target = around(found, each.entered.parent + moved)
        name = found.names[target] if target != NOWHERE else ""
        if name.startswith(_THUNKS):
            return POINTER
        if name.startswith("__SCT__"):
            return STATIC
        if target == each.function and target != NOWHERE:
            return DIRECT
        return JUMP if target != NOWHERE else UNKNOWN
    return POINTER if _through_register_or_memory(before) else UNKNOWN


def _through_register_or_memory(before: bytes) -> bool:
    """Whether `call r/m64` (ff /2) ends here, of any length that compilers write."""
    return any(
        before[-length] == 0xFF and before[1 - length] >> 3 & 7 == 2 and _fits(before, length)
        for length in (2, 3, 4, 6, 7)
    )


def _fits(before: bytes, length: int) -> bool:
    """Whether mod and rm of the byte behind ff make an instruction of that length."""
    mod, rm = before[1 - length] >> 6, before[1 - length] & 7
    scaled = rm == 4 and mod != 3
    size = 2 + scaled + {0: 0, 1: 1, 2: 4, 3: 0}[mod]
    if mod == 0 and (rm == 5 or (scaled and before[2 - length] & 7 == 5)):
        size += 4  # a displacement without a base
    return size == length
