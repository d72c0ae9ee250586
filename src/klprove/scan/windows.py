# SPDX-License-Identifier: GPL-2.0-or-later
"""Where, inside one function, something is off, RCU or interrupts: a dataflow, and its exits."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from klprove.scan.code import Body, Exit

ON, OFF = 1, 2
"""States of RCU, or of interrupts, on this CPU, as bits of a set."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """Functions, by index, that change the state."""

    off: frozenset[int]
    on: frozenset[int]
    restore: frozenset[int]
    """They end an entry: back to what it interrupted."""

    def every(self) -> frozenset[int]:
        """All of them."""
        return self.off | self.on | self.restore


def states(body: Body, entry: int, hooks: Hooks) -> Sequence[int]:
    """For each instruction the set of states in which it may be reached; 0 where it is not.

    A function that is called leaves the state as it is, unless it is a hook. An instruction is not
    reached with RCU off where every way from it turns RCU off first: hooks are not called twice.
    In a body that opens and closes, it is not where no way from it closes.
    """
    at: dict[int, list[Exit]] = {}
    for each in body.exits:
        at.setdefault(each.position, []).append(each)
    found = _forward(body, at, entry, hooks)
    turns = _must_turn_off(body, at, hooks)
    opens = any(each.target in hooks.off for each in body.exits)
    closes = _may(body, {e.position for e in body.exits if e.target in hooks.on})
    keeps = opens and any(closes) and entry == ON
    return [
        state & ~OFF if (turns[i] and not _calls(at, i, hooks.off)) or (keeps and not closes[i])
        else state
        for i, state in enumerate(found)
    ]  # fmt: skip


def _forward(body: Body, at: Mapping[int, list[Exit]], entry: int, hooks: Hooks) -> list[int]:
    found = [0] * len(body.addresses)
    queue = [(0, entry)] if found else []
    while queue:
        position, state = queue.pop()
        new = state & ~found[position]
        if not new:
            continue
        found[position] |= new
        after = _after(at.get(position, ()), new, entry, hooks)
        queue += [(each, after) for each in body.follows[position]]
    return found


def _after(exits: Collection[Exit], state: int, entry: int, hooks: Hooks) -> int:
    for each in exits:
        if each.tail:
            continue
        if each.target in hooks.off:
            state = OFF
        elif each.target in hooks.on:
            state = ON
        elif each.target in hooks.restore:
            state = entry
    return state


def _calls(at: Mapping[int, list[Exit]], position: int, targets: frozenset[int]) -> bool:
    return any(each.target in targets for each in at.get(position, ()))


def _may(body: Body, goals: Collection[int]) -> list[bool]:
    """For each instruction whether some way from it meets one of `goals`."""
    before: dict[int, list[int]] = {}
    for position, follows in enumerate(body.follows):
        for each in follows:
            before.setdefault(each, []).append(position)
    found = [False] * len(body.addresses)
    queue = list(goals)
    while queue:
        position = queue.pop()
        if not found[position]:
            found[position] = True
            queue += before.get(position, ())
    return found


def _must_turn_off(body: Body, at: Mapping[int, list[Exit]], hooks: Hooks) -> list[bool]:
    """For each instruction whether every way from it calls a hook of `off` first."""
    calls = [_calls(at, i, hooks.off) for i in range(len(body.addresses))]
    if not any(calls):
        return calls
    stops = [
        i in body.returns
        or any(each.tail for each in at.get(i, ()))
        or _calls(at, i, hooks.on)
        for i in range(len(body.addresses))
    ]  # fmt: skip
    # What may stop without having called a hook: looked for from the stops backwards.
    before: dict[int, list[int]] = {}
    for position, follows in enumerate(body.follows):
        for each in follows:
            before.setdefault(each, []).append(position)
    may = [False] * len(calls)
    queue = [i for i, stop in enumerate(stops) if stop]
    while queue:
        position = queue.pop()
        if may[position] or calls[position]:
            continue
        may[position] = True
        queue += before.get(position, ())
    reaches = _may(body, [i for i, each in enumerate(calls) if each])
    return [reaches[i] and not may[i] for i in range(len(calls))]


def off_exits(body: Body, entry: int, hooks: Hooks) -> Iterator[Exit]:
    """The calls and jumps out of `body` that may happen with RCU off."""
    found = states(body, entry, hooks)
    for each in body.exits:
        if found[each.position] & OFF and each.target not in hooks.every():
            yield each
