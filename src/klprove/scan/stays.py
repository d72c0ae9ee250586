# SPDX-License-Identifier: GPL-2.0-or-later
"""Which functions may stay on a task's stack for ever: threads' main functions, and wait loops."""

from collections.abc import Iterator
from itertools import islice

from iced_x86 import Decoder, Instruction, Mnemonic, OpKind, Register

from klprove.image import Functions
from klprove.scan.answers import CERTAIN, LIKELY, NOBODY, Step
from klprove.scan.code import Body, Code
from klprove.scan.knowledge import matching
from klprove.scan.parts import Parts

_BACK = 24
"""Instructions above a call in which its first argument is looked for."""


def staying(have: Parts) -> dict[int, Step]:
    """The functions that may never leave a stack, each with the reason.

    CERTAIN: what every sleeping task or thread has under it, and a thread's main function that
    sleeps in a loop. LIKELY: any other main function, any other function that sleeps in a loop.
    """
    functions, graph, code, known = have.functions, have.graph, have.code, have.known
    found: dict[int, Step] = {}
    sleepers = matching(functions, known.threads["sleepers"])
    for name, why in known.threads["always"]:
        for each in matching(functions, [name]):
            found[each] = Step(CERTAIN, 0, NOBODY, why, 0)
    starters = matching(functions, known.threads["starters"])
    mains = dict(_mains(have, starters))
    for main, said in sorted(mains.items()):
        loops = _sleeps_in_a_loop(code.body(main), sleepers)
        endless = not code.body(main).returns and not loops
        grade = CERTAIN if loops or endless else LIKELY
        manner = "; sleeps in a loop" if loops else "; has no return" if endless else ""
        found.setdefault(main, Step(grade, 0, NOBODY, said + manner, 0))
    for caller in sorted({int(c) for each in sleepers for c in graph.callers(each)}):
        if caller not in found and _sleeps_in_a_loop(code.body(caller), sleepers):
            found[caller] = Step(LIKELY, 0, NOBODY, _loop(functions, code, caller, sleepers), 0)
    return found


def _loop(functions: Functions, code: Code, caller: int, sleepers: frozenset[int]) -> str:
    names = {functions.names[e.target] for e in code.body(caller).exits if e.target in sleepers}
    return f"waits in a loop around {', '.join(sorted(names))}"


def _sleeps_in_a_loop(body: Body, sleepers: frozenset[int]) -> bool:
    """Whether some call of a sleeper can be followed by itself."""
    return any(
        not each.tail and each.target in sleepers and _comes_back(body, each.position)
        for each in body.exits
    )


def _comes_back(body: Body, start: int) -> bool:
    seen: set[int] = set()
    queue = list(body.follows[start])
    while queue:
        position = queue.pop()
        if position == start:
            return True
        if position not in seen:
            seen.add(position)
            queue += body.follows[position]
    return False


def _mains(have: Parts, starters: frozenset[int]) -> Iterator[tuple[int, str]]:
    """The function in the first argument of each call that starts a thread."""
    functions, graph, code = have.functions, have.graph, have.code
    for starter in sorted(starters):
        for caller in graph.callers(starter).tolist():
            start, end = int(functions.starts[caller]), int(functions.ends[caller])
            instructions = list(Decoder(64, code.bytes(start, end), ip=start))
            place = {each.ip: number for number, each in enumerate(instructions)}
            for target, _, site in graph.edges(caller):
                if target == starter and site in place:
                    main = _argument(functions, code, instructions[: place[site]])
                    if main >= 0:
                        said = f"main function of a thread: {functions.names[starter]} in "
                        yield main, said + functions.names[caller]


def _argument(functions: Functions, code: Code, above: list[Instruction]) -> int:
    """The function whose address the last of `above` puts in rdi; -1 where none does."""
    for each in islice(reversed(above), _BACK):
        if each.op_count < 2 or each.op0_kind != OpKind.REGISTER:
            continue
        if each.op0_register not in (Register.RDI, Register.EDI):
            continue
        address = -1
        if each.mnemonic == Mnemonic.LEA:
            address = each.memory_displacement
        elif each.op1_kind == OpKind.IMMEDIATE32TO64:
            address = each.immediate(1) & (1 << 64) - 1
        found = code.function(address) if address >= 0 else -1
        return found if found >= 0 and int(functions.starts[found]) == address else -1
    return -1
