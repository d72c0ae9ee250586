# SPDX-License-Identifier: GPL-2.0-or-later
"""Loops that take no step: those that cannot end are refused, at their place."""

from klprove.ir.expressions import registers
from klprove.ir.instructions import Branch, End, Halt, Instr, IrqGet, Jump, Result, visible
from klprove.ir.liveness import successors, target
from klprove.lower.clean import reachable
from klprove.source import Diagnostic


def spins(instrs: list[Instr]) -> list[Diagnostic]:
    """A complaint for each loop without a visible instruction that provably does not end."""
    alive = reachable(instrs)
    local = [index for index in sorted(alive) if not visible(instrs[index])]
    found = []
    for loop in loops(instrs, local):
        if _is_endless(instrs, loop):
            found.append(_complaint(instrs, loop))
    return found


def goes_on(instrs: list[Instr]) -> bool:
    """True where some way through the code does not run into a bound on recursion: it ends, or
    it goes round in a loop."""
    alive = reachable(instrs)
    if any(isinstance(instrs[index], End | Halt | Result) for index in alive):
        return True
    return bool(loops(instrs, sorted(alive)))


def _is_endless(instrs: list[Instr], loop: set[int]) -> bool:
    changed = {target(instrs[index]) for index in loop}
    for index in loop:
        instr = instrs[index]
        if isinstance(instr, IrqGet):
            return False
        if all(each in loop for each in successors(index, instr)):
            continue
        if not isinstance(instr, Branch):
            return False
        if any(each.name in changed for each in registers(instr.cond)):
            return False
    return True


def _complaint(instrs: list[Instr], loop: set[int]) -> Diagnostic:
    back = [
        instrs[index].at
        for index in sorted(loop)
        if isinstance(instr := instrs[index], Jump) and instr.to <= index
    ]
    sites = back or [instrs[index].at for index in sorted(loop)]
    site = min(sites, key=lambda each: len(each.calls))
    return Diagnostic(
        "spin",
        site.span,
        "this loop reads no shared memory and cannot end",
        "write await(condition) to block until another context changes something",
    )


def loops(instrs: list[Instr], nodes: list[int]) -> list[set[int]]:
    """Strongly connected components with an edge, among `nodes` (Tarjan, without recursion)."""
    inside = set(nodes)
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[set[int]] = []
    for root in nodes:
        if root in number:
            continue
        work = [(root, iter(_inside(instrs, root, inside)))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, edges = work[-1]
            for to in edges:
                if to not in number:
                    number[to] = low[to] = len(number)
                    stack.append(to)
                    on_stack.add(to)
                    work.append((to, iter(_inside(instrs, to, inside))))
                    break
                if to in on_stack:
                    low[node] = min(low[node], number[to])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == number[node]:
                    component: set[int] = set()
                    while node not in component:
                        component.add(last := stack.pop())
                        on_stack.discard(last)
                    if len(component) > 1 or node in _inside(instrs, node, inside):
                        found.append(component)
    return found


def _inside(instrs: list[Instr], index: int, inside: set[int]) -> list[int]:
    return [each for each in successors(index, instrs[index]) if each in inside]
