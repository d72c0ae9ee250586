# SPDX-License-Identifier: GPL-2.0-or-later
"""What a function of the module leads to inside the module."""

from collections.abc import Iterable, Iterator

from iced_x86 import InstructionInfoFactory, OpAccess, Register

from klprove.image.relocatable import Symbol
from klprove.lint.code import CALL, JUMP, Use
from klprove.lint.finding import Case
from klprove.lint.rules.names import quiet

_STACK = (Register.RSP, Register.RBP)
_READS = (OpAccess.READ, OpAccess.COND_READ, OpAccess.NO_MEM_ACCESS, OpAccess.NONE)


def functions_from(case: Case, names: Iterable[str]) -> tuple[Symbol, ...]:
    """The functions called `names`, what they call in the module, and their cold parts."""
    wanted = frozenset(names)
    queue = [each for each in case.patch.at.values() if each.name in wanted]
    queue += [each for each in case.patch.code if each.name in wanted and each not in queue]
    for function in queue:
        found = list(case.fragments(function))
        for use in case.body(function).uses:
            target = case.patch.at.get(use.at) if use.at and use.kind in (CALL, JUMP) else None
            if target:
                found.append(target)
        queue += [each for each in dict.fromkeys(found) if each not in queue]
    return tuple(queue)


def reached_from(case: Case, names: Iterable[str]) -> Iterator[tuple[Symbol, Use]]:
    """What those functions refer to, with the function that does."""
    for function in functions_from(case, names):
        for use in case.body(function).uses:
            yield function, use


def harmless(case: Case, name: str) -> bool:
    """The function writes to its stack only, and calls nothing but what complains."""
    factory = InstructionInfoFactory()
    for function in functions_from(case, [name]):
        body = case.body(function)
        inner = {use.name for use in body.uses if use.at and case.patch.at.get(use.at)}
        if any(not quiet(each) for each in body.callees - inner):
            return False
        for instruction in body.instructions:
            for used in factory.info(instruction).used_memory():
                if used.access not in _READS and used.base not in _STACK:
                    return False
    return True
