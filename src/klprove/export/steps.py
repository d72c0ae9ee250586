# SPDX-License-Identifier: GPL-2.0-or-later
"""One step of the IR as one function in C: a third twin of `engine/emit.py`.

A step works on a copy of the state and says at which point it ends; 0 where it is not enabled or
its path ends here. Local instructions stand in their order, with jumps between them as in the IR.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from klprove.engine.emit import LOOP_LIMIT
from klprove.engine.image import FAULTS, FREED, Image
from klprove.engine.machine import Machine
from klprove.engine.points import Noted
from klprove.export.events import Events
from klprove.export.expressions import binary, literal, names, value
from klprove.export.layout import Field, Layout
from klprove.ir import render_instr
from klprove.ir.expressions import Const, Expr, registers
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
from klprove.ir.liveness import operands, successors, target
from klprove.ir.program import Code
from klprove.ir.types import Int
from klprove.source import plain


@dataclass(slots=True)
class Step:
    """A function of the model. `ends`: points, numbered from 1, at which the step may end;
    `events`: what it may note."""

    name: str
    text: str
    ends: list[int] = field(default_factory=list)
    events: set[int] = field(default_factory=set)


class Steps:
    """Writes the functions of one program."""

    def __init__(self, machine: Machine, layout: Layout, events: Events) -> None:
        self._machine, self._layout, self._events = machine, layout, events

    def step(self, point: int) -> Step:
        """The step that begins at a point, which is not an end."""
        found = self._machine.points.table[point]
        return self._of_context(found.context, f"s{point + 1}", found.index, point)

    def prefix(self, context: int) -> Step:
        """What a context does before its first visible instruction."""
        return self._of_context(context, f"b{context}", 0, None)

    def _of_context(self, context: int, name: str, start: int, point: int | None) -> Step:
        each = self._machine.program.contexts[context]
        table = self._machine.points.table
        points = {held.index: n for n, held in enumerate(table) if held.context == context}
        writer = _Writer(each.code, self._machine.image, each.cpu, context, self._events)
        step = Step(name, "")
        body = writer.body(start, step)
        lines = [f"static int {name}(Klp *k, int c)", "{", "  u8 *m = k->m;"]
        used = 0 if point is None else self._layout.used(point)
        frame, size = self.frame(context, "k"), self._size(context)
        if size:
            lines.append(f"  u8 *f = {frame};")
        held = {entry.register for n in self._stands(point, writer, points) for entry in n}
        lines += writer.declarations(held)
        if point is not None:
            for entry in self._layout.fields(point):
                lines.append(
                    f"  {writer.name[entry.register]} = {_get(entry.ty, 'f', entry.offset)};"
                )
        lines += body
        for index in writer.stops:
            number = points[index]
            lines.append(f"V{index}:")
            for entry in self._layout.fields(number):
                lines.append("  " + _put(entry.ty, "f", entry.offset, writer.name[entry.register]))
            left = self._layout.used(number)
            if left < used:
                lines.append(f"  memset(f + {left}, 0, {used - left});")
            lines.append(f"  return {number + 1};")
            step.ends.append(number + 1)
        step.text = "\n".join([*lines, "}"])
        return step

    def _stands(
        self, point: int | None, writer: "_Writer", points: Mapping[int, int]
    ) -> Iterator[list[Field]]:
        """The live registers of the points at which a step begins and ends."""
        if point is not None:
            yield self._layout.fields(point)
        for index in writer.stops:
            yield self._layout.fields(points[index])

    def frame(self, context: int, state: str) -> str:
        """C for the frame of a context that is on top of its CPU."""
        cpu = self._machine.program.contexts[context].cpu
        if self._machine.program.contexts[context].kind == "task":
            return f"{state}->f{context}"
        size = self._layout.interrupt[cpu]
        return f"{state}->i{cpu} + {size} * ({state}->depth[{cpu}] - 1)"

    def _size(self, context: int) -> int:
        each = self._machine.program.contexts[context]
        return (
            self._layout.frame[context] if each.kind == "task" else self._layout.interrupt[each.cpu]
        )

    def value(self, number: int) -> Step:
        """The value of an invariant or a balanced expression; `none` where it cannot be read."""
        each = self._machine.program.properties[number]
        writer = _Writer(each.code, self._machine.image, each.cpu or 0, -1, None)
        step = Step(f"v{number}", "")
        body = writer.body(0, step)
        head = [f"static i64 {step.name}(u8 *m, i64 none)", "{", *writer.declarations()]
        step.text = "\n".join([*head, *body, "}"])
        return step


class _Writer:
    """Writes the statements of one function."""

    def __init__(
        self, code: Code, image: Image, cpu: int, context: int, events: Events | None
    ) -> None:
        self._code, self._image, self._context, self._events = code, image, context, events
        self._machine = image.machine[cpu]
        self.name: Mapping[str, str] = names(code.registers)
        self.stops: list[int] = []
        """Visible instructions at which the step may end."""
        self._region: list[int] = []
        self._start = 0
        self._loops = False
        self._step = Step("", "")
        self._none = "return 0;" if events is not None else "return none;"

    def body(self, start: int, step: Step) -> list[str]:
        """Statements from instruction `start` on."""
        self._start, self._step = start, step
        self._region = self._reached(start)
        place = {index: n for n, index in enumerate(self._region)}
        self._loops = any(
            to in place and place[to] <= place[index]
            for index in self._region
            for to in self._follows(index)
        )
        jumped = {
            to
            for n, index in enumerate(self._region)
            for to in self._follows(index)
            if to in place and (place[to] != n + 1 or isinstance(self._code.instrs[index], Branch))
        }
        lines = []
        for n, index in enumerate(self._region):
            instr = self._code.instrs[index]
            if index in jumped:
                lines.append(f"L{index}:")
            lines.append(f"  /* {comment(render_instr(instr, self._code))} */")
            lines += [f"  {line}" for line in self._instr(index, instr)]
            follows = successors(index, instr)
            if len(follows) == 1 and not isinstance(instr, Jump):
                lines += [f"  {line}" for line in self._go(n, follows[0])]
        return lines

    def declarations(self, held: Iterable[str] = ()) -> list[str]:
        """Declarations of all that the statements use, and of the registers `held`."""
        used = set(held)
        for index in self._region:
            instr = self._code.instrs[index]
            into = target(instr)
            used |= {into} if into is not None else set()
            used |= {reg.name for expr in operands(instr) for reg in registers(expr)}
        lines = [
            f"  {ty} {self.name[register]} = 0;"
            for register, ty in sorted(self._code.registers.items())
            if register in used
        ]
        lines.append("  u64 a; i64 p;")
        return [*lines, "  int turns = 0;"] if self._loops else lines

    def _reached(self, start: int) -> list[int]:
        """The instructions of the step: the first one, then the others in their order."""
        seen, work = set[int](), [start]
        while work:
            index = work.pop()
            if index in seen:
                continue
            seen.add(index)
            work += [each for each in self._follows(index) if each not in seen]
        stops = {
            to
            for index in seen
            for to in successors(index, self._code.instrs[index])
            if visible(self._code.instrs[to])
        }
        self.stops = sorted(stops)
        return [start, *sorted(seen - {start})]

    def _follows(self, index: int) -> Iterator[int]:
        """What may follow an instruction within the step."""
        for each in successors(index, self._code.instrs[index]):
            if not visible(self._code.instrs[each]):
                yield each

    def _go(self, place: int, to: int) -> list[str]:
        """Go on at instruction `to`; `place`: where in the text that is said."""
        if visible(self._code.instrs[to]):
            return [f"goto V{to};"]
        if place + 1 < len(self._region) and self._region[place + 1] == to:
            return []
        lines = []
        if self._region.index(to) <= place:
            lines.append(
                f"if (++turns > {LOOP_LIMIT}) {{ {self._note(('spin', self._start, 0))} }}"
            )
        return [*lines, f"goto L{to};"]

    def _note(self, noted: Noted, ends: bool = True) -> str:
        """Statements that note something, and end the path."""
        if self._events is None:
            return self._none if ends else ""
        number = self._events.number(self._context, noted)
        self._step.events.add(number)
        return f"note({number}); {self._none}" if ends else f"note({number});"

    def _value(self, expr: Expr) -> str:
        return value(expr, self.name)

    def _instr(self, index: int, instr: Instr) -> Iterator[str]:
        """Statements of one instruction."""
        match instr:
            case Load(dst=dst, addr=addr, ty=ty):
                yield from self._place(index, addr, ty.size, False)
                yield f"{self.name[dst]} = {self._held(addr, ty)};"
            case Store(addr=addr, value=new, ty=ty):
                yield from self._place(index, addr, ty.size, True)
                yield _put(ty, *self._where(addr), self._wrapped(addr, self._value(new), ty))
            case Rmw(op=op, dst=dst, addr=addr, value=operand, ty=ty):
                yield from self._place(index, addr, ty.size, True)
                yield f"{{ {ty} old = {self._held(addr, ty)};"
                change = self._value(operand)
                if op != "xchg":
                    change = binary(op, "old", change, ty)
                yield _put(ty, *self._where(addr), self._wrapped(addr, change, ty))
                yield f"{self.name[dst]} = old; }}" if dst is not None else "}"
            case CmpXchg(dst=dst, addr=addr, expected=expected, value=operand, ty=ty):
                yield from self._place(index, addr, ty.size, True)
                yield f"{{ {ty} old = {self._held(addr, ty)};"
                yield f"if (old == {self._value(expected)})"
                change = self._wrapped(addr, self._value(operand), ty)
                yield "  " + _put(ty, *self._where(addr), change)
                yield f"{self.name[dst]} = old; }}" if dst is not None else "}"
            case Free(addr=addr, size=size):
                yield f"p = released(m, {self._value(addr)}, {size});"
                yield from self._unless_fault(index)
            case IrqSet(value=new):
                yield f"m[{self._machine.irq_flag}] = {self._value(new)} != 0;"
            case IrqGet(dst=dst):
                yield f"{self.name[dst]} = m[{self._machine.irq_flag}];"
            case UnmaskNmi():
                yield f"m[{self._machine.nmi_mask}] = 0;"
            case Choose(dst=dst):
                yield f"{self.name[dst]} = c;"
            case Atomic() | Pause() | Yield() | Fence():
                pass
            case Await(cond=cond) | Assume(cond=cond):
                yield f"if (!{self._value(cond)}) {self._none}"
            case Check(cond=cond):
                yield f"if (!{self._value(cond)}) {{ {self._note(('check', index, 0))} }}"
            case Report():
                yield self._note(("report", index, 0), False)
            case Warned():
                yield self._note(("warned", index, 0), False)
            case Reach():
                yield self._note(("reach", index, 0), False)
            case Limit():
                yield self._note(("limit", index, 0))
            case Result(value=result):
                yield f"return (i64){self._value(result)};"
            case Set(dst=dst, expr=expr):
                yield f"{self.name[dst]} = {self._value(expr)};"
            case Jump(to=to):
                yield from self._go(self._region.index(index), to)
            case Branch(cond=cond, then=then, other=other):
                here = self._region.index(index)
                yield f"if ({self._value(cond)}) {{ {' '.join(self._jump(here, then))} }}"
                yield from self._go(here, other)
            case _:
                raise TypeError(f"no step for {instr!r}")

    def _jump(self, place: int, to: int) -> list[str]:
        """As `_go`, out of the text's order."""
        lines = self._go(place, to)
        return lines or [f"goto L{to};"]

    # -- memory -----------------------------------------------------------------------

    def _place(self, index: int, addr: Expr, size: int, writes: bool) -> Iterator[str]:
        """Statements that end the path where the access is a bad one."""
        if not isinstance(addr, Const):
            yield f"a = {self._value(addr)};"
            yield f"p = locate(m, a, {size}, {int(writes)});"
            yield from self._unless_fault(index)
            return
        fault = self._image.fault(addr.value, size, writes)
        if fault:
            yield self._note(("fault", index, fault))
        for flag in self._image.flags(addr.value, size):
            yield f"if (m[{flag}]) {{ {self._note(('fault', index, FREED))} }}"

    def _unless_fault(self, index: int) -> Iterator[str]:
        if self._events is None:
            yield f"if (p < 0) {self._none}"
            return
        for kind in FAULTS:
            yield f"if (p == {kind}) {{ {self._note(('fault', index, kind))} }}"

    def _where(self, addr: Expr) -> tuple[str, str | int]:
        """Base and offset of the bytes."""
        if not isinstance(addr, Const):
            return "m", "p"
        return "m", self._image.position(addr.value) or 0

    def _held(self, addr: Expr, ty: Int) -> str:
        if isinstance(addr, Const) and self._image.position(addr.value) is None:
            holder = self._image.holder(addr.value)
            if holder is None:  # the statement is never reached
                return "0"
            offset = addr.value - holder.addr
            raw = holder.init[offset : offset + ty.size]
            return literal(ty.wrap(int.from_bytes(raw, "little")), ty)
        return _get(ty, *self._where(addr))

    def _wrapped(self, addr: Expr, new: str, ty: Int) -> str:
        """`new` as it is stored: reduced where a counter there wraps."""
        if isinstance(addr, Const):
            bits = self._image.wraps.get((addr.value, ty.size))
            return new if bits is None else f"({ty})({new} & {(1 << bits) - 1:#x})"
        for (start, size), bits in self._image.wraps.items():
            if size == ty.size:
                new = f"({ty})(a == {start:#x} ? {new} & {(1 << bits) - 1:#x} : {new})"
        return new


def _get(ty: Int, base: str, offset: str | int) -> str:
    return f"GET({ty}, {base} + {offset})"


def _put(ty: Int, base: str, offset: str | int, new: str) -> str:
    return f"PUT({ty}, {base} + {offset}, {new});"


_OPEN = str.maketrans("\\'\"{}", "/``()")


def comment(text: str) -> str:
    """`text` as it may stand in a comment, for gcc and for SPIN, which counts braces and quotes:
    printable ASCII, with nothing that ends a comment or begins one."""
    return plain(text).translate(_OPEN).replace("*/", "* /").replace("/*", "/ *")
