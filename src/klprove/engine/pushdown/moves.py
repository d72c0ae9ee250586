# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of one CPU as LLVM functions: what a frame does next, arrival, return.

    i64 run(ptr control, ptr memory, ptr frame, i64 choice)    a step; DONE, OVER, BLOCKED, LEFT
    i64 counted(ptr frame)                                     how many choices it has
    i64 enter(ptr control, ptr memory, ptr frame, i64 number)  an arrival; REFUSED, LANDED, DROPPED
    i64 hold(ptr control, ptr memory)                          tells of broken invariants

Memory and frame are changed in place. The counterpart of `engine/machine.py` for a CPU whose frames
are kept one at a time.
"""

from collections.abc import Iterator

from klprove.engine.machine import Machine
from klprove.engine.native.events import Events
from klprove.engine.native.frames import BALANCED, POINT
from klprove.engine.native.steps import DONE, STEP
from klprove.engine.native.text import Text
from klprove.engine.pushdown import store
from klprove.engine.pushdown.layout import WORD, Layout
from klprove.ir.instructions import End

_BYTE = 255
"""Arrivals and frames are counted in bytes of the image."""


class Moves:
    """Writes the rules for the CPU `home`."""

    def __init__(self, machine: Machine, layout: Layout, events: Events, home: int) -> None:
        self._machine, self._layout, self._events = machine, layout, events
        self._arriving = machine.interrupts[home]

    def functions(self) -> Iterator[str]:
        """Text of every function and table."""
        yield from self._tables()
        for number, point in enumerate(self._machine.points.table):
            if isinstance(point.instr, End):
                yield self._end(number)
        yield self._run()
        yield self._counted()
        for context in self._arriving:
            yield self._arrive(context)
        yield self._enter()
        yield self._hold()

    def _tables(self) -> Iterator[str]:
        points = self._machine.points.table
        moving = [each.run is not None or isinstance(each.instr, End) for each in points]
        steps = [f"ptr @step{n}" if moves else "ptr null" for n, moves in enumerate(moving)]
        yield _table("steps", "ptr", ["ptr null", *steps])
        choices = [each.choices if moves else 0 for each, moves in zip(points, moving, strict=True)]
        yield _table("counts", "i64", ["i64 0", *(f"i64 {each}" for each in choices)])

    def _point(self, text: Text) -> str:
        """Eight times the point in the frame `%f`, plus eight."""
        point = text.op(f"zext i16 {text.load('i16', '%f')} to i64")
        return text.op(f"shl i64 {point}, 3")

    def _run(self) -> str:
        text = Text("run", ("ptr %x", "ptr %m", "ptr %f", "i64 %c"))
        step = text.load("ptr", "@steps", self._point(text))
        text.ret(f"i64 {text.op(f'call i64 {step}(ptr %m, ptr %f, i64 %c, ptr %x, i64 %c)')}")
        return str(text)

    def _counted(self) -> str:
        text = Text("counted", ("ptr %f",))
        text.ret(f"i64 {text.load('i64', '@counts', self._point(text))}")
        return str(text)

    # -- arrivals and returns -----------------------------------------------------------

    def _enter(self) -> str:
        text = Text("enter", ("ptr %x", "ptr %m", "ptr %f", "i64 %n"))
        for place, context in enumerate(self._arriving):
            here, on = text.label(), text.label()
            text.branch(text.op(f"icmp eq i64 %n, {place}"), here, on)
            text.place(here)
            number = store.ENTERED | place
            found = text.op(f"call i64 @enter{context}(ptr %m, ptr %f, ptr %x, i64 {number})")
            text.ret(f"i64 {found}")
            text.place(on)
        text.ret(f"i64 {store.REFUSED}")
        return str(text)

    def _arrive(self, context: int) -> str:
        machine = self._machine
        arriving = machine.program.contexts[context]
        own = machine.image.machine[arriving.cpu]
        text = Text(f"enter{context}", ("ptr %m", "ptr %f", "ptr %x", "i64 %k"))
        flag = text.load("i8", "%m", own.irq_flag)
        if arriving.kind in ("irq", "softirq"):
            self._unless(text, f"icmp ne i8 {flag}, 0")
        elif arriving.kind == "nmi":
            self._unless(text, f"icmp eq i8 {text.load('i8', '%m', own.nmi_mask)}, 0")
        spent, nest = own.spent.get(context), own.nest.get(arriving.kind)
        if spent is not None:
            most = min(machine.limits.arrivals[arriving.kind], _BYTE)
            self._unless(text, f"icmp ult i8 {text.load('i8', '%m', spent)}, {most}")
        if nest is not None:
            asked = arriving.kind in machine.limits.nest or arriving.kind == "exception"
            event = None if asked else self._events.number(context, "denied", 0)
            most = min(machine.limits.nesting(arriving.kind), _BYTE)
            self._unless(text, f"icmp ult i8 {text.load('i8', '%m', nest)}, {most}", event)
        text.clear("%f", 0, WORD * self._layout.frame)
        text.store("i8", flag, "%f", POINT)
        for place, value in enumerate(self._balanced(text, arriving.cpu)):
            text.store("i64", value, "%f", POINT + 1 + BALANCED * place)
        text.store("i8", "0", "%m", own.irq_flag)
        if arriving.kind == "nmi":
            text.store("i8", "1", "%m", own.nmi_mask)
        for counter in (spent, nest):
            if counter is not None:
                more = text.op(f"add i8 {text.load('i8', '%m', counter)}, 1")
                text.store("i8", more, "%m", counter)
        entry = machine.points.entries[context]
        if entry.prefix is None:
            text.store("i16", str(entry.point + 1), "%f")
            text.ret(f"i64 {store.LANDED}")
        else:
            given = "ptr %m, ptr %f, i64 0, ptr %x, i64 %k"
            began = text.op(f"call i64 @prefix{context}({given})")
            done = text.op(f"icmp eq i64 {began}, {DONE}")
            what = f"select i1 {done}, i64 {store.LANDED}, i64 {store.DROPPED}"
            text.ret(f"i64 {text.op(what)}")
        return str(text)

    def _unless(self, text: Text, cond: str, event: int | None = None) -> None:
        """Refuse, with an event, unless `cond`."""
        refused, on = text.label(), text.label()
        text.branch(text.op(cond), on, refused)
        text.place(refused)
        if event is not None:
            text.put(f"call i64 @note(ptr %x, i64 {event}, i64 %k)")
        text.ret(f"i64 {store.REFUSED}")
        text.place(on)

    def _balanced(self, text: Text, cpu: int) -> Iterator[str]:
        """The values of the balanced expressions of a CPU in the memory `%m`."""
        properties = self._machine.program.properties
        for each, _ in self._machine.balanced[cpu]:
            yield text.op(f"call i64 @value{properties.index(each)}(ptr %m, i64 0)")

    def _end(self, number: int) -> str:
        """The step in which a context returns."""
        machine = self._machine
        context = machine.points.table[number].context
        leaving = machine.program.contexts[context]
        own = machine.image.machine[leaving.cpu]
        text = Text(f"step{number}", STEP)
        if leaving.kind == "task":
            text.clear("%f", 0, WORD * self._layout.frame)
            text.ret(f"i64 {DONE}")
            return str(text)
        self._compare(text, context)
        text.store("i8", text.load("i8", "%f", POINT), "%m", own.irq_flag)
        if leaving.kind == "nmi" or (leaving.kind == "exception" and machine.program.hardware_nmi):
            text.store("i8", "0", "%m", own.nmi_mask)
        nest = own.nest.get(leaving.kind)
        if nest is not None:
            less = text.op(f"call i8 @llvm.usub.sat.i8(i8 {text.load('i8', '%m', nest)}, i8 1)")
            text.store("i8", less, "%m", nest)
        text.ret(f"i64 {store.LEFT}")
        return str(text)

    def _compare(self, text: Text, context: int) -> None:
        """Note every balanced expression that an interrupt leaves other than it found it."""
        machine = self._machine
        cpu = machine.program.contexts[context].cpu
        found = list(self._balanced(text, cpu))
        for place, (now, (each, _)) in enumerate(zip(found, machine.balanced[cpu], strict=True)):
            index = machine.program.properties.index(each)
            event = self._events.number(context, "unbalanced", index)
            was = text.load("i64", "%f", POINT + 1 + BALANCED * place)
            self._tell_unless(text, f"icmp eq i64 {was}, {now}", event, "%k")

    def _tell_unless(self, text: Text, cond: str, event: int, choice: str) -> None:
        bad, on = text.label(), text.label()
        text.branch(text.op(cond), on, bad)
        text.place(bad)
        text.put(f"call i64 @note(ptr %x, i64 {event}, i64 {choice})")
        text.place(on)

    def _hold(self) -> str:
        text = Text("hold", ("ptr %x", "ptr %m"))
        for place, (each, _) in enumerate(self._machine.invariants):
            event = self._events.number(-1, "invariant", place)
            index = self._machine.program.properties.index(each)
            value = text.op(f"call i64 @value{index}(ptr %m, i64 1)")
            self._tell_unless(text, f"icmp ne i64 {value}, 0", event, str(store.NOWHERE))
        text.ret("i64 0")
        return str(text)


def _table(name: str, ty: str, values: list[str]) -> str:
    return f"@{name} = internal constant [{len(values)} x {ty}] [{', '.join(values)}]\n"
