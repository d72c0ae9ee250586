# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of the machine as LLVM functions: the counterpart of `engine/machine.py`.

`expand` writes every successor of a state, in the order in which `Machine.choices()` lists them:
for each CPU the step of the running frame, then switches, then arrivals.
"""

from collections.abc import Iterator

from klprove.engine.image import MachineBytes
from klprove.engine.machine import Choice, Machine
from klprove.engine.native import kernels
from klprove.engine.native.events import BLOCKED, DEEP, Events
from klprove.engine.native.frames import BALANCED, POINT
from klprove.engine.native.layout import Layout
from klprove.engine.native.reduced import Reductions
from klprove.engine.native.steps import BLOCKED as WAITS
from klprove.engine.native.steps import DONE, HALTED, OVER, STEP
from klprove.engine.native.text import Text
from klprove.engine.points import Point
from klprove.engine.reduction.successors import ALL, ALONE, STEPS
from klprove.ir.instructions import End, Yield

_WAITING = 1 << 32
_MOVED = 1 << 33
"""Flags beside the number of successors in what `cpuN` returns: the running frame is blocked; it
can go on, or another task can."""
_BYTE = 255
"""Arrivals and frames are counted in bytes of the image."""


class Moves:
    """Writes what moves a machine from state to state, but for the steps of its code."""

    def __init__(
        self, machine: Machine, layout: Layout, events: Events, off: frozenset[str]
    ) -> None:
        self._machine, self._layout, self._events = machine, layout, events
        self._reductions = Reductions(machine, layout, off)
        self._first: list[int] = []
        """By CPU, the number of the choice to step."""
        self.choices: list[Choice] = []
        """By number, as compiled code names them; all but switches, which note nothing."""

    def functions(self) -> Iterator[str]:
        """Text of every function and table."""
        yield from self._tables()
        for number, point in enumerate(self._machine.points.table):
            if isinstance(point.instr, End):
                yield self._end(number)
        for cpu in range(self._machine.program.cpus):
            for context in self._machine.interrupts[cpu]:
                yield self._enter(context)
            yield self._cpu(cpu)
        yield from self._reductions.functions(self._first)
        yield self._expand()
        if self._machine.eventual:
            yield self._holds()

    def _tables(self) -> Iterator[str]:
        points = self._machine.points.table
        steps = [f"ptr @step{n}" if self._moves(n) else "ptr @halt" for n in range(len(points))]
        yield _table("steps", "ptr", ["ptr null", *steps])
        yield _table("counts", "i64", ["i64 0", *(f"i64 {each.choices}" for each in points)])
        yields = [int(isinstance(each.instr, Yield)) for each in points]
        yield _table("yields", "i64", ["i64 0", *(f"i64 {each}" for each in yields)])
        homes = [self._home(each.context) for each in points]
        yield _table("homes", "i64", ["i64 0", *(f"i64 {each}" for each in homes)])
        halt = Text("halt", STEP)
        halt.ret(f"i64 {HALTED}")
        yield str(halt)

    def _moves(self, number: int) -> bool:
        point = self._machine.points.table[number]
        return point.run is not None or isinstance(point.instr, End)

    def _home(self, context: int) -> int:
        """Where a task waits when another runs; 0: nowhere."""
        cpu = self._machine.program.contexts[context].cpu
        return self._layout.cpus[cpu].parked.get(context, 0)

    # -- one CPU --------------------------------------------------------------------

    def _cpu(self, cpu: int) -> str:
        """`i64 cpuN(control, state, out, arrivals)`: successors that this CPU makes, and two flags;
        without `arrivals`, no interrupt is delivered."""
        text = Text(f"cpu{cpu}", ("ptr %x", "ptr %s", "ptr %o", "i1 %a"))
        slots = self._layout.cpus[cpu]
        found = text.slot("i64")
        text.put(f"store i64 0, ptr {found}")
        depth = text.op(f"zext i8 {text.load('i8', '%s', slots.depth)} to i64")
        running, others = text.label(), text.label()
        text.branch(text.op(f"icmp eq i64 {depth}, 0"), others, running)
        text.place(running)
        self._steps(text, cpu, depth, found)
        text.place(others)
        if slots.parked:
            self._switches(text, cpu, depth, found)
        arriving, over = text.label(), text.label()
        text.branch("%a", arriving, over)
        text.place(arriving)
        for context in self._machine.interrupts[cpu]:
            self.choices.append(("enter", cpu, context))
            number = len(self.choices) - 1
            to = self._next(text, found)
            made = text.op(f"call i64 @enter{context}(ptr {to}, ptr %s, ptr %x, i64 {number})")
            self._add(text, found, made)
        text.place(over)
        text.ret(f"i64 {text.op(f'load i64, ptr {found}')}")
        return str(text)

    def _next(self, text: Text, found: str) -> str:
        """Where the next successor goes."""
        count = text.op(f"and i64 {text.op(f'load i64, ptr {found}')}, {_WAITING - 1}")
        return text.at("%o", text.op(f"mul i64 {count}, {self._layout.bytes}"))

    def _add(self, text: Text, found: str, more: str) -> None:
        total = text.op(f"add i64 {text.op(f'load i64, ptr {found}')}, {more}")
        text.put(f"store i64 {total}, ptr {found}")

    def _mark(self, text: Text, found: str, cond: str, flag: int) -> None:
        marked = text.op(f"select i1 {cond}, i64 {flag}, i64 0")
        both = text.op(f"or i64 {text.op(f'load i64, ptr {found}')}, {marked}")
        text.put(f"store i64 {both}, ptr {found}")

    def _steps(self, text: Text, cpu: int, depth: str, found: str) -> None:
        """The step of the running frame, for every value that it may choose."""
        slots = self._layout.cpus[cpu]
        offset = text.op(f"mul i64 {depth}, {slots.size}")
        offset = text.op(f"add i64 {offset}, {slots.frames - slots.size}")
        point = text.op(f"zext i16 {text.load('i16', '%s', offset)} to i64")
        step = text.load("ptr", "@steps", text.op(f"shl i64 {point}, 3"))
        count = text.load("i64", "@counts", text.op(f"shl i64 {point}, 3"))
        most = max((each.choices for each in self._points(cpu)), default=1)
        first = len(self.choices)
        self._first.append(first)
        self.choices += [("step", cpu, value) for value in range(most)]
        chosen = text.slot("i64")
        text.put(f"store i64 0, ptr {chosen}")
        again, end = text.label(), text.label()
        text.place(again)
        value = text.op(f"load i64, ptr {chosen}")
        to = self._next(text, found)
        text.copy(to, "%s", self._layout.bytes)
        number = text.op(f"add i64 {value}, {first}")
        frame = text.at(to, offset)
        given = f"ptr {to}, ptr {frame}, i64 {value}, ptr %x, i64 {number}"
        result = text.op(f"call i64 {step}({given})")
        done = text.op(f"icmp eq i64 {result}, {DONE}")
        self._cut(text, text.op(f"icmp eq i64 {result}, {OVER}"))
        self._mark(text, found, text.op(f"icmp eq i64 {result}, {WAITS}"), _WAITING)
        self._mark(text, found, done, _MOVED)
        self._add(text, found, text.op(f"zext i1 {done} to i64"))
        following = text.op(f"add i64 {value}, 1")
        text.put(f"store i64 {following}, ptr {chosen}")
        text.branch(text.op(f"icmp ult i64 {following}, {count}"), again, end)
        text.place(end)

    def _cut(self, text: Text, cond: str) -> None:
        """Remember that something after this state is left out, where anybody asks."""
        if self._machine.eventual:
            at = text.at("%x", str(kernels.CUT * 8))
            before, more = text.op(f"load i64, ptr {at}"), text.op(f"zext i1 {cond} to i64")
            cut = text.op(f"or i64 {before}, {more}")
            text.put(f"store i64 {cut}, ptr {at}")

    def _points(self, cpu: int) -> Iterator[Point]:
        contexts = self._machine.program.contexts
        return (each for each in self._machine.points.table if contexts[each.context].cpu == cpu)

    def _switches(self, text: Text, cpu: int, depth: str, found: str) -> None:
        """Another task goes on instead of the running one, or on an empty CPU."""
        slots = self._layout.cpus[cpu]
        end, allowed, busy = text.label(), text.label(), text.label()
        text.branch(text.op(f"icmp eq i64 {depth}, 0"), allowed, busy)
        text.place(busy)
        self._may_switch(text, cpu, depth, allowed, end)
        text.place(allowed)
        for at in slots.parked.values():
            here, on = text.label(), text.label()
            point = text.load("i16", "%s", at)
            text.branch(text.op(f"icmp eq i16 {point}, 0"), on, here)
            text.place(here)
            to = self._next(text, found)
            text.copy(to, "%s", self._layout.bytes)
            text.clear(to, at, slots.size)
            leave, enter = text.label(), text.label()
            text.branch(text.op(f"icmp eq i64 {depth}, 0"), enter, leave)
            text.place(leave)
            running = text.op(f"zext i16 {text.load('i16', '%s', slots.frames)} to i64")
            home = text.load("i64", "@homes", text.op(f"shl i64 {running}, 3"))
            text.copy(text.at(to, home), text.at("%s", slots.frames), slots.size)
            text.place(enter)
            text.copy(text.at(to, slots.frames), text.at("%s", at), slots.size)
            text.store("i8", "1", to, slots.depth)
            self._mark(text, found, "true", _MOVED)
            self._add(text, found, "1")
            text.place(on)
        text.place(end)

    def _may_switch(self, text: Text, cpu: int, depth: str, allowed: str, end: str) -> None:
        """Go to `allowed` where the running task may be switched out, else to `end`."""
        slots, program = self._layout.cpus[cpu], self._machine.program
        own = self._machine.image.machine[cpu]
        alone, task, ready = text.label(), text.label(), text.label()
        text.branch(text.op(f"icmp eq i64 {depth}, 1"), alone, end)
        text.place(alone)
        running = text.op(f"zext i16 {text.load('i16', '%s', slots.frames)} to i64")
        home = text.load("i64", "@homes", text.op(f"shl i64 {running}, 3"))
        text.branch(text.op(f"icmp eq i64 {home}, 0"), end, task)
        text.place(task)
        yields = text.load("i64", "@yields", text.op(f"shl i64 {running}, 3"))
        text.branch(text.op(f"icmp eq i64 {yields}, 0"), ready, allowed)
        text.place(ready)
        if not program.preempt:
            text.jump(end)
            return
        enabled = text.op(f"icmp ne i8 {text.load('i8', '%s', own.irq_flag)}, 0")
        count = self._machine.preempt_counts[cpu]
        if count is not None:
            zero = text.op(f"icmp eq i32 {text.load('i32', '%s', count)}, 0")
            enabled = text.op(f"and i1 {enabled}, {zero}")
        text.branch(enabled, allowed, end)

    # -- arrivals and returns -----------------------------------------------------------

    def _enter(self, context: int) -> str:
        """`i64 enterN(to, state, control, chosen)`: 1 where the interrupt can be delivered."""
        machine, number = self._machine, context
        arriving = machine.program.contexts[context]
        own, slots = machine.image.machine[arriving.cpu], self._layout.cpus[arriving.cpu]
        text = Text(f"enter{number}", ("ptr %m", "ptr %s", "ptr %x", "i64 %k"))
        if arriving.kind in ("irq", "softirq"):
            self._unless(text, f"icmp ne i8 {text.load('i8', '%s', own.irq_flag)}, 0")
        elif arriving.kind == "nmi":
            self._unless(text, f"icmp eq i8 {text.load('i8', '%s', own.nmi_mask)}, 0")
        spent, nest = own.spent.get(context), own.nest.get(arriving.kind)
        if spent is not None:
            most = min(machine.limits.arrivals[arriving.kind], _BYTE)
            withheld = text.op(f"icmp uge i8 {text.load('i8', '%s', spent)}, {most}")
            if most:
                self._cut(text, self._fits(text, withheld, own, arriving.kind))
            self._unless(text, f"xor i1 {withheld}, true")
        if nest is not None:
            asked = arriving.kind in machine.limits.nest or arriving.kind == "exception"
            event = None if asked else self._events.number(context, "denied", 0)
            most = min(machine.limits.nesting(arriving.kind), _BYTE)
            self._unless(text, f"icmp ult i8 {text.load('i8', '%s', nest)}, {most}", event)
        depth = text.load("i8", "%s", slots.depth)
        self._unless(text, f"icmp ult i8 {depth}, {slots.count}", DEEP)
        text.copy("%m", "%s", self._layout.bytes)
        offset = text.op(f"mul i64 {text.op(f'zext i8 {depth} to i64')}, {slots.size}")
        frame = text.at("%m", text.op(f"add i64 {offset}, {slots.frames}"))
        text.store("i8", text.load("i8", "%s", own.irq_flag), frame, POINT)
        for place, value in enumerate(self._balanced(text, arriving.cpu)):
            text.store("i64", value, frame, POINT + 1 + BALANCED * place)
        text.store("i8", "0", "%m", own.irq_flag)
        if arriving.kind == "nmi":
            text.store("i8", "1", "%m", own.nmi_mask)
        for counter in (spent, nest, slots.depth):
            if counter is not None:
                more = text.op(f"add i8 {text.load('i8', '%m', counter)}, 1")
                text.store("i8", more, "%m", counter)
        entry = machine.points.entries[context]
        if entry.prefix is None:
            text.store("i16", str(entry.point + 1), frame)
            text.ret("i64 1")
        else:
            given = f"ptr %m, ptr {frame}, i64 0, ptr %x, i64 %k"
            began = text.op(f"call i64 @prefix{context}({given})")
            done = text.op(f"icmp eq i64 {began}, {DONE}")
            self._cut(text, text.op(f"xor i1 {done}, true"))
            text.ret(f"i64 {text.op(f'zext i1 {done} to i64')}")
        return str(text)

    def _fits(self, text: Text, cond: str, own: MachineBytes, kind: str) -> str:
        """`cond`, and one more frame of that kind may be stacked."""
        nest = own.nest.get(kind)
        if nest is None:
            return cond
        most = min(self._machine.limits.nesting(kind), _BYTE)
        room = text.op(f"icmp ult i8 {text.load('i8', '%s', nest)}, {most}")
        return text.op(f"and i1 {cond}, {room}")

    def _unless(self, text: Text, cond: str, event: int | None = None) -> None:
        """Return 0, with an event, unless `cond`."""
        refused, on = text.label(), text.label()
        text.branch(text.op(cond), on, refused)
        text.place(refused)
        if event is not None:
            text.put(f"call i64 @note(ptr %x, i64 {event}, i64 %k)")
        text.ret("i64 0")
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
        own, slots = machine.image.machine[leaving.cpu], self._layout.cpus[leaving.cpu]
        text = Text(f"step{number}", STEP)
        if leaving.kind != "task":
            self._compare(text, context)
            text.store("i8", text.load("i8", "%f", POINT), "%m", own.irq_flag)
            if leaving.kind == "nmi" or (
                leaving.kind == "exception" and machine.program.hardware_nmi
            ):
                text.store("i8", "0", "%m", own.nmi_mask)
            nest = own.nest.get(leaving.kind)
            if nest is not None:
                less = text.op(f"call i8 @llvm.usub.sat.i8(i8 {text.load('i8', '%m', nest)}, i8 1)")
                text.store("i8", less, "%m", nest)
        text.clear("%f", 0, self._layout.used(number))
        depth = text.op(f"sub i8 {text.load('i8', '%m', slots.depth)}, 1")
        text.store("i8", depth, "%m", slots.depth)
        text.ret(f"i64 {DONE}")
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
            bad, on = text.label(), text.label()
            text.branch(text.op(f"icmp eq i64 {was}, {now}"), on, bad)
            text.place(bad)
            text.put(f"call i64 @note(ptr %x, i64 {event}, i64 %k)")
            text.place(on)

    # -- whole states ---------------------------------------------------------------------

    def _expand(self) -> str:
        """`i64 expand(control, store, at, out, to)`, see `engine/native/kernels.py`."""
        machine = self._machine
        params = ("ptr %x", "ptr %store", "i64 %at", "ptr %out", "i64 %to")
        text = Text("expand", params, apart=True)
        state = text.op("getelementptr i64, ptr %store, i64 %at")
        out = text.op("getelementptr i64, ptr %out, i64 %to")
        if machine.invariants:
            self._invariants(text, state, 0)
            for turn, turned in enumerate(self._reductions.settling.turned(text, state), 1):
                self._invariants(text, turned, turn)
        made = text.slot("i64")
        text.put(f"store i64 0, ptr {made}")
        end = text.label()
        classes = "0"
        if self._reductions.used:
            classes = text.op(f"call i64 @classes(ptr {state})")
        if self._reductions.ample:
            self._ample(text, state, out, classes, made, end)
        self._everything(text, state, out, classes, made)
        text.place(end)
        if self._reductions.chains or self._reductions.settling.used:
            self._onward(text, out, made)
        text.ret(f"i64 {text.op(f'load i64, ptr {made}')}")
        return str(text)

    def _invariants(self, text: Text, state: str, turn: int) -> None:
        """Note each invariant that does not hold in a state, which is turned by that turn."""
        for place, (each, _) in enumerate(self._machine.invariants):
            event = self._events.number(-1, "invariant", place, turn)
            index = self._machine.program.properties.index(each)
            value = text.op(f"call i64 @value{index}(ptr {state}, i64 1)")
            bad, on = text.label(), text.label()
            text.branch(text.op(f"icmp eq i64 {value}, 0"), bad, on)
            text.place(bad)
            text.put(f"call i64 @note(ptr %x, i64 {event}, i64 0)")
            text.place(on)

    def _holds(self) -> str:
        """`i64 holds(store, at, wanted)`, see `engine/native/sweeps.py`."""
        text = Text("holds", ("ptr %store", "i64 %at", "i64 %wanted"))
        state = text.op("getelementptr i64, ptr %store, i64 %at")
        for place, (each, _) in enumerate(self._machine.eventual):
            asked, on = text.label(), text.label()
            text.branch(text.op(f"icmp eq i64 %wanted, {place}"), asked, on)
            text.place(asked)
            index = self._machine.program.properties.index(each)
            value = text.op(f"call i64 @value{index}(ptr {state}, i64 0)")
            true = text.op(f"icmp ne i64 {value}, 0")
            text.ret(f"i64 {text.op(f'zext i1 {true} to i64')}")
            text.place(on)
        text.ret("i64 0")
        return str(text)

    def _on(self, text: Text, state: str, out: str, cpu: int, arrivals: str) -> str:
        """What `cpuN` says, with successors going to `out`."""
        return text.op(f"call i64 @cpu{cpu}(ptr %x, ptr {state}, ptr {out}, i1 {arrivals})")

    def _is(self, text: Text, classes: str, cpu: int, wanted: int) -> str:
        own = text.op(f"and i64 {text.op(f'lshr i64 {classes}, {2 * cpu}')}, 3")
        return text.op(f"icmp eq i64 {own}, {wanted}")

    def _ample(self, text: Text, state: str, out: str, classes: str, made: str, end: str) -> None:
        """Where the transitions of one CPU stand for all: take them and go to `end`."""
        for wanted in (ALONE, STEPS, ALL):
            for cpu in range(self._machine.program.cpus):
                here, taken, on = text.label(), text.label(), text.label()
                text.branch(self._is(text, classes, cpu, wanted), here, on)
                text.place(here)
                arrivals = "true" if wanted == ALL else "false"
                found = self._on(text, state, out, cpu, arrivals)
                moved = text.op(f"icmp ne i64 {text.op(f'and i64 {found}, {_MOVED}')}, 0")
                text.branch(moved, taken, on)
                text.place(taken)
                count = text.op(f"and i64 {found}, {_WAITING - 1}")
                text.put(f"store i64 {count}, ptr {made}")
                text.jump(end)
                text.place(on)

    def _everything(self, text: Text, state: str, out: str, classes: str, made: str) -> None:
        """The transitions of all CPUs, and whether nothing but arrivals can happen."""
        total, flags = "0", "0"
        for cpu in range(self._machine.program.cpus):
            to = text.at(out, text.op(f"mul i64 {total}, {self._layout.bytes}"))
            if self._reductions.used and not self._reductions.ample:
                found = self._perhaps(text, state, to, cpu, classes)
            else:
                found = self._on(text, state, to, cpu, "true")
            total = text.op(f"add i64 {total}, {text.op(f'and i64 {found}, {_WAITING - 1}')}")
            flags = text.op(f"or i64 {flags}, {found}")
        text.put(f"store i64 {total}, ptr {made}")
        only = text.op(f"and i64 {flags}, {_WAITING | _MOVED}")
        stuck, on = text.label(), text.label()
        text.branch(text.op(f"icmp eq i64 {only}, {_WAITING}"), stuck, on)
        text.place(stuck)
        text.put(f"call i64 @note(ptr %x, i64 {BLOCKED}, i64 0)")
        text.place(on)

    def _perhaps(self, text: Text, state: str, out: str, cpu: int, classes: str) -> str:
        """The transitions of one CPU, without arrivals where they are not needed."""
        held = text.slot("i64")
        quiet = text.op(
            f"or i1 {self._is(text, classes, cpu, ALONE)}, {self._is(text, classes, cpu, STEPS)}"
        )
        few, all_, on = text.label(), text.label(), text.label()
        text.branch(quiet, few, all_)
        text.place(few)
        found = self._on(text, state, out, cpu, "false")
        text.put(f"store i64 {found}, ptr {held}")
        moved = text.op(f"icmp ne i64 {text.op(f'and i64 {found}, {_MOVED}')}, 0")
        text.branch(moved, on, all_)
        text.place(all_)
        text.put(f"store i64 {self._on(text, state, out, cpu, 'true')}, ptr {held}")
        text.place(on)
        return text.op(f"load i64, ptr {held}")

    def _onward(self, text: Text, out: str, made: str) -> None:
        """From each successor on, walk while one step stands for everything; then settle."""
        place = text.slot("i64")
        text.put(f"store i64 0, ptr {place}")
        again, here, over = text.label(), text.label(), text.label()
        text.place(again)
        now = text.op(f"load i64, ptr {place}")
        left = text.op(f"icmp ult i64 {now}, {text.op(f'load i64, ptr {made}')}")
        text.branch(left, here, over)
        text.place(here)
        to = text.at(out, text.op(f"mul i64 {now}, {self._layout.bytes}"))
        if self._reductions.chains:
            text.op(f"call i64 @follow(ptr %x, ptr {to})")
        if self._reductions.settling.used:
            text.op(f"call i64 @represent(ptr {to})")
        text.put(f"store i64 {text.op(f'add i64 {now}, 1')}, ptr {place}")
        text.jump(again)
        text.place(over)


def _table(name: str, ty: str, values: list[str]) -> str:
    return f"@{name} = internal constant [{len(values)} x {ty}] [{', '.join(values)}]\n"
