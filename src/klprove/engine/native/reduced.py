# SPDX-License-Identifier: GPL-2.0-or-later
"""The reductions as LLVM functions: the counterpart of `engine/reduction/successors.py`."""

from collections.abc import Iterator, Sequence

from klprove.engine.machine import Machine
from klprove.engine.native.layout import Layout
from klprove.engine.native.lookups import Lookups
from klprove.engine.native.settling import Settling
from klprove.engine.native.steps import DONE
from klprove.engine.native.text import Text
from klprove.engine.reduction.names import AMPLE, CHAINS, DELIVERY, SYMMETRY
from klprove.engine.reduction.successors import ALL, ALONE, BOUND, CHAIN, STEPS
from klprove.engine.reduction.symmetry import Symmetry
from klprove.engine.reduction.tables import MASKABLE, Tables, tables

_BITS = 2
"""Bits of a class of `@classes`, BOUND to ALL."""
_LOW = 0x5555555555555555


class Reductions:
    """Writes `@classes`, what may stand for everything in a state, and `@follow`, which walks on.

    `off`: names of reductions not to use.
    """

    def __init__(self, machine: Machine, layout: Layout, off: frozenset[str]) -> None:
        self._machine, self._layout = machine, layout
        self.ample = AMPLE not in off
        self.chains = self.ample and CHAINS not in off
        self.delivery = DELIVERY not in off
        turns = [] if SYMMETRY in off else Symmetry(machine).turns
        self._tables: Tables = tables(machine, turns)
        self._lookups = Lookups(machine, layout, self._tables.interrupts)
        interrupts = self._tables.interrupts
        self.settling = Settling(machine, layout, self._lookups, interrupts, turns, off)
        self._set = f"i{-(-max(self._tables.width, 1) // 64) * 64}"

    @property
    def used(self) -> bool:
        """True where transitions are left out at all."""
        return self.ample or self.delivery

    def functions(self, first: Sequence[int]) -> Iterator[str]:
        """Text of every function and table. `first`: by CPU, the number of the choice to step."""
        yield from self.settling.functions()
        if not self.used:
            return
        known, machine = self._tables, self._machine
        yield self._lookups.table("touches", self._set, [0, *known.touches])
        yield self._lookups.table("future", self._set, [0, *known.future])
        yield self._lookups.table("bound", "i8", [1, *(int(each) for each in known.bound)])
        interrupts = known.interrupts
        cpu_of = [machine.program.contexts[each.context].cpu for each in machine.points.table]
        masks = [
            sum(1 << place for place, each in enumerate(interrupts[cpu]) if each in matters)
            if self.delivery
            else -1
            for cpu, matters in zip(cpu_of, known.matters, strict=True)
        ]
        yield self._lookups.table("matters", "i64", [0, *masks])
        yield self._classes()
        if self.chains:
            yield self._follow(first)

    # -- classes ----------------------------------------------------------------------------

    def _classes(self) -> str:
        """`i64 classes(state)`: the class of each CPU, two bits a CPU."""
        text = Text("classes", ("ptr %s",))
        known = self._tables
        futures = [
            self._lookups.union(text, cpu, "future", self._set, known.later, str(switching))
            for cpu, switching in enumerate(known.switching)
        ]
        found = "0"
        for cpu, slots in enumerate(self._layout.cpus):
            if not slots.count:
                continue
            others = "0"
            for other, each in enumerate(futures):
                if other != cpu:
                    others = text.op(f"or {self._set} {others}, {each}")
            each = text.op(f"shl i64 {self._class(text, cpu, others)}, {_BITS * cpu}")
            found = text.op(f"or i64 {found}, {each}")
        text.ret(f"i64 {found}")
        return str(text)

    def _class(self, text: Text, cpu: int, others: str) -> str:
        known, op = self._tables, text.op
        point = self.point(text, cpu, "%s")[0]
        tied = op(f"icmp ne i8 {self._lookups.at(text, 'bound', 'i8', point)}, 0")
        met = op(f"and {self._set} {self._lookups.at(text, 'touches', self._set, point)}, {others}")
        free = op(f"and i1 {op(f'xor i1 {tied}, true')}, {op(f'icmp eq {self._set} {met}, 0')}")
        coming = "0"
        for place, context in enumerate(self._tables.interrupts[cpu]):
            may = self._may_come(text, cpu, context)
            coming = op(f"or i64 {coming}, {op(f'select i1 {may}, i64 {1 << place}, i64 0')}")
        wanted = op(f"and i64 {coming}, {self._lookups.at(text, 'matters', 'i64', point)}")
        quiet = op(f"icmp eq i64 {wanted}, 0")
        single = op(f"icmp eq i64 {self._lookups.at(text, 'counts', 'i64', point)}, 1")
        alone = op(f"select i1 {single}, i64 {ALONE}, i64 {STEPS}")
        heard = op(f"and {self._set} {known.arrival[cpu]}, {others}")
        unheard = op(f"icmp eq {self._set} {heard}, 0")
        whole = op(f"select i1 {unheard}, i64 {BOUND if known.loud[cpu] else ALL}, i64 {BOUND}")
        some = op(f"select i1 {quiet}, i64 {alone}, i64 {whole}")
        return op(f"select i1 {free}, i64 {some}, i64 {BOUND}")

    def point(self, text: Text, cpu: int, state: str) -> tuple[str, str]:
        """The point of the running frame plus one, 0 where there is none, and its offset."""
        slots, op = self._layout.cpus[cpu], text.op
        depth = op(f"zext i8 {text.load('i8', state, slots.depth)} to i64")
        below = op(f"call i64 @llvm.usub.sat.i64(i64 {depth}, i64 1)")
        offset = op(f"add i64 {op(f'mul i64 {below}, {slots.size}')}, {slots.frames}")
        return op(f"zext i16 {text.load('i16', state, offset)} to i64"), offset

    def _may_come(self, text: Text, cpu: int, context: int) -> str:
        """An i1: `context` may arrive before the next step, as far as it is easy to see."""
        own = self._machine.image.machine[cpu]
        kind = self._machine.program.contexts[context].kind
        left = self._lookups.left(text, context)
        if kind in MASKABLE:
            enabled = text.op(f"icmp ne i8 {text.load('i8', '%s', own.irq_flag)}, 0")
            return text.op(f"and i1 {left}, {enabled}")
        if kind == "nmi":
            unmasked = text.op(f"icmp eq i8 {text.load('i8', '%s', own.nmi_mask)}, 0")
            return text.op(f"and i1 {left}, {unmasked}")
        return left

    # -- chains -----------------------------------------------------------------------------

    def _follow(self, first: Sequence[int]) -> str:
        """`i64 follow(control, state)`: walk on, in place, while one CPU's one step stands for
        everything."""
        text = Text("follow", ("ptr %x", "ptr %s"))
        size, cpus = self._layout.bytes, range(self._machine.program.cpus)
        trial, walked = text.slot(f"[{size} x i8]"), text.slot("i64")
        text.put(f"store i64 0, ptr {walked}")
        again, over = text.label(), text.label()
        text.place(again)
        classes = text.op("call i64 @classes(ptr %s)")
        low = text.op(f"and i64 {classes}, {_LOW}")
        high = text.op(f"lshr i64 {classes}, 1")
        alone = text.op(f"and i64 {low}, {text.op(f'xor i64 {high}, -1')}")
        for cpu in cpus:
            if not self._layout.cpus[cpu].count:
                continue
            here, taken, on = text.label(), text.label(), text.label()
            mine = text.op(f"and i64 {alone}, {1 << _BITS * cpu}")
            text.branch(text.op(f"icmp eq i64 {mine}, 0"), on, here)
            text.place(here)
            text.copy(trial, "%s", size)
            point, offset = self.point(text, cpu, "%s")
            step = text.load("ptr", "@steps", text.op(f"shl i64 {point}, 3"))
            frame = text.at(trial, offset)
            given = f"ptr {trial}, ptr {frame}, i64 0, ptr %x, i64 {first[cpu]}"
            result = text.op(f"call i64 {step}({given})")
            text.branch(text.op(f"icmp eq i64 {result}, {DONE}"), taken, on)
            text.place(taken)
            text.copy("%s", trial, size)
            count = text.op(f"add i64 {text.op(f'load i64, ptr {walked}')}, 1")
            text.put(f"store i64 {count}, ptr {walked}")
            text.branch(text.op(f"icmp eq i64 {count}, {CHAIN}"), over, again)
            text.place(on)
        text.place(over)
        text.ret("i64 0")
        return str(text)
