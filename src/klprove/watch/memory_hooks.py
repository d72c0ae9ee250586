# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is called at the entry of a patched function, from the kernel's memory."""

from array import array
from collections.abc import Iterator
from typing import Any

from klprove.watch.state import Hook

_ENTRY = 16
"""Bytes from a function's start within which its ftrace site lies."""
_LETTERS = {"FTRACE_FL_REGS": "R", "FTRACE_FL_IPMODIFY": "I", "FTRACE_FL_DIRECT": "D"}


def memory_hooks(program: Any) -> tuple[Hook, ...]:
    """The records of ftrace (struct dyn_ftrace) of all functions that livepatching knows of."""
    from drgn.helpers.linux.list import list_for_each_entry

    functions = {}
    for ops in list_for_each_entry("struct klp_ops", program["klp_ops"].address_of_(), "node"):
        stack = ops.func_stack.address_of_()
        for func in list_for_each_entry("struct klp_func", stack, "stack_node"):
            functions[func.old_func.value_()] = func
    flags = program.constant("FTRACE_FL_IPMODIFY").type_
    bits = dict(flags.enumerators) if flags.enumerators else {}
    counted = min(bits.values()) - 1
    found = []
    for start, func in functions.items():
        for word in _records(program, start):
            letters = frozenset(
                letter for name, letter in _LETTERS.items() if word & bits.get(name, 0)
            )
            name = func.old_name.string_().decode(errors="surrogateescape")
            owner = _owner(program, start)
            who = ("klp_ftrace_handler",)
            found.append(Hook(name, owner, word & counted, letters, who, ""))
    return tuple(found)


def _owner(program: Any, address: int) -> str:
    from drgn.helpers.linux.module import address_to_module

    module = address_to_module(program, address)
    return str(module.name.string_().decode(errors="surrogateescape")) if module else ""


def _records(program: Any, start: int) -> Iterator[int]:
    """The flags of the record whose site is at the entry of the function at `start`."""
    size = program.type("struct dyn_ftrace").size
    page = program["ftrace_pages_start"]
    while page:
        count = page.index.value_()
        words = array("Q", program.read(page.records.value_(), count * size))
        step = size // 8
        for place in range(0, len(words), step):
            if 0 <= words[place] - start < _ENTRY:
                yield words[place + 1]
        page = page.next
