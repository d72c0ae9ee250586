"""Random programs for what `generated.py` leaves out: every width and operator, computed addresses,
freed objects, wrapping counters, loops inside a step, several tasks on a CPU. The seed decides."""

from random import Random

from klprove.ir.expressions import (
    ARITHMETIC,
    COMPARISONS,
    Binary,
    Const,
    Convert,
    Expr,
    Reg,
    Select,
    Unary,
    type_of,
)
from klprove.ir.instructions import (
    Assume,
    Branch,
    Check,
    CmpXchg,
    End,
    Free,
    Halt,
    Instr,
    IrqSet,
    Jump,
    Limit,
    Load,
    Pause,
    Reach,
    Result,
    Rmw,
    Set,
    Site,
    Store,
    Warned,
    Yield,
)
from klprove.ir.program import Code, Context, Object, Program, Property, Wrap
from klprove.ir.types import BY_NAME, I32, I64, U8, U64, Int
from klprove.source import Span

BYTES, POOL, FIXED, COUNT = 0x1000, 0x2000, 0x3000, 0x4000
"""Addresses of an array of bytes, a pool of two pieces, a constant, a counter modulo 4."""
_TYPES = tuple(BY_NAME.values())


class Rich:
    """Writes one program."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._line = 0

    def program(self) -> Program:
        """Up to two tasks and up to two interrupts on one CPU."""
        kinds = ["task"] * self._random.choice([1, 1, 2])
        kinds += self._random.sample(["irq", "nmi", "softirq"], self._random.randint(0, 2))
        return Program(
            cpus=1,
            objects=(
                Object("bytes", BYTES, bytes(self._random.randrange(4) for _ in range(8))),
                Object("pool", POOL, bytes(8), granule=4),
                Object("fixed", FIXED, bytes(range(250, 254)), readonly=True),
                Object("count", COUNT, bytes(1)),
                Object("__preempt_count", 0x5000, bytes(4)),
            ),
            contexts=tuple(self._context(n, kind) for n, kind in enumerate(kinds)),
            properties=(self._property("invariant"), self._property("balanced")),
            wraps=(Wrap(COUNT, U8, 2),),
            witnesses=("there",),
            preempt=self._random.random() < 0.4,
        )

    def _at(self) -> Site:
        self._line += 1
        return Site(Span("rich.c", self._line, 1), ("f",))

    def _property(self, kind: str) -> Property:
        at, address = self._at(), self._random.choice([BYTES, BYTES + 6, POOL])
        load = Load("v", Const(address, U64), U8, True, at)
        value: Expr = Reg("v", U8)
        if kind == "invariant":
            value = Binary("ne", value, Const(self._random.randrange(1, 8), U8), U8)
        return Property(kind, kind, None, Code((load, Result(value, at)), {"v": U8}), at)

    def _context(self, number: int, kind: str) -> Context:
        instrs: list[Instr] = []
        for _ in range(self._random.randint(2, 5)):
            self._statement(instrs, kind)
        last = Halt if self._random.random() < 0.2 else End
        instrs.append(last(self._at()))
        code = Code(tuple(instrs), {"a": I32, "b": U8, "c": I64, "n": I32, "p": U64})
        return Context(kind, 0, f"{kind}{number}", code, self._at())

    # -- expressions ----------------------------------------------------------------

    def expr(self, depth: int) -> Expr:
        """Any expression at all, of any type."""
        pick = self._random.random()
        if depth == 0 or pick < 0.15:
            return self._random.choice([Reg("a", I32), Reg("b", U8), Reg("c", I64)])
        if pick < 0.3:
            ty = self._random.choice(_TYPES)
            edge = self._random.choice([0, 1, 3, -1, 1 << (ty.bits - 1), 255])
            return Const(ty.wrap(edge), ty)
        if pick < 0.45:
            return Convert(self.expr(depth - 1), self._random.choice(_TYPES))
        arg = self.expr(depth - 1)
        ty = type_of(arg)
        if pick < 0.55:
            return Unary(self._random.choice(["neg", "not", "lnot"]), arg, ty)
        other = Convert(self.expr(depth - 1), ty)
        if pick < 0.65:
            return Select(self.expr(depth - 1), arg, other, ty)
        op = self._random.choice(ARITHMETIC + COMPARISONS)
        if op in ("div", "rem"):
            return self._divided(op, arg, other, ty)
        return Binary(op, arg, other, ty)

    def _divided(self, op: str, arg: Expr, by: Expr, ty: Int) -> Expr:
        """A division whose divisor is looked at first, as whoever emits one does."""
        return Select(by, Binary(op, arg, by, ty), Const(0, ty), ty)

    def _small(self, ty: Int, most: int = 3) -> Expr:
        """Any expression, cut down so that the state space stays small."""
        return Binary("and", Convert(self.expr(3), ty), Const(most, ty), ty)

    # -- statements -----------------------------------------------------------------

    def _address(self, instrs: list[Instr]) -> Expr:
        """An address: constant, or computed and now and then a bad one."""
        if self._random.random() < 0.06:
            fixed = self._random.choice([FIXED, BYTES + 7, 0x10])
        else:
            fixed = self._random.choice([BYTES, BYTES + 2, POOL, POOL + 4, COUNT])
        if self._random.random() < 0.4:
            return Const(fixed, U64)
        base = self._random.choice([fixed, BYTES, BYTES, POOL, BYTES + 3])
        offset = Convert(self._small(I32, self._random.choice([1, 3])), U64)
        instrs.append(Set("p", Binary("add", Const(base, U64), offset, U64), self._at()))
        return Reg("p", U64)

    def _statement(self, instrs: list[Instr], kind: str, depth: int = 0) -> None:
        at, pick = self._at(), self._random.random()
        if pick < 0.16:
            instrs.append(Load("b", self._address(instrs), U8, False, at))
        elif pick < 0.32:
            address = self._address(instrs)
            instrs.append(Store(address, self._small(U8), U8, False, at))
        elif pick < 0.36:
            instrs.append(Store(self._address(instrs), self._small(I32), I32, False, at))
        elif pick < 0.44:
            op = self._random.choice(["xchg", "and", "or", "xor"])
            address, into = self._address(instrs), self._random.choice(["b", None])
            instrs.append(Rmw(op, into, address, self._small(U8), U8, False, at))
        elif pick < 0.48:
            instrs.append(Rmw("add", None, Const(COUNT, U64), Const(3, U8), U8, False, at))
        elif pick < 0.54:
            address, into = self._address(instrs), self._random.choice(["b", None])
            new, old = self._small(U8), self._small(U8)
            instrs.append(CmpXchg(into, address, old, new, U8, False, at))
        elif pick < 0.60:
            where = self._random.choice([POOL, POOL + 4, POOL + 4, 0, BYTES])
            instrs.append(Free(Const(where, U64), 4, False, at))
        elif pick < 0.68:
            name, ty = self._random.choice([("a", I32), ("b", U8), ("c", I64)])
            instrs.append(Set(name, self._small(ty), at))
        elif pick < 0.74:
            instrs.append(Yield(at) if kind == "task" else IrqSet(self._small(U8, 1), at))
        elif pick < 0.80:
            self._note(instrs, at)
        elif pick < 0.88 and depth < 2:
            self._loop(instrs, at)
        elif depth < 2:
            self._branch(instrs, kind, depth)

    def _note(self, instrs: list[Instr], at: Site) -> None:
        cond = self._small(I32, 1)
        made: list[Instr] = [
            Check(cond, "assert", "c", at),
            Assume(cond, at),
            Warned("w", at),
            Reach("there", at),
        ]
        instrs.append(self._random.choice(made))
        if self._random.random() < 0.1:
            where = len(instrs)
            instrs += [Branch(cond, where + 1, where + 2, at), Limit("a bound", at)]

    def _loop(self, instrs: list[Instr], at: Site) -> None:
        """A loop of local instructions with two ways through it; one in ten never ends."""
        turns = self._random.randint(1, 5)
        step = 0 if self._random.random() < 0.1 else 1
        instrs.append(Set("n", Const(0, I32), at))
        head = len(instrs)
        n = Reg("n", I32)
        instrs += [
            Branch(Binary("lt", n, Const(turns, I32), I32), head + 1, head + 5, at),
            Branch(self.expr(2), head + 2, head + 3, at),
            Set("a", Binary("and", Binary("add", Reg("a", I32), n, I32), Const(3, I32), I32), at),
            Set("n", Binary("add", n, Const(step, I32), I32), at),
            Jump(head, at),
            Pause(at),
        ]

    def _branch(self, instrs: list[Instr], kind: str, depth: int) -> None:
        where = len(instrs)
        instrs.append(Pause(self._at()))
        for _ in range(self._random.randint(1, 2)):
            self._statement(instrs, kind, depth + 1)
        instrs[where] = Branch(self.expr(2), where + 1, len(instrs), self._at())


def program(seed: int) -> Program:
    """The program of a seed."""
    return Rich(seed).program()
