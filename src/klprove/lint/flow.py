# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways through one function and its cold parts, and what is held on them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from iced_x86 import FlowControl, Instruction, Mnemonic, OpKind, Register

from klprove.image.relocatable import Symbol
from klprove.lint.code import Body, Use
from klprove.lint.finding import Case
from klprove.lint.livepatch import VMLINUX
from klprove.lint.target import Place

Position = tuple[int, int]
"""Section and offset of an instruction; of the kernel, 0 and the address."""

_MOST = 2
"""Counts beyond this are not told apart."""
_NEAR = 5
"""So many instructions after a call its result is looked for."""


class Family(NamedTuple):
    """What takes something and what gives it back. `tries`: takes it where the result is not 0;
    `fails`: takes it where the result is 0."""

    takes: frozenset[str]
    gives: frozenset[str]
    tries: frozenset[str] = frozenset()
    fails: frozenset[str] = frozenset()

    @property
    def all_takes(self) -> frozenset[str]:
        """Every name that takes it, for sure or perhaps."""
        return self.takes | self.tries | self.fails


@dataclass(frozen=True, slots=True)
class Held:
    """What is held, counted from the entry: `ends` at returns, `lowest` anywhere."""

    ends: frozenset[int]
    lowest: int


class Flow:
    """Instructions of `parts` (section and body, the function itself first) with what may follow
    each. `dead` are functions that do not return; `position`: what `Use.at` is here."""

    def __init__(
        self,
        parts: Sequence[tuple[int, Body]],
        dead: frozenset[str],
        position: Callable[[Position], Position] = lambda at: at,
    ) -> None:
        self._dead = dead
        self._position = position
        self.steps: dict[Position, Instruction] = {}
        self.uses: dict[Position, Use] = {}
        for section, body in parts:
            self.steps.update({(section, each.ip): each for each in body.instructions})
            self.uses.update({(section, body.start + each.offset): each for each in body.uses})
        section, first = parts[0]
        self.entry: Position = (section, first.start)

    @cached_property
    def before(self) -> Mapping[Position, Position]:
        """The instruction that stands before each."""
        return {(at[0], step.next_ip): at for at, step in self.steps.items()}

    @cached_property
    def open(self) -> bool:
        """Some jump leads where this cannot see: through a table."""
        return any(each.flow_control == FlowControl.INDIRECT_BRANCH for each in self.steps.values())

    def target(self, at: Position) -> Position | None:
        """Where the jump at `at` leads; None out of the function."""
        use, step = self.uses.get(at), self.steps[at]
        if use:
            found = self._position(use.at) if use.at else None
        elif step.op_count and step.op_kind(0) == OpKind.NEAR_BRANCH64:
            found = (at[0], step.near_branch_target)
        else:
            found = None
        return found if found in self.steps else None

    def follows(self, at: Position) -> tuple[Position | None, ...]:
        """What may come after the instruction at `at`; None for the end of the function. A warning
        (ud2) ends the way: what follows it may be another one's code."""
        step = self.steps[at]
        after = (at[0], step.next_ip)
        match step.flow_control:
            case FlowControl.RETURN | FlowControl.INDIRECT_BRANCH:
                return (None,)
            case FlowControl.UNCONDITIONAL_BRANCH:
                return (self.target(at),)
            case FlowControl.CONDITIONAL_BRANCH:
                return (self.target(at), after if after in self.steps else None)
            case FlowControl.EXCEPTION | FlowControl.INTERRUPT:
                return ()
            case FlowControl.CALL if at in self.uses and self.uses[at].name in self._dead:
                return ()
        return (after,) if after in self.steps else ()

    def reachable(self, start: Position) -> frozenset[Position]:
        """Every instruction that can come after the one at `start`."""
        seen: set[Position] = set()
        queue = [each for each in self.follows(start) if each]
        while queue:
            at = queue.pop()
            if at not in seen:
                seen.add(at)
                queue += [each for each in self.follows(at) if each]
        return frozenset(seen)

    def held(self, family: Family) -> Held | None:
        """What is held of `family`; None where that cannot be followed."""
        changes = self._changes(family)
        if self.open or changes is None or self.entry not in self.steps:
            return None
        states: dict[Position, frozenset[int]] = {self.entry: frozenset((0,))}
        ends: set[int] = set()
        queue = [self.entry]
        while queue:
            at = queue.pop()
            for after in self.follows(at):
                edge = changes.get((at, after), 0)
                found = frozenset(_clip(each + edge) for each in states[at])
                if after is None:
                    ends |= found
                elif not found <= states.get(after, frozenset()):
                    states[after] = states.get(after, frozenset()) | found
                    queue.append(after)
        every = {each for state in states.values() for each in state} | ends
        return Held(frozenset(ends), min(every))

    def _changes(self, family: Family) -> Mapping[tuple[Position, Position | None], int] | None:
        """By step from one instruction to the next, what it adds; None where the result of a call
        that may fail is not tested at once."""
        found: dict[tuple[Position, Position | None], int] = {}
        for at, use in self.uses.items():
            sure = (use.name in family.takes) - (use.name in family.gives)
            if sure and self.steps[at].flow_control in _GOES:
                found.update({(at, after): sure for after in self.follows(at)})
            elif use.name in family.tries or use.name in family.fails:
                branch = self._tested(at)
                if branch is None:
                    return None
                found[branch, self._taken(branch, use.name in family.tries)] = 1
        return found

    def _tested(self, call: Position) -> Position | None:
        """The conditional jump that asks whether the result of a call is 0."""
        at = (call[0], self.steps[call].next_ip)
        asked = False
        for _ in range(_NEAR):
            step = self.steps.get(at)
            if step is None:
                return None
            if asked and step.mnemonic in (Mnemonic.JE, Mnemonic.JNE):
                return at
            if step.flow_control != FlowControl.NEXT:
                return None
            asked = asked or _tests_result(step)
            at = (at[0], step.next_ip)
        return None

    def _taken(self, branch: Position, nonzero: bool) -> Position | None:
        """Where the conditional jump at `branch` goes on if the result is (not) 0."""
        jumps, falls = self.follows(branch)
        return jumps if (self.steps[branch].mnemonic == Mnemonic.JNE) == nonzero else falls

    def calls(self, names: frozenset[str]) -> Iterator[tuple[Position, Use]]:
        """Calls of one of `names`, and jumps to it."""
        for at, use in self.uses.items():
            if use.name in names and self.steps[at].flow_control in _GOES:
                yield at, use


_GOES = (FlowControl.CALL, FlowControl.UNCONDITIONAL_BRANCH, FlowControl.CONDITIONAL_BRANCH)


def _clip(count: int) -> int:
    return max(-_MOST, min(_MOST, count))


def _tests_result(step: Instruction) -> bool:
    """`test eax, eax`, or `test al, al`."""
    registers = (Register.EAX, Register.AL, Register.RAX)
    return step.mnemonic == Mnemonic.TEST and step.op0_register in registers


def flow_of(case: Case, place: Place, dead: frozenset[str]) -> Flow:
    """The ways through an old function."""
    parts = (place, *case.old_fragments(place))
    if place.object == VMLINUX:
        return Flow([(0, case.old_body(each)) for each in parts], dead)
    found = [(_in_module((0, each.address))[0], case.old_body(each)) for each in parts]
    return Flow(found, dead, _in_module)


def _in_module(at: Position) -> Position:
    """Section and offset, of an address as `ModuleTarget` numbers them."""
    return at[1] >> 32, at[1] & 0xFFFFFFFF


def new_flow(case: Case, function: Symbol, dead: frozenset[str]) -> Flow:
    """The ways through a function of the module."""
    parts = (function, *case.fragments(function))
    return Flow([(each.section, case.body(each)) for each in parts], dead)
