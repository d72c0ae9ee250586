# SPDX-License-Identifier: GPL-2.0-or-later
"""A plain interpreter of the IR, one instruction at a time: the second opinion behind every trace.

It shares with the engines the layout of the image and the rules of arrival and return, and nothing
of the generated code that they run.
"""

from dataclasses import dataclass, field

from klprove.engine.image import FAULTS, FREED, Image
from klprove.engine.tso.entries import Waiting, appended
from klprove.ir.expressions import apply_binary, evaluate
from klprove.ir.instructions import (
    GHOST,
    Assume,
    Atomic,
    Await,
    Branch,
    Check,
    Choose,
    CmpXchg,
    Fence,
    Free,
    Instr,
    IrqGet,
    IrqSet,
    Jump,
    Limit,
    Load,
    Pause,
    Reach,
    Report,
    Result,
    Rmw,
    Set,
    Store,
    UnmaskNmi,
    Warned,
    Yield,
    visible,
)
from klprove.ir.program import Code
from klprove.ir.types import Int
from klprove.source import Span
from klprove.verdict import Access

_LONGEST = 1_000_000
"""Instructions of one step after which it counts as endless."""


@dataclass(slots=True)
class Run:
    """One step as it happened: the memory after it, what it accessed, what was noticed."""

    memory: bytearray
    index: int = -1
    """The visible instruction where the context now stands; -1: it cannot go on."""
    result: int | None = None
    awaiting: bool = False
    """Inside an await, whose fused accesses are the step; those of ghost code are not shown."""
    accesses: list[Access] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    codes: list[tuple[str, Span]] = field(default_factory=list)
    """Code and place of each finding of the step."""


class Interpreter:
    """Runs steps of one program; registers live in dictionaries that it changes."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._program = image.program
        self._buffers = {each.cpu: each for each in self._program.buffers}

    def run(
        self,
        code: Code,
        cpu: int,
        start: int,
        registers: dict[str, int],
        memory: bytes,
        choice: int,
    ) -> Run:
        """Run the step that begins at `start` to the next visible instruction, which is not
        executed."""
        run = Run(bytearray(memory))
        index = start
        for _ in range(_LONGEST):
            following = self._one(index, code.instrs[index], cpu, registers, run, choice)
            if following is None:
                break
            index = following
            if visible(code.instrs[index]):
                run.index = index
                break
        else:
            run.notes.append("does not end")
        self._tell_buffered(cpu, memory, run)
        return run

    def _tell_buffered(self, cpu: int, before: bytes, run: Run) -> None:
        """Add the store that went into the buffer of `cpu`, if one did."""
        buffer = self._buffers.get(cpu)
        if buffer is None:
            return
        at = self._image.position(buffer.addr)
        assert at is not None
        place = slice(at, at + buffer.size)
        stored = appended(buffer, before[place], bytes(run.memory[place]))
        if stored is not None:
            addr, size, value = stored
            value = self._declared(addr, size, value)
            run.accesses.append(Access("buffer", self._name(addr, size), value, value))

    def value(self, code: Code, cpu: int, memory: bytes) -> int | None:
        """The value of an invariant or a balanced expression; None: it cannot be read."""
        run = Run(bytearray(memory))
        registers: dict[str, int] = {}
        index: int | None = 0
        while index is not None:
            index = self._one(index, code.instrs[index], cpu, registers, run, 0)
        return run.result

    def _one(
        self, index: int, instr: Instr, cpu: int, registers: dict[str, int], run: Run, choice: int
    ) -> int | None:
        """Execute one instruction; the index of the next, None where it cannot go on."""
        machine = self._image.machine[cpu]
        match instr:
            case Jump(to=to):
                return to
            case Branch(cond=cond, then=then, other=other):
                return then if evaluate(cond, registers) else other
            case Set(dst=dst, expr=expr):
                registers[dst] = evaluate(expr, registers)
            case Load() | Store() | Rmw() | CmpXchg() | Free():
                if not self._memory(instr, cpu, registers, run):
                    return None
            case IrqSet(value=value):
                on = int(evaluate(value, registers) != 0)
                if run.memory[machine.irq_flag] != on:
                    run.notes.append("irqs on" if on else "irqs off")
                run.memory[machine.irq_flag] = on
            case IrqGet(dst=dst):
                registers[dst] = run.memory[machine.irq_flag]
            case UnmaskNmi():
                run.memory[machine.nmi_mask] = 0
                run.notes.append("NMIs unmasked")
            case Choose(dst=dst):
                registers[dst] = choice
                run.notes.append(f"chooses {choice}")
            case Atomic():
                run.awaiting = True
            case Pause() | Yield() | Fence():
                pass
            case Await(cond=cond):
                run.awaiting = False
                return index + 1 if evaluate(cond, registers) else None
            case Assume(cond=cond):
                return index + 1 if evaluate(cond, registers) else None
            case Check(cond=cond, code=code, text=text, at=at):
                if not evaluate(cond, registers):
                    run.notes.append(f"{code}: {text}" if text else code)
                    run.codes.append((code, at.span))
                    return None
            case Report(code=code, at=at):
                run.notes.append(code)
                run.codes.append((code, at.span))
            case Warned(text=text, at=at):
                run.notes.append(f"WARN_ON({text})")
                run.codes.append(("warned", at.span))
            case Reach(name=name):
                run.notes.append(f"reaches {name}")
            case Result(value=value):
                run.result = evaluate(value, registers)
                return None
            case Limit(text=text):
                run.notes.append(text)
                return None
            case _:
                return None
        return index + 1

    def _memory(
        self,
        instr: Load | Store | Rmw | CmpXchg | Free,
        cpu: int,
        registers: dict[str, int],
        run: Run,
    ) -> bool:
        """Execute one memory access; False where it is a bad one."""
        addr = evaluate(instr.addr, registers)
        if isinstance(instr, Free):
            freed = self._image.free(bytes(run.memory), addr, instr.size)
            if isinstance(freed, int):
                return self._bad(instr, addr, freed, run)
            run.memory[:] = freed
            run.accesses.append(Access("free", self._name(addr, instr.size), 0, 0))
            return True
        ty, writes = instr.ty, not isinstance(instr, Load)
        bad = self._image.fault(addr, ty.size, writes)
        if not bad and any(run.memory[flag] for flag in self._image.flags(addr, ty.size)):
            bad = FREED
        if bad:
            return self._bad(instr, addr, bad, run)
        before = self._read(run.memory, addr, ty)
        after, kind = before, "read"
        match instr:
            case Load(dst=dst):
                registers[dst] = before
            case Store(value=value):
                after, kind = evaluate(value, registers), "write"
            case Rmw(op=op, dst=dst, value=value):
                operand = evaluate(value, registers)
                after = operand if op == "xchg" else apply_binary(op, before, operand, ty)
                kind = "update"
                if dst is not None:
                    registers[dst] = before
            case CmpXchg(dst=dst, expected=expected, value=value):
                new = evaluate(value, registers)
                if before == evaluate(expected, registers):
                    after = new
                kind = "update"
                if dst is not None:
                    registers[dst] = before
        if writes:
            after = self._image.wrapped(addr, ty.size, after)
            at = self._image.position(addr)
            assert at is not None, "a write to an object that never changes"
            raw = (after & ((1 << ty.bits) - 1)).to_bytes(ty.size, "little")
            run.memory[at : at + ty.size] = raw
        hidden = getattr(instr, "order", "") == GHOST or self._is_buffer(addr)
        if (not instr.fused or run.awaiting) and not hidden:
            seen = self._forwarded(cpu, addr, ty, before, run.memory) if kind == "read" else None
            if seen is not None:
                kind, before, after = "forwarded", seen, seen
            before, after = (self._declared(addr, ty.size, each) for each in (before, after))
            run.accesses.append(Access(kind, self._name(addr, ty.size), before, after))
        return True

    def _declared(self, addr: int, size: int, value: int) -> int:
        """`value` as the object at `addr` shows it; updates and buffers keep no signs."""
        holder = self._program.object_at(addr)
        for leaf in holder.leaves if holder is not None else ():
            if holder is not None and (leaf.offset, leaf.ty.size) == (addr - holder.addr, size):
                return leaf.ty.wrap(value)
        return value

    def _is_buffer(self, addr: int) -> bool:
        return any(each.addr <= addr < each.addr + each.size for each in self._program.buffers)

    def _forwarded(self, cpu: int, addr: int, ty: Int, held: int, memory: bytearray) -> int | None:
        """What `cpu` reads at `addr`, where memory holds `held`, if it is from its own buffer."""
        buffer = self._buffers.get(cpu)
        if buffer is None:
            return None
        at = self._image.position(buffer.addr)
        assert at is not None
        raw = (held & ((1 << ty.bits) - 1)).to_bytes(ty.size, "little")
        found = Waiting(buffer, bytes(memory[at : at + buffer.size])).seen(addr, raw)
        return None if found is None else int.from_bytes(found, "little", signed=ty.signed)

    def _bad(self, instr: Instr, addr: int, fault: int, run: Run) -> bool:
        code, _ = FAULTS[fault]
        run.notes.append(f"{code}: {self._name(addr, 1)}")
        run.codes.append((code, instr.at.span))
        return False

    def _name(self, addr: int, size: int) -> str:
        return self._program.describe(addr, size)

    def _read(self, memory: bytes | bytearray, addr: int, ty: Int) -> int:
        at = self._image.position(addr)
        if at is None:
            holder = self._image.holder(addr)
            assert holder is not None
            raw = holder.init[addr - holder.addr : addr - holder.addr + ty.size]
        else:
            raw = bytes(memory[at : at + ty.size])
        return int.from_bytes(raw, "little", signed=ty.signed)
