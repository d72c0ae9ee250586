# SPDX-License-Identifier: GPL-2.0-or-later
"""Symmetry of CPUs: permutations under which the program is the same program (automorphisms).

Contexts of one CPU go to those of another in their order. Their codes must be equal instruction by
instruction, but for the constant addresses of accesses; these say which byte goes where. What a
computed address may point into stays where it is. Balanced expressions, wraps and the state at boot
must fit; invariants need not, they are asked of every state that a stored one stands for.
So a CPU that visits others in an order of its own makes them different (Emerson, Sistla 1996;
Clarke, Enders, Filkorn, Jha 1996; Ip, Dill 1996, who have the user declare what is found here).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from klprove.engine.machine import Choice, Frame, Machine, State
from klprove.engine.points import Noted
from klprove.ir.expressions import Const
from klprove.ir.instructions import CmpXchg, Free, Instr, IrqGet, Load, Rmw, Store
from klprove.ir.program import Code, Object, Property

MOST = 4
"""CPUs of a program whose symmetry is looked for."""
_WORD = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Turn:
    """One permutation: where each thing goes, by its number."""

    cpus: tuple[int, ...]
    contexts: tuple[int, ...]
    points: tuple[int, ...]
    positions: tuple[int, ...]
    """Of bytes of the image."""
    balanced: dict[int, int]
    """Balanced expressions, by number of the property."""

    def state(self, state: State) -> State:
        """`state` with everything where it goes."""
        memory, cpus = state
        turned = bytearray(len(memory))
        for at, to in enumerate(self.positions):
            turned[to] = memory[at]
        found = list(cpus)
        for to, (frames, parked) in zip(self.cpus, cpus, strict=True):
            found[to] = self._frames(frames), self._frames(parked)
        return bytes(turned), tuple(found)

    def keeps(self, state: State) -> bool:
        """True where `state` looks the same after it."""
        return self.state(state) == state

    def _frames(self, frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
        return tuple((self.points[point], values, saved) for point, values, saved in frames)

    def choices(self, choices: Sequence[Choice]) -> list[Choice]:
        """What the other CPUs do where these do `choices`."""
        return [
            (what, self.cpus[cpu], detail if what == "step" else self.contexts[detail])
            for what, cpu, detail in choices
        ]

    def noted(self, context: int, noted: Noted) -> tuple[int, Noted]:
        """What is noted where `context` notes `noted`."""
        what, index, detail = noted
        if what == "unbalanced":
            index = self.balanced[index]
        return self.contexts[context], (what, index, detail)


class Symmetry:
    """All permutations under which a program is the same, but for the one that moves nothing."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.turns = list(_turns(machine))

    def settled(self, state: State) -> tuple[State, Turn | None]:
        """What stands for `state` and all that it may be turned to, and what turns it there."""
        best, by = state, None
        least = self._key(state) if self.turns else b""
        for each in self.turns:
            other = each.state(state)
            key = self._key(other)
            if key < least:
                best, by, least = other, each, key
        return best, by

    def _key(self, state: State) -> bytes:
        """In the order of the records of compiled code."""
        memory, cpus = state
        found = bytearray(memory)
        for cpu, (frames, parked) in enumerate(cpus):
            found.append(len(frames))
            for frame in frames:
                found += self._frame(frame)
            waiting = {self._machine.points.table[each[0]].context: each for each in parked}
            for context, each in enumerate(self._machine.program.contexts):
                if each.cpu == cpu and each.kind == "task":
                    held = waiting.get(context)
                    found += self._frame(held) if held is not None else b"\0\0"
        return bytes(found)

    def _frame(self, frame: Frame) -> bytes:
        point, values, saved = frame
        found = bytearray((point + 1).to_bytes(2, "little"))
        found += bytes(saved[:1])
        for each in saved[1:]:
            found += (each & _WORD).to_bytes(8, "little")
        at = self._machine.points.table[point]
        types = self._machine.program.contexts[at.context].code.registers
        for name, each in zip(at.live, values, strict=True):
            ty = types[name]
            found += (each & ((1 << ty.bits) - 1)).to_bytes(ty.size, "little")
        return bytes(found)


def _turns(machine: Machine) -> Iterator[Turn]:
    program = machine.program
    if program.buffers or not 1 < program.cpus <= MOST:
        return
    initial = machine.initial([])
    for cpus in list(permutations(range(program.cpus)))[1:]:
        found = _Matching(machine, cpus).turn()
        if found is not None and found.keeps(initial):
            yield found


class _Matching:
    """The only way in which a program may be the same under one permutation of CPUs."""

    def __init__(self, machine: Machine, cpus: tuple[int, ...]) -> None:
        self._machine, self._program, self._cpus = machine, machine.program, cpus
        self._to: dict[int, int] = {}
        self._from: dict[int, int] = {}
        """Addresses of bytes: where each goes, and which comes there."""

    def turn(self) -> Turn | None:
        """The permutation of everything; None where something does not fit."""
        contexts = self._contexts()
        if contexts is None or not self._bytes(contexts):
            return None
        balanced = self._balanced()
        if balanced is None:
            return None
        return Turn(
            cpus=self._cpus,
            contexts=tuple(contexts[n] for n in range(len(contexts))),
            points=tuple(self._points(contexts)),
            positions=tuple(self._positions(contexts)),
            balanced=balanced,
        )

    def _contexts(self) -> dict[int, int] | None:
        listed = self._program.contexts
        own = [[n for n, each in enumerate(listed) if each.cpu == cpu] for cpu in self._cpus]
        found: dict[int, int] = {}
        for cpu, theirs in enumerate(own):
            here = [n for n, each in enumerate(listed) if each.cpu == cpu]
            if [listed[n].kind for n in here] != [listed[n].kind for n in theirs]:
                return None
            found.update(zip(here, theirs, strict=True))
        return found

    # -- memory ---------------------------------------------------------------------------

    def _bytes(self, contexts: dict[int, int]) -> bool:
        """True where every access fits, and then it is known which byte goes where."""
        counts = self._counts()
        return (
            all(self._goes(each.addr, each.addr, len(each.init)) for each in self._fixed())
            and counts is not None
            and all(self._goes(at, to, 4) for at, to in counts)
            and all(
                self._equal(self._program.contexts[n].code, self._program.contexts[to].code)
                for n, to in contexts.items()
            )
            and self._wraps()
        )

    def _fixed(self) -> Iterator[Object]:
        """What a computed address may point into."""
        image = self._machine.image
        return (each for each in image.dynamic if each.addr in image.escaped)

    def _wraps(self) -> bool:
        """True where a counter that wraps goes to one that wraps alike."""
        wraps = {(each.addr, each.ty, each.bits) for each in self._program.wraps}
        return {(self._to.get(addr, addr), *rest) for addr, *rest in wraps} == wraps

    def _counts(self) -> list[tuple[int, int]] | None:
        """The preemption counts of each CPU and of the one it goes to."""
        named = [each for each in self._program.objects if each.name == "__preempt_count"]
        found = []
        for cpu, to in enumerate(self._cpus):
            here = [each.addr for each in named if each.cpu in (None, cpu)]
            there = [each.addr for each in named if each.cpu in (None, to)]
            if bool(here) != bool(there):
                return None
            found += list(zip(here[:1], there[:1], strict=True))
        return found

    def _goes(self, at: int, to: int, size: int) -> bool:
        """Note that `size` bytes go to `to`; False where they cannot."""
        if at != to and not self._alike(at, to, size):
            return False
        return all(
            self._to.setdefault(at + n, to + n) == to + n
            and self._from.setdefault(to + n, at + n) == at + n
            for n in range(size)
        )

    def _alike(self, at: int, to: int, size: int) -> bool:
        """True where bytes at the two addresses can be one another."""
        image = self._machine.image
        one, other = image.holder(at), image.holder(to)
        if one is None or other is None or one.granule or other.granule:
            return False
        if at + size > one.end or to + size > other.end or one.readonly != other.readonly:
            return False
        constant = image.position(at) is None
        return constant == (image.position(to) is None) and (
            not constant or one.init[at - one.addr :][:size] == other.init[to - other.addr :][:size]
        )

    def _equal(self, one: Code, other: Code) -> bool:
        return (
            len(one.instrs) == len(other.instrs)
            and one.registers == other.registers
            and all(map(self._same, one.instrs, other.instrs))
        )

    def _same(self, one: Instr, other: Instr) -> bool:
        """True where one instruction does on a CPU what the other does where that goes."""
        if (
            isinstance(one, Load | Store | Rmw | CmpXchg)
            and type(other) is type(one)
            and isinstance(one.addr, Const)
            and isinstance(other.addr, Const)
        ):
            moved = one._replace(at=other.at, addr=other.addr)
            return moved == other and self._goes(one.addr.value, other.addr.value, one.ty.size)
        if isinstance(one, Free) and isinstance(one.addr, Const):
            value = one.addr.value
            if not self._goes(value, value, one.size):
                return False
        return type(one) is type(other) and one._replace(at=other.at) == other

    # -- numbers ----------------------------------------------------------------------------

    def _points(self, contexts: dict[int, int]) -> Iterator[int]:
        table = self._machine.points.table
        at = {(each.context, each.index): n for n, each in enumerate(table)}
        return (at[contexts[each.context], each.index] for each in table)

    def _positions(self, contexts: dict[int, int]) -> list[int]:
        image = self._machine.image
        found = list(range(len(image.initial)))
        for at, to in self._to.items():
            here, there = image.position(at), image.position(to)
            if here is not None and there is not None:
                found[here] = there
        for cpu, to in enumerate(self._cpus):
            own, other = image.machine[cpu], image.machine[to]
            found[own.irq_flag], found[own.nmi_mask] = other.irq_flag, other.nmi_mask
            for kind, at in own.nest.items():
                found[at] = other.nest[kind]
            for context, at in own.spent.items():
                found[at] = other.spent[contexts[context]]
        return found

    def _balanced(self) -> dict[int, int] | None:
        """For each balanced expression the one that it becomes; None where there is none."""
        number = {id(each): n for n, each in enumerate(self._program.properties)}
        found: dict[int, int] = {}
        for cpu, to in enumerate(self._cpus):
            here, there = self._machine.balanced[cpu], self._machine.balanced[to]
            if len(here) != len(there):
                return None
            for (each, _), (other, _) in zip(here, there, strict=True):
                n, m = number[id(each)], number[id(other)]
                if found.setdefault(n, m) != m or not self._becomes(each, other):
                    return None
        return found

    def _becomes(self, one: Property, other: Property) -> bool:
        """True where one says of each CPU what the other says of where that goes."""
        if (one.cpu is None) != (other.cpu is None):
            return False
        asks = any(isinstance(each, IrqGet) for each in one.code.instrs)
        own = one.cpu is not None or asks
        return (not own or self._cpus[one.cpu or 0] == (other.cpu or 0)) and self._equal(
            one.code, other.code
        )
