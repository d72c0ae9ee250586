"""Random programs for the reductions: two or three CPUs, nested interrupts, and memory that is
private to a context, to a CPU, or shared. The seed decides everything.

What a reduction must look at occurs often: awaits, loops with and without a step that others see,
fused accesses, contexts that begin with one, invariants and balanced expressions, interrupts that
enable interrupts, several tasks on a CPU, objects that are freed, bounds on nesting.
"""

from random import Random

from klprove.ir.expressions import Binary, Const, Convert, Expr, Reg
from klprove.ir.instructions import (
    Atomic,
    Await,
    Branch,
    Check,
    Choose,
    End,
    Free,
    Halt,
    Instr,
    IrqGet,
    IrqSet,
    Jump,
    Load,
    Pause,
    Reach,
    Report,
    Result,
    Rmw,
    Set,
    Site,
    Store,
    UnmaskNmi,
    Yield,
)
from klprove.ir.program import Code, Context, Leaf, Object, Program, Property
from klprove.ir.types import I32, U8, U64
from klprove.source import Span

SHARED, LOCAL, OWN, POOL, POINTER, COUNT = 0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000
"""Addresses: variables of everybody, of a CPU (one 0x100 each), of a context, a pool of two pieces,
a pointer into it, and the preemption counts."""
THEMES = ("any", "any", "nesting", "tasks", "pool", "properties", "arrivals")
"""What occurs more often than elsewhere: in "nesting" interrupts are enabled in handlers, in
"arrivals" handlers begin with a ghost function."""

AWAITS = 10_000
"""From this seed on, every program is about awaits, so that deadlocks are many."""


class Interleaved:
    """Writes one program. Values stay below 4, so that complete searches stay small."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._line = 0
        self._theme = "awaits" if seed >= AWAITS else self._random.choice(THEMES)
        self._cpus = self._random.choice([1, 2, 2, 2, 2, 3])
        self._contexts = 0
        self._pooled = False

    def program(self) -> Program:
        """Tasks and interrupts on up to three CPUs."""
        choose, chance = self._random.choice, self._random.random
        kinds = [("task", cpu) for cpu in range(self._cpus)]
        if chance() < (0.9 if self._theme == "tasks" else 0.1):
            kinds.append(("task", 0))
        if chance() < 0.05:
            kinds = kinds[1:] or kinds
        for cpu in range(self._cpus):
            if chance() < (0.85 if cpu == 0 else 0.25):
                most = 2 if self._cpus < 3 else 1
                names = self._random.sample(["irq", "nmi", "exception", "softirq"], most)
                if self._theme == "nesting" and cpu == 0:
                    names = ["irq", choose(["nmi", "exception"])]
                elif chance() < 0.5:
                    names = names[:1]
                kinds += [(kind, cpu) for kind in names]
        contexts = [self._context(kind, cpu) for kind, cpu in kinds]
        objects = [self._object(f"x{n}", SHARED + 0x20 * n) for n in range(3)]
        for cpu in range(self._cpus):
            local = LOCAL + 0x100 * cpu
            objects += [self._object(f"l{n}", local + 0x20 * n, cpu) for n in range(2)]
            objects.append(self._object("__preempt_count", COUNT + 0x20 * cpu, cpu))
        objects += [self._object(f"own{n}", OWN + 0x20 * n) for n in range(self._contexts)]
        pool = Object("pool", POOL, bytes(8), granule=4)
        to = choose([0, POOL, POOL + 4]) if self._pooled else 0
        pointer = Object("p", POINTER, to.to_bytes(8, "little"), leaves=(Leaf(0, U64, ""),))
        return Program(
            cpus=self._cpus,
            objects=(*objects, pool, pointer),
            contexts=tuple(contexts),
            properties=tuple(self._properties()),
            witnesses=("there",),
            hardware_nmi=chance() < 0.2,
            preempt=chance() < 0.6,
        )

    def _object(self, name: str, addr: int, cpu: int | None = None) -> Object:
        return Object(name, addr, bytes(4), cpu, leaves=(Leaf(0, I32, ""),))

    def _at(self) -> Site:
        self._line += 1
        return Site(Span("interleaved.c", self._line, 1), ("f",))

    # -- properties ---------------------------------------------------------------------

    def _properties(self) -> list[Property]:
        made = []
        often = 0.8 if self._theme == "properties" else 0.3
        while self._random.random() < often and len(made) < 4:
            made.append(self._property("invariant", None))
        if self._random.random() < often:
            made.append(self._property("balanced", self._random.randrange(self._cpus)))
        return made

    def _property(self, kind: str, cpu: int | None) -> Property:
        at = self._at()
        any_cpu = self._random.randrange(self._cpus) if cpu is None else cpu
        instrs: list[Instr] = [Load("v", self._variable(any_cpu, 0), I32, True, at)]
        value: Expr = Reg("v", I32)
        if self._random.random() < 0.2:
            instrs.append(IrqGet("f", at))
            value = Binary("add", value, Convert(Reg("f", U8), I32), I32)
        elif self._random.random() < 0.6:
            any_cpu = self._random.randrange(self._cpus) if cpu is None else cpu
            instrs.append(Load("w", self._variable(any_cpu, 0), I32, True, at))
            value = Binary("add", value, Reg("w", I32), I32)
        if kind == "invariant":
            value = Binary("ne", value, Const(self._random.randint(1, 4), I32), I32)
        code = Code((*instrs, Result(value, at)), {"v": I32, "w": I32, "f": U8})
        return Property(kind, f"{kind} {at.span.line}", cpu, code, at)

    # -- contexts -----------------------------------------------------------------------

    def _context(self, kind: str, cpu: int) -> Context:
        instrs: list[Instr] = []
        own = self._contexts
        self._contexts += 1
        if self._theme == "nesting" and self._random.random() < 0.7:
            enabled = int(kind not in ("task", "irq"))
            instrs.append(IrqSet(Const(enabled, U8), self._at()))
        elif self._random.random() < (
            0.7 if self._theme == "arrivals" and kind != "task" else 0.05
        ):
            instrs += self._fused(cpu, own)
            self._told(instrs, "b")
        for _ in range(self._random.randint(2, 5 if kind == "task" else 3)):
            self._statement(instrs, kind, cpu, own)
        at, pick = self._at(), self._random.random()
        if kind == "task" and pick < 0.25:
            instrs += [Pause(at), Jump(0, at)]
        instrs.append(Halt(at) if pick > (0.7 if kind == "task" else 0.97) else End(at))
        code = Code(tuple(instrs), {"a": I32, "b": I32, "f": U8, "q": U64})
        return Context(kind, cpu, f"{kind}{own}", code, at)

    def _variable(self, cpu: int, own: int) -> Const:
        pick = self._random.random()
        if self._theme in ("nesting", "tasks") and pick < 0.6:
            return Const(LOCAL + 0x100 * cpu, U64)
        if self._theme in ("arrivals", "properties") and pick < 0.4:
            return Const(self._random.choice([SHARED, LOCAL + 0x100 * cpu]), U64)
        if pick < 0.3:
            return Const(SHARED + 0x20 * self._random.randrange(3), U64)
        if pick < 0.7:
            return Const(LOCAL + 0x100 * cpu + 0x20 * self._random.randrange(2), U64)
        if pick < 0.74:
            other = self._random.randrange(self._cpus)
            return Const(LOCAL + 0x100 * other + 0x20 * self._random.randrange(2), U64)
        if pick < 0.79:
            return Const(COUNT + 0x20 * self._random.choice([0, 0, cpu]), U64)
        return Const(OWN + 0x20 * own, U64)

    def _value(self) -> Expr:
        pick = self._random.random()
        if pick < 0.5:
            return Const(self._random.randrange(3), I32)
        register = Reg(self._random.choice("ab"), I32)
        if pick < 0.7:
            return register
        return Binary("and", Binary("add", register, Const(1, I32), I32), Const(3, I32), I32)

    def _cond(self) -> Expr:
        op = self._random.choice(["eq", "ne"])
        left = Reg(self._random.choice("ab"), I32)
        return Binary(op, left, Const(self._random.randrange(3), I32), I32)

    def _fused(self, cpu: int, own: int) -> list[Instr]:
        """What a ghost function does: accesses in the step under way."""
        at = self._at()
        made: list[Instr] = [Load("b", self._variable(cpu, own), I32, True, at)]
        if self._random.random() < 0.6:
            made.append(Store(self._variable(cpu, own), self._value(), I32, True, at))
        if self._random.random() < 0.3:
            made.append(Check(self._cond(), "ghost", "b", at))
        return made

    def _told(self, instrs: list[Instr], register: str) -> None:
        """A finding for some values of a register, or of both, so that whatever is missed shows."""
        both = Binary("add", Reg("a", I32), Binary("shl", Reg("b", I32), Const(2, I32), I32), I32)
        for _ in range(self._random.randint(1, 3)):
            at, value = self._at(), self._random.choice([0, 1, 1, 2, 2, 3])
            seen: Expr = Reg(register, I32)
            if self._random.random() < 0.6:
                seen, value = both, value + 4 * self._random.choice([0, 0, 1, 2])
            there = len(instrs) + 1
            cond = Binary("eq", seen, Const(value, I32), I32)
            instrs.append(Branch(cond, there, there + 1, at))
            instrs.append(Report(self._random.choice(["odd", "even-warned"]), at))

    def _statement(
        self, instrs: list[Instr], kind: str, cpu: int, own: int, depth: int = 0
    ) -> None:
        at, pick, register = self._at(), self._random.random(), self._random.choice("ab")
        if self._theme == "awaits" and self._random.random() < 0.35:
            self._await(instrs, self._variable(cpu, own))
            return
        if pick < 0.24:
            instrs.append(Load(register, self._variable(cpu, own), I32, False, at))
            self._told(instrs, register)
        elif pick < 0.41:
            instrs.append(Store(self._variable(cpu, own), self._value(), I32, False, at))
        elif pick < 0.46:
            op = self._random.choice(["xor", "xchg"])
            change = self._value()
            instrs.append(Rmw(op, register, self._variable(cpu, own), change, I32, False, at))
            self._told(instrs, register)
        elif pick < 0.51:
            instrs.append(Pause(at))
            instrs += self._fused(cpu, own)
            self._told(instrs, "b")
        elif pick < 0.55:
            instrs.append(Load(register, self._variable(cpu, own), I32, False, at))
            instrs.append(Check(self._cond(), "assert", "c", at))
        elif pick < 0.60:
            instrs.append(Reach("there", at))
        elif pick < 0.66:
            instrs.append(IrqSet(Const(self._random.randrange(2), U8), at))
        elif pick < 0.68:
            instrs += [IrqGet("f", at), Set(register, Convert(Reg("f", U8), I32), at)]
        elif pick < (0.74 if kind == "task" else 0.70):
            self._await(instrs, self._variable(cpu, own))
        elif pick < 0.77:
            instrs.append(Choose(register, 2, at))
        elif pick < 0.80:
            if kind == "task":
                instrs.append(Yield(at))
            elif kind in ("nmi", "exception"):
                instrs.append(UnmaskNmi(at))
        elif pick < 0.85 or (self._theme == "pool" and pick < 0.95):
            self._point(instrs, at)
        elif pick < 0.93 and depth < 2:
            self._loop(instrs, kind, cpu, own, depth)
        elif depth < 2:
            self._branch(instrs, kind, cpu, own, depth)

    def _await(self, instrs: list[Instr], variable: Const) -> None:
        at = self._at()
        instrs += [Atomic(at), Load("a", variable, I32, True, at), Await(self._cond(), at)]
        self._told(instrs, "a")

    def _point(self, instrs: list[Instr], at: Site) -> None:
        """The pool, by its address or through the pointer, and its end."""
        self._pooled = True
        pick = self._random.random()
        where: Expr = Const(POOL + 4 * self._random.randrange(2), U64)
        if pick < 0.3:
            instrs.append(Free(where, 4, False, at))
            return
        if pick < 0.5:
            instrs.append(Store(Const(POINTER, U64), where, U64, False, at))
            return
        if pick < 0.8:
            instrs.append(Load("q", Const(POINTER, U64), U64, False, at))
            instrs.append(Branch(Reg("q", U64), len(instrs) + 1, len(instrs) + 2, at))
            where = Reg("q", U64)
        made: list[Instr] = [
            Load("a", where, I32, False, at),
            Store(where, Const(1, I32), I32, False, at),
        ]
        chosen = self._random.choice(made)
        instrs.append(chosen)
        instrs.append(Pause(at))
        if isinstance(chosen, Load):
            self._told(instrs, "a")

    def _loop(self, instrs: list[Instr], kind: str, cpu: int, own: int, depth: int) -> None:
        """Steps again and again until something is seen, perhaps for ever."""
        head, at = len(instrs), self._at()
        instrs.append(Load("b", self._variable(cpu, own), I32, False, at))
        where = len(instrs)
        instrs.append(Pause(at))
        if self._random.random() < 0.5:
            self._statement(instrs, kind, cpu, own, depth + 1)
        instrs.append(Jump(head, at))
        cond = Binary("eq", Reg("b", I32), Const(self._random.randrange(2), I32), I32)
        instrs[where] = Branch(cond, len(instrs), where + 1, at)

    def _branch(self, instrs: list[Instr], kind: str, cpu: int, own: int, depth: int) -> None:
        where = len(instrs)
        instrs.append(Pause(self._at()))
        for _ in range(self._random.randint(1, 2)):
            self._statement(instrs, kind, cpu, own, depth + 1)
        instrs[where] = Branch(self._cond(), where + 1, len(instrs), self._at())


def program(seed: int) -> Program:
    """The program of a seed."""
    return Interleaved(seed).program()


def arrivals(seed: int) -> dict[str, int]:
    """Bounds that suit the program of a seed: none for one in four."""
    random = Random(seed)
    if random.random() < 0.25:
        return {}
    return {kind: random.choice([1, 1, 2]) for kind in ("irq", "nmi", "exception", "softirq")}
