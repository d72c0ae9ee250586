# SPDX-License-Identifier: GPL-2.0-or-later
"""One step of the IR as one LLVM function: the counterpart of `engine/emit.py`, word for word.

    i64 step(ptr memory, ptr frame, i64 choice, ptr control, i64 chosen)

`memory` is the record of the successor, so far a copy of its parent; `frame` the slot in it of the
frame that runs. The result says whether there is a successor (DONE), whether the step is blocked,
or whether its path ends here. `chosen` is the number of the choice, for whoever is told of a note.

Instructions with one way to reach them continue the block that reaches them, with registers as
LLVM values; one that can be reached in several ways begins a block of its own, and registers live
there travel on the stack.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

from klprove.engine.emit import LOOP_LIMIT
from klprove.engine.image import FREED, Image
from klprove.engine.native.events import Events
from klprove.engine.native.text import Text
from klprove.engine.native.values import Values, literal, width
from klprove.ir.expressions import Const, Expr, type_of
from klprove.ir.instructions import (
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
from klprove.ir.liveness import live_registers, successors
from klprove.ir.program import Code
from klprove.ir.types import I64, U8, Int

OVER, DONE, BLOCKED, HALTED = 0, 1, 2, 3
"""Results of a step: its path ends, it has a successor, it waits, its context has halted."""

STEP = ("ptr %m", "ptr %f", "i64 %c", "ptr %x", "i64 %k")
"""Parameters of a step."""

Frames: TypeAlias = Mapping[int, tuple[list[tuple[str, int, Int]], int]]
"""For each visible instruction, what a frame there holds: registers, offsets, types; its size."""


class Steps:
    """Writes the step functions of one code; `context` is whose notes they are."""

    def __init__(
        self,
        code: Code,
        image: Image,
        cpu: int,
        points: Mapping[int, int],
        frames: Frames,
        events: Events | None,
        context: int,
    ) -> None:
        self._code, self._image, self._points, self._frames = code, image, points, frames
        self._machine = image.machine[cpu]
        self._events, self._context = events, context
        self._live = live_registers(code)
        self._start, self._entered = 0, False
        self._joins: dict[int, str] = {}
        self._slots: dict[str, str] = {}
        self._held: dict[str, str] = {}
        self._turns = ""
        self._address = ""
        self._text = Text("", ())
        self._values = Values(self._text, self._read)

    def function(self, name: str, start: int, entered: bool, silent: bool = False) -> str:
        """Text of the step that begins at instruction `start`; `entered`: nothing there is
        visible; `silent`: the value of a property, `%c` where it has none."""
        params = ("ptr %m", "i64 %c") if silent else STEP
        self._text = Text(name, params)
        self._values = Values(self._text, self._read)
        self._start, self._entered, self._slots, self._turns = start, entered, {}, ""
        self._held = {}
        if entered:
            self._held = dict.fromkeys(self._code.registers, "0")
        else:
            for register, offset, ty in self._frames[start][0]:
                self._held[register] = self._text.load(width(ty), "%f", offset)
        joins = self._find_joins(start, entered)
        self._joins = {each: self._text.label() for each in sorted(joins)}
        if joins and self._loops(joins):
            self._turns = self._text.slot("i64")
            self._text.put(f"store i64 0, ptr {self._turns}")
        self._turn()
        if entered and start in joins:
            self._enter(start)
        else:
            self._run(start, entered)
        for each, label in self._joins.items():
            self._text.place(label)
            self._turn()
            self._held = {
                register: self._text.op(
                    f"load {width(self._code.registers[register])}, ptr {self._slot(register)}"
                )
                for register in sorted(self._live[each])
            }
            self._run(each, True)
        return str(self._text)

    # -- blocks -----------------------------------------------------------------

    def _find_joins(self, start: int, entered: bool) -> frozenset[int]:
        """Local instructions of the step that can be reached in more than one way."""
        instrs = self._code.instrs
        reached: Counter[int] = Counter()
        seen: set[int] = set()
        work = [start]
        if entered:
            reached[start] += 1
        while work:
            index = work.pop()
            if index in seen:
                continue
            seen.add(index)
            for each in successors(index, instrs[index]):
                if not visible(instrs[each]):
                    reached[each] += 1
                    work.append(each)
        return frozenset(index for index, ways in reached.items() if ways > 1)

    def _loops(self, joins: frozenset[int]) -> bool:
        """True where the local part can come back to an instruction: every such loop has a join."""
        for join in joins:
            seen: set[int] = set()
            work = [join]
            while work:
                index = work.pop()
                for each in successors(index, self._code.instrs[index]):
                    if each == join:
                        return True
                    if each not in seen and not visible(self._code.instrs[each]):
                        seen.add(each)
                        work.append(each)
        return False

    def _turn(self) -> None:
        """Count a block; after LOOP_LIMIT of them the local part counts as endless."""
        if not self._turns:
            return
        text = self._text
        now = text.op(f"load i64, ptr {self._turns}")
        endless, on = text.label(), text.label()
        text.branch(text.op(f"icmp eq i64 {now}, {LOOP_LIMIT}"), endless, on)
        text.place(endless)
        self._fail("spin", self._start)
        text.place(on)
        text.put(f"store i64 {text.op(f'add i64 {now}, 1')}, ptr {self._turns}")

    def _enter(self, join: int) -> None:
        for register in sorted(self._live[join]):
            ty = width(self._code.registers[register])
            self._text.put(f"store {ty} {self._read(register)}, ptr {self._slot(register)}")
        self._text.jump(self._joins[join])

    def _slot(self, register: str) -> str:
        if register not in self._slots:
            self._slots[register] = self._text.slot(width(self._code.registers[register]))
        return self._slots[register]

    def _read(self, register: str) -> str:
        return self._held[register]

    def _run(self, index: int, inside: bool) -> None:
        """Emit from instruction `index` on; `inside`: it is reached within the step, or is its
        block."""
        instrs, text = self._code.instrs, self._text
        first = True
        while True:
            instr = instrs[index]
            if not first or (inside and visible(instr)):
                if visible(instr):
                    self._stop(index)
                    return
                if index in self._joins:
                    self._enter(index)
                    return
            first = False
            match instr:
                case Branch(cond=cond, then=then, other=other):
                    yes, no = text.label(), text.label()
                    text.branch(self._values.truth(cond), yes, no)
                    text.place(yes)
                    kept = dict(self._held)
                    self._arm(then)
                    self._held = kept
                    text.place(no)
                    index = other
                    if self._stops(other):
                        self._arm(other)
                        return
                case Jump(to=to):
                    index = to
                    if self._stops(to):
                        self._arm(to)
                        return
                case Limit():
                    self._fail("limit", index)
                    return
                case Result(value=value):
                    found = self._values.value(value)
                    text.ret(f"i64 {self._values.convert(found, type_of(value), I64)}")
                    return
                case _:
                    if self._one(index, instr):
                        return
                    index += 1

    def _stops(self, index: int) -> bool:
        return visible(self._code.instrs[index]) or index in self._joins

    def _arm(self, index: int) -> None:
        if index in self._joins:
            self._enter(index)
        else:
            self._run(index, True)

    def _stop(self, index: int) -> None:
        """The step is over: its frame now stands at visible instruction `index`."""
        text, (fields, size) = self._text, self._frames[index]
        text.store("i16", literal(self._points[index] + 1, Int(16, False)), "%f")
        for register, offset, ty in fields:
            text.store(width(ty), self._read(register), "%f", offset)
        if not self._entered:
            text.clear("%f", size, self._frames[self._start][1] - size)
        text.ret(f"i64 {DONE}")

    # -- instructions -------------------------------------------------------------

    def note(self, number: str | int) -> None:
        """Tell the search of event `number`, unless this is the value of a property."""
        if self._events is not None:
            self._text.put(f"call i64 @note(ptr %x, i64 {number}, i64 %k)")

    def _number(self, what: str, index: int, detail: int = 0) -> int:
        if self._events is None:
            return 0
        if what == "fault":
            every = [self._events.number(self._context, what, index, -n) for n in range(1, 5)]
            return every[-detail - 1]
        return self._events.number(self._context, what, index, detail)

    def _fail(self, what: str, index: int, detail: int = 0) -> None:
        self.note(self._number(what, index, detail))
        self._leave()

    def _leave(self) -> None:
        self._text.ret("i64 %c" if self._events is None else f"i64 {OVER}")

    def _unless(self, cond: str, what: str, index: int) -> None:
        """Where the i1 `cond` is false: note `what`, if anything, and end the path."""
        bad, on = self._text.label(), self._text.label()
        self._text.branch(cond, on, bad)
        self._text.place(bad)
        if what == "blocked" and self._events is not None:
            self._text.ret(f"i64 {BLOCKED}")
        elif what:
            self._fail(what, index)
        else:
            self._leave()
        self._text.place(on)

    def _one(self, index: int, instr: Instr) -> bool:
        """Emit one instruction that simply goes on; True where it never does."""
        text, value, truth = self._text, self._values.value, self._values.truth
        match instr:
            case Load(dst=dst, addr=addr, ty=ty):
                where = self._place(index, addr, ty.size, False)
                if where is None:
                    return True
                self._held[dst] = self._get(where, ty)
            case Store(addr=addr, value=new, ty=ty):
                where = self._place(index, addr, ty.size, True)
                if where is None:
                    return True
                text.store(width(ty), self._wrapped(addr, value(new), ty), "%m", where)
            case Rmw(op=op, dst=dst, addr=addr, value=operand, ty=ty):
                where = self._place(index, addr, ty.size, True)
                if where is None:
                    return True
                old, change = self._get(where, ty), value(operand)
                if op != "xchg":
                    change = self._values.binary(op, old, change, ty)
                text.store(width(ty), self._wrapped(addr, change, ty), "%m", where)
                if dst is not None:
                    self._held[dst] = old
            case CmpXchg(dst=dst, addr=addr, expected=expected, value=operand, ty=ty):
                where = self._place(index, addr, ty.size, True)
                if where is None:
                    return True
                old = self._get(where, ty)
                equal = text.op(f"icmp eq {width(ty)} {old}, {value(expected)}")
                change = self._wrapped(addr, value(operand), ty)
                kept = text.op(f"select i1 {equal}, {width(ty)} {change}, {width(ty)} {old}")
                text.store(width(ty), kept, "%m", where)
                if dst is not None:
                    self._held[dst] = old
            case Free(addr=addr, size=size):
                found = text.op(f"call i64 @free(ptr %m, i64 {value(addr)}, i64 {size})")
                self._unless_fault(found, index)
            case IrqSet(value=new):
                flag = text.op(f"zext i1 {truth(new)} to i8")
                text.store("i8", flag, "%m", self._machine.irq_flag)
            case IrqGet(dst=dst):
                flag = text.load("i8", "%m", self._machine.irq_flag)
                self._held[dst] = self._values.convert(flag, U8, self._code.registers[dst])
            case UnmaskNmi():
                text.store("i8", "0", "%m", self._machine.nmi_mask)
            case Choose(dst=dst):
                self._held[dst] = self._values.convert("%c", I64, self._code.registers[dst])
            case Atomic() | Pause() | Yield() | Fence():
                pass
            case Await(cond=cond):
                self._unless(truth(cond), "blocked", index)
            case Check(cond=cond):
                self._unless(truth(cond), "check", index)
            case Assume(cond=cond):
                self._unless(truth(cond), "", index)
            case Report():
                self.note(self._number("report", index))
            case Warned():
                self.note(self._number("warned", index))
            case Reach():
                self.note(self._number("reach", index))
            case Set(dst=dst, expr=expr):
                self._held[dst] = value(expr)
            case _:
                raise TypeError(f"no step for {instr!r}")
        return False

    # -- memory -----------------------------------------------------------------------

    def _place(self, index: int, addr: Expr, size: int, writes: bool) -> str | int | None:
        """Where the bytes stand: a position, a value for a computed one, bytes that never change
        as a negative number of their address; None where the access always fails."""
        if not isinstance(addr, Const):
            at = self._values.value(addr)
            self._address = at
            found = self._text.op(
                f"call i64 @locate(ptr %m, i64 {at}, i64 {size}, i64 {int(writes)})"
            )
            self._unless_fault(found, index)
            return found
        fault = self._image.fault(addr.value, size, writes)
        if fault:
            self._fail("fault", index, fault)
            return None
        for flag in self._image.flags(addr.value, size):
            freed, on = self._text.label(), self._text.label()
            held = self._text.load("i8", "%m", flag)
            self._text.branch(self._text.op(f"icmp eq i8 {held}, 0"), on, freed)
            self._text.place(freed)
            self._fail("fault", index, FREED)
            self._text.place(on)
        position = self._image.position(addr.value)
        return -addr.value if position is None else position

    def _unless_fault(self, found: str, index: int) -> None:
        """Where `found` is negative, it is a fault: note it and end the path."""
        text = self._text
        bad, on = text.label(), text.label()
        text.branch(text.op(f"icmp slt i64 {found}, 0"), bad, on)
        text.place(bad)
        if self._events is not None:
            self.note(text.op(f"sub i64 {self._number('fault', index, -1) - 1}, {found}"))
        self._leave()
        text.place(on)

    def _get(self, where: str | int, ty: Int) -> str:
        if isinstance(where, int) and where < 0:
            holder = self._image.holder(-where)
            assert holder is not None
            offset = -where - holder.addr
            raw = holder.init[offset : offset + ty.size]
            return literal(int.from_bytes(raw, "little"), ty)
        return self._text.load(width(ty), "%m", where)

    def _wrapped(self, addr: Expr, value: str, ty: Int) -> str:
        """`value` as it is stored: reduced where a counter there wraps."""
        at = width(ty)
        if isinstance(addr, Const):
            bits = self._image.wraps.get((addr.value, ty.size))
            if bits is None:
                return value
            return self._text.op(f"and {at} {value}, {literal((1 << bits) - 1, ty)}")
        for (start, size), bits in self._image.wraps.items():
            if size != ty.size:
                continue
            here = self._text.op(f"icmp eq i64 {self._address}, {literal(start, I64)}")
            less = self._text.op(f"and {at} {value}, {literal((1 << bits) - 1, ty)}")
            value = self._text.op(f"select i1 {here}, {at} {less}, {at} {value}")
        return value
