"""Random small programs with nested contexts, straight in the IR; the seed decides everything."""

from random import Random

from klprove.ir.expressions import Binary, Const, Convert, Expr, Reg
from klprove.ir.instructions import (
    Atomic,
    Await,
    Branch,
    Check,
    Choose,
    End,
    Instr,
    IrqGet,
    IrqSet,
    Jump,
    Load,
    Pause,
    Report,
    Rmw,
    Set,
    Site,
    Store,
    UnmaskNmi,
    Yield,
)
from klprove.ir.program import Code, Context, Leaf, Object, Program, Property
from klprove.ir.types import I32, U8, U64, Int
from klprove.source import Span

_BASE, _OWN, _STRIDE = 0x1000, 0x2000, 0x40


class Generator:
    """Writes one program. Values are kept small (modulo 4) so that complete searches stay small."""

    def __init__(
        self,
        seed: int,
        cpus: int = 1,
        home: int | None = None,
        tasks: int = 1,
        telling: bool = False,
    ) -> None:
        """`home`: the only CPU that takes interrupts; `tasks`: how many every other CPU has;
        `telling`: what is read is reported, so that searches which differ find different things."""
        self._random, self._telling = Random(seed), telling
        self._cpus, self._home, self._tasks = cpus, home, tasks
        self._line = 0
        self._variables = self._random.randint(2, 4)
        self._owners: list[str] = []

    def program(self) -> Program:
        """A whole program: a task on each CPU, some interrupts, sometimes properties."""
        contexts = [
            self._context("task", cpu)
            for cpu in range(self._cpus)
            for _ in range(1 if cpu == (self._home or 0) else self._tasks)
        ]
        interrupted = range(self._cpus if self._random.random() < 0.3 else 1)
        for cpu in interrupted if self._home is None else [self._home]:
            for kind in self._random.sample(
                ["irq", "nmi", "exception"], self._random.randint(1, 3)
            ):
                contexts.append(self._context(kind, cpu))
        objects = [
            Object(f"x{n}", _BASE + n * _STRIDE, bytes(4), leaves=(Leaf(0, I32, ""),))
            for n in range(self._variables)
        ]
        pointer = _BASE + self._variables * _STRIDE
        first = self._random.choice([0, _BASE, _BASE + _STRIDE, _BASE + 2])
        objects.append(
            Object("p", pointer, first.to_bytes(8, "little"), leaves=(Leaf(0, U64, ""),))
        )
        objects += [
            Object(name, _OWN + n * _STRIDE, bytes(4), leaves=(Leaf(0, I32, ""),))
            for n, name in enumerate(self._owners)
        ]
        return Program(
            cpus=self._cpus,
            objects=tuple(objects),
            contexts=tuple(contexts),
            properties=tuple(self._properties()),
            hardware_nmi=self._random.random() < 0.2,
        )

    def _at(self) -> Site:
        self._line += 1
        return Site(Span("generated.c", self._line, 1), ("f",))

    def _variable(self) -> Const:
        return Const(_BASE + self._random.randrange(self._variables) * _STRIDE, U64)

    def _small(self, expr: Expr) -> Expr:
        return Binary("and", expr, Const(3, I32), I32)

    def _properties(self) -> list[Property]:
        made = []
        if self._random.random() < 0.4:
            made.append(self._property("invariant", None))
        if self._random.random() < 0.4:
            made.append(self._property("balanced", 0))
        return made

    def _property(self, kind: str, cpu: int | None) -> Property:
        at = self._at()
        value: Expr = Reg("v", I32)
        if kind == "invariant":
            value = Binary("ne", value, Const(3, I32), I32)
        instrs = (Load("v", self._variable(), I32, True, at), *self._result(value, at))
        return Property(kind, kind, cpu, Code(instrs, {"v": I32}), at)

    def _result(self, value: Expr, at: Site) -> tuple[Instr, ...]:
        from klprove.ir.instructions import Result

        return (Result(value, at),)

    def _context(self, kind: str, cpu: int) -> Context:
        instrs: list[Instr] = []
        registers: dict[str, Int] = {"a": I32, "b": I32, "q": U64, "f": U8}
        own = self._random.randint(1, 3) if self._random.random() < 0.4 else 0
        where = Const(_OWN + len(self._owners) * _STRIDE, U64)
        if own:
            # Nobody else touches it, so whatever interrupts in between must leave it alone.
            self._owners.append(f"own_{kind}{cpu}")
            instrs.append(Store(where, Const(own, I32), I32, False, self._at()))
        for _ in range(self._random.randint(2, 6 if kind == "task" else 4)):
            self._statement(instrs, kind)
        if own:
            at = self._at()
            kept = Binary("eq", Reg("a", I32), Const(own, I32), I32)
            instrs.append(Load("a", where, I32, False, at))
            instrs.append(Check(kept, "own", "an own variable has changed", at))
        if kind == "task" and self._random.random() < 0.3:
            instrs += [Pause(self._at()), Jump(0, self._at())]
        instrs.append(End(self._at()))
        return Context(kind, cpu, f"{kind}{cpu}", Code(tuple(instrs), registers), self._at())

    def _value(self) -> Expr:
        pick = self._random.random()
        if pick < 0.4:
            return Const(self._random.randrange(4), I32)
        register = Reg(self._random.choice("ab"), I32)
        if pick < 0.6:
            return register
        return self._small(Binary("add", register, Const(self._random.randint(1, 3), I32), I32))

    def _statement(self, instrs: list[Instr], kind: str, depth: int = 0) -> None:
        at, pick = self._at(), self._random.random()
        register = self._random.choice("ab")
        if pick < 0.25:
            instrs.append(Load(register, self._variable(), I32, False, at))
            self._tell(instrs, register)
        elif pick < 0.45:
            instrs.append(Store(self._variable(), self._value(), I32, False, at))
        elif pick < 0.53:
            variable = self._variable()
            instrs.append(Rmw("xor", register, variable, self._value(), I32, False, at))
        elif pick < 0.58:
            instrs.append(Set(register, self._value(), at))
        elif pick < 0.66:
            instrs.append(IrqSet(Const(self._random.randrange(2), U8), at))
        elif pick < 0.69:
            instrs.append(IrqGet("f", at))
            instrs.append(Set(register, Convert(Reg("f", U8), I32), at))
        elif pick < 0.73:
            cond = Binary("ne", Reg(register, I32), Const(self._random.randrange(4), I32), I32)
            instrs.append(Check(cond, "assert", "a != c", at))
        elif pick < 0.77:
            instrs.append(Report(self._random.choice(["odd", "even-warned"]), at))
        elif pick < 0.82:
            variable = self._variable()
            cond = Binary("ne", Reg("a", I32), Const(0, I32), I32)
            instrs += [Atomic(at), Load("a", variable, I32, True, at), Await(cond, at)]
        elif pick < 0.85 and self._tasks > 1 and kind == "task":
            instrs.append(Yield(at))
        elif pick < 0.85:
            instrs.append(Choose(register, 2, at))
        elif pick < 0.88 and kind == "nmi":
            instrs.append(UnmaskNmi(at))
        elif pick < 0.94:
            pointer = Const(_BASE + self._variables * _STRIDE, U64)
            instrs.append(Load("q", pointer, U64, False, at))
            instrs.append(Load(register, Reg("q", U64), I32, False, at))
            self._tell(instrs, register)
        elif depth < 2:
            self._branch(instrs, kind, depth, register)

    def _tell(self, instrs: list[Instr], register: str) -> None:
        """Report the value of a register."""
        for value in range(4) if self._telling else ():
            at, where = self._at(), len(instrs)
            cond = Binary("eq", Reg(register, I32), Const(value, I32), I32)
            instrs += [Branch(cond, where + 1, where + 2, at), Report(f"saw-{value}", at)]

    def _branch(self, instrs: list[Instr], kind: str, depth: int, register: str) -> None:
        where = len(instrs)
        cond = Binary("eq", Reg(register, I32), Const(self._random.randrange(3), I32), I32)
        instrs.append(Pause(self._at()))
        for _ in range(self._random.randint(1, 2)):
            self._statement(instrs, kind, depth + 1)
        instrs[where] = Branch(cond, where + 1, len(instrs), self._at())


def program(
    seed: int, cpus: int = 1, home: int | None = None, tasks: int = 1, telling: bool = False
) -> Program:
    """The program of a seed."""
    return Generator(seed, cpus, home, tasks, telling).program()
