"""Random programs whose CPUs do the same, each with memory of its own, and some that only seem to.

Every CPU's contexts are those of CPU 0, with the variables of CPU n in the place of those of CPU 0,
of n + 1 in the place of 1, and so on: so three CPUs that look at their neighbours can be turned but
not exchanged. In some programs one more CPU is different, or one twin is not quite one.
"""

from collections.abc import Callable, Sequence
from random import Random

from klprove.ir.expressions import Const
from klprove.ir.instructions import CmpXchg, Instr, Load, Rmw, Site, Store
from klprove.ir.program import Code, Context, Leaf, Object, Program, Property
from klprove.ir.types import I32, U64
from klprove.source import Span
from tests.engine.interleaved import COUNT, LOCAL, OWN, POINTER, POOL, SHARED, Interleaved

TWINS = 20_000
"""Seeds of these programs begin here."""
_STRIDE = {LOCAL: 0x100, COUNT: 0x20}


class Twins(Interleaved):
    """Writes one program."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._twins = self._random.choice([2, 2, 2, 3])
        self._cpus = self._twins + (self._random.random() < 0.25)
        self._told_apart = self._random.random() < 0.5
        """Each CPU's text stands in lines of its own."""

    def program(self) -> Program:
        """Two or three CPUs that do the same, and perhaps one more."""
        chance = self._random.random
        kinds = ["task"] if chance() < 0.9 else ["task", "task"]
        if chance() < (0.6 if self._twins == 2 else 0.2):
            kinds.append(self._random.choice(["irq", "nmi", "exception", "softirq"]))
        first = [self._context(kind, 0) for kind in kinds]
        contexts = [self._twin(each, cpu) for cpu in range(self._twins) for each in first]
        if chance() < 0.15:
            contexts[-1] = self._spoilt(contexts[-1])
        self._contexts *= self._twins
        if self._cpus > self._twins:
            contexts.append(self._context("task", self._twins))
        return Program(
            cpus=self._cpus,
            objects=tuple(self._objects()),
            contexts=tuple(contexts),
            properties=tuple(self._properties()),
            witnesses=("there",),
            preempt=chance() < 0.6,
        )

    def _objects(self) -> list[Object]:
        found = [self._object(f"x{n}", SHARED + 0x20 * n) for n in range(3)]
        for cpu in range(self._cpus):
            local = LOCAL + 0x100 * cpu
            found += [self._object(f"l{n}", local + 0x20 * n, cpu) for n in range(2)]
            found.append(self._object("__preempt_count", COUNT + 0x20 * cpu, cpu))
        found += [self._object(f"own{n}", OWN + 0x20 * n) for n in range(self._contexts)]
        found.append(Object("pool", POOL, bytes(8), granule=4))
        to = POOL.to_bytes(8, "little") if self._pooled else bytes(8)
        found.append(Object("p", POINTER, to, leaves=(Leaf(0, U64, ""),)))
        return found

    def _properties(self) -> list[Property]:
        """Of each CPU alike, mostly, or invariants of any."""
        made: list[Property] = []
        for kind in ("invariant", "balanced"):
            if kind == "invariant" and self._random.random() < 0.25:
                made.append(self._property(kind, None))
            if self._random.random() < 0.25:
                first = self._property(kind, 0)
                twins = self._twins if self._random.random() < 0.8 else 1
                for cpu in range(twins):
                    code = Code(self._instrs(first.code.instrs, cpu), first.code.registers)
                    made.append(Property(kind, f"{first.name} {cpu}", cpu, code, first.at))
        return made

    def _variable(self, cpu: int, own: int) -> Const:
        if self._random.random() < 0.1:
            return Const(LOCAL + 0x100 * ((cpu + 1) % self._twins), U64)
        return super()._variable(cpu, own)

    # -- twins ------------------------------------------------------------------------------

    def _twin(self, first: Context, cpu: int) -> Context:
        code = Code(self._instrs(first.code.instrs, cpu), first.code.registers)
        return Context(first.kind, cpu, f"{first.name}_{cpu}", code, first.at)

    def _instrs(self, instrs: Sequence[Instr], cpu: int) -> tuple[Instr, ...]:
        moved = (accessing(each, lambda addr: self._moved(addr, cpu)) for each in instrs)
        if not self._told_apart:
            return tuple(moved)
        return tuple(each._replace(at=_elsewhere(each.at, cpu)) for each in moved)

    def _moved(self, addr: int, cpu: int) -> int:
        for base, stride in _STRIDE.items():
            if base <= addr < base + stride * self._twins:
                place, offset = divmod(addr - base, stride)
                return base + (place + cpu) % self._twins * stride + offset
        if OWN <= addr < OWN + 0x20 * self._contexts:
            return addr + 0x20 * self._contexts * cpu
        return addr

    def _spoilt(self, twin: Context) -> Context:
        """A twin that does one thing elsewhere, or writes something else."""
        instrs = list(twin.code.instrs)
        places = [n for n, each in enumerate(instrs) if isinstance(each, Load | Store)]
        if places:
            n = self._random.choice(places)
            instr = instrs[n]
            if isinstance(instr, Store) and instr.ty == I32 and self._random.random() < 0.5:
                instrs[n] = instr._replace(value=Const(3, I32))
            elif isinstance(instr.addr, Const) and instr.ty == I32:
                instrs[n] = accessing(instr, lambda _: SHARED)
        code = Code(tuple(instrs), twin.code.registers)
        return Context(twin.kind, twin.cpu, twin.name, code, twin.at)


def accessing(instr: Instr, where: Callable[[int], int]) -> Instr:
    """An instruction with another address, if it accesses a variable at a constant one."""
    if isinstance(instr, Load | Store | Rmw | CmpXchg) and isinstance(instr.addr, Const):
        return instr._replace(addr=Const(where(instr.addr.value), U64))
    return instr


def _elsewhere(at: Site, cpu: int) -> Site:
    return Site(Span(at.span.file, at.span.line + 1000 * cpu, at.span.column), at.calls)


def arrivals(seed: int) -> dict[str, int]:
    """Bounds that suit the program of a seed."""
    return dict.fromkeys(("irq", "nmi", "exception", "softirq"), 1 + (Random(seed).random() < 0.2))
