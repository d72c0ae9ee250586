# SPDX-License-Identifier: GPL-2.0-or-later
"""Shortest schedules: over every way to enter the activation in which something was found."""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from klprove.engine.machine import Choice
from klprove.engine.nested.activations import Activation, Node
from klprove.engine.nested.cpus import Cpus
from klprove.engine.nested.noting import Notebook
from klprove.engine.search import Discovery


class Ways(NamedTuple):
    """Shortest runs from boot into activations: their lengths, and where the last arrival was."""

    length: dict[Activation, int]
    entry: dict[Activation, tuple[Activation, Node]]


def discoveries(
    cpus: Cpus, activations: Sequence[Activation], notebook: Notebook
) -> list[Discovery]:
    """For each finding its shortest schedule. `activations`: the task's comes first."""
    anyhow = _ways(cpus, activations, ended=True)
    running = _ways(cpus, activations, ended=False)
    found = []
    for each, places in notebook.places.items():
        ways = running if each.code == "deadlock" else anyhow
        reached = [
            (ways.length[activation] + length, activation.number, activation)
            for activation, (length, _, _) in places.items()
            if activation in ways.length
        ]
        if reached:
            activation = min(reached)[2]
            _, node, choice = places[activation]
            schedule = _path_to(cpus.home, activation, node, ways)
            found.append(Discovery(each, schedule + ([choice] if choice else [])))
    return sorted(found, key=lambda each: (len(each.schedule), each.notice.code))


def _ways(cpus: Cpus, activations: Sequence[Activation], ended: bool) -> Ways:
    """Shortest ways into each activation; `ended`: also over a task that has ended."""
    root, *interrupts = activations
    calls: dict[Activation, list[tuple[int, Node, Activation]]] = {}
    for callee in interrupts:
        cheapest: dict[Activation, tuple[int, Node]] = {}
        for caller, node in callee.callers():
            if caller is root and not ended and cpus.is_over(node):
                continue
            cost = caller.length[node] + 1
            if caller not in cheapest or cost < cheapest[caller][0]:
                cheapest[caller] = (cost, node)
        for caller, (cost, node) in cheapest.items():
            calls.setdefault(caller, []).append((cost, node, callee))
    return _shortest(root, calls)


def _shortest(
    root: Activation, calls: dict[Activation, list[tuple[int, Node, Activation]]]
) -> Ways:
    """`calls`: for each activation what arrives in it: after how many steps, where, and who."""
    ways = Ways({}, {})
    heap: list[tuple[int, int, Activation]] = [(0, 0, root)]
    best = {root: 0}
    while heap:
        length, _, activation = heappop(heap)
        if activation in ways.length:
            continue
        ways.length[activation] = length
        for cost, node, callee in calls.get(activation, ()):
            if length + cost < best.get(callee, 1 << 60):
                best[callee] = length + cost
                ways.entry[callee] = (activation, node)
                heappush(heap, (length + cost, callee.number, callee))
    return ways


def _path_to(cpu: int, activation: Activation, node: Node, ways: Ways) -> list[Choice]:
    """The choices from boot to `node` of `activation`, which runs on `cpu`."""
    inner = _path(cpu, activation, node)
    while activation.context >= 0:
        caller, below = ways.entry[activation]
        enter: Choice = ("enter", cpu, activation.context)
        inner = [*_path(cpu, caller, below), enter, *inner]
        activation = caller
    return inner


def _path(cpu: int, activation: Activation, node: Node) -> list[Choice]:
    """The choices from the entry of `activation` to `node`, interrupts written out."""
    pieces: list[list[Choice]] = []
    came = activation.came[node]
    while came is not None:
        if came.callee is not None and came.left is not None:
            last = came.callee.exits[came.left][1]
            enter: Choice = ("enter", cpu, came.callee.context)
            leave: Choice = ("step", cpu, 0)
            pieces.append([enter, *_path(cpu, came.callee, last), leave])
        elif came.choice is not None:
            pieces.append([came.choice])
        came = activation.came[came.before]
    return [choice for piece in reversed(pieces) for choice in piece]
