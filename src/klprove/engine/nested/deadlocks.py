# SPDX-License-Identifier: GPL-2.0-or-later
"""Deadlocks: every CPU waits, no interrupt leads to where one does not, and no other CPU goes on
while an interrupt runs. The task below an interrupt waits with it, unless it has ended
(`tracing.discoveries`)."""

from collections.abc import Callable, Iterator, Sequence

from klprove.engine.nested.activations import Activation, Delivery, Node, World
from klprove.engine.nested.cpus import Cpus

Delivered = Callable[[World], list[Delivery]]
"""What can arrive over a world."""


def deadlocked(
    cpus: Cpus, activations: Sequence[Activation], delivered: Delivered
) -> Iterator[tuple[Activation, Node]]:
    """Nodes at which the tasks wait for ever. `activations`: the task's comes first."""
    if not cpus.task | cpus.elsewhere:
        return
    root, *others = activations
    _spread_restlessness(others)
    for activation in activations:
        for node in activation.waiting:
            over = activation is root and cpus.is_over(node)
            if not over and cpus.run_elsewhere(node) and _hopeless(activation, node, delivered):
                yield activation, node


def _spread_restlessness(activations: list[Activation]) -> None:
    """An activation during which a restless one arrives is restless too."""
    work = [each for each in activations if each.restless]
    while work:
        for caller, _ in work.pop().callers():
            if not caller.restless:
                caller.restless = True
                work.append(caller)


def _hopeless(activation: Activation, start: Node, delivered: Delivered) -> bool:
    seen, work = {start}, [start]
    while work:
        node = work.pop()
        if node in activation.withheld or any(
            each.landing is not None and each.landing.callee.restless
            for each in delivered((node[2], node[3]))
        ):
            return False
        for each in activation.waiting[node]:
            if each not in activation.waiting:
                return False
            if each not in seen:
                seen.add(each)
                work.append(each)
    return True
