"""Random litmus tests, straight in the IR; the seed decides everything."""

from collections.abc import Sequence
from functools import reduce
from random import Random

from klprove.ir.expressions import Binary, Const, Expr, Reg
from klprove.ir.instructions import (
    GHOST,
    PLAIN,
    Branch,
    End,
    Fence,
    Instr,
    Load,
    Pause,
    Report,
    Rmw,
    Set,
    Site,
    Store,
)
from klprove.ir.program import Code, Context, Object, Program
from klprove.ir.types import I32, U8, U64, Int
from klprove.source import Span
from tests.litmus.machine import Op, Outcome

SIZE = 8
_MEMORY, _ENDED, _KEPT, _STRIDE = 0x2000, 0x3000, 0x4000, 0x100
_KINDS = ["store"] * 4 + ["load"] * 4 + ["fence", "xchg", "add", "inc", "inc"]


def threads(seed: int) -> list[list[Op]]:
    """Two threads of one to four instructions, or three of one or two, on a few bytes; half of the
    seeds have accesses of many sizes that overlap."""
    random = Random(seed)
    count = random.choice([2, 2, 3])
    mixed = random.random() < 0.5
    longest = 4 if count == 2 else 2
    return [[_op(random, mixed) for _ in range(random.randint(1, longest))] for _ in range(count)]


def _op(random: Random, mixed: bool) -> Op:
    kind = random.choice(_KINDS)
    if kind == "fence":
        return Op(kind)
    size = random.choice([1, 2, 4, 8]) if mixed else 4
    addr = random.randrange(0, SIZE - size + 1) if mixed else random.choice([0, 4])
    value = random.choice([1, 2, 0x0102, 0xFF, 0x04030201]) % (1 << 8 * size)
    return Op(kind, addr, value, size)


def program(
    code: Sequence[Sequence[Op]], expected: Sequence[Outcome], seed: int, observed: int
) -> Program:
    """A program that reports the number of each outcome in `expected`, and `other` for any other.

    Some addresses are computed. Of memory, only `observed` bytes count, and nobody else reads it.
    """
    random = Random(seed)
    objects = [Object("memory", _MEMORY, bytes(SIZE)), Object("ended", _ENDED, bytes(1))]
    objects += [
        Object(f"kept{n}", _KEPT + n * _STRIDE, bytes(8 * len(each) + 8))
        for n, each in enumerate(code)
    ]
    contexts = [
        _Writer(number, len(code), random).context(each, expected, observed)
        for number, each in enumerate(code)
    ]
    return Program(cpus=len(code), objects=tuple(objects), contexts=tuple(contexts))


class _Writer:
    def __init__(self, number: int, count: int, random: Random) -> None:
        self._number, self._count, self._random = number, count, random
        self._registers: dict[str, Int] = {"p": U64, "n": U8, "b": U8, "w": U64}
        self._instrs: list[Instr] = []
        self._computes = random.random() < 0.25

    def _at(self) -> Site:
        return Site(Span("litmus.c", len(self._instrs) + 1, self._number + 1), ("f",))

    def context(self, code: Sequence[Op], expected: Sequence[Outcome], observed: int) -> Context:
        """The task of one thread."""
        filled = 0
        for op in code:
            filled += self._op(op, filled)
        self._instrs += [Pause(self._at()), Fence(self._at())]
        # A step of its own, also where a fence is none.
        self._instrs.append(Pause(self._at()))
        self._judge(expected, observed)
        self._instrs.append(End(self._at()))
        made = Code(tuple(self._instrs), self._registers)
        return Context("task", self._number, f"thread{self._number}", made, self._at())

    def _op(self, op: Op, filled: int) -> int:
        at, ty = self._at(), Int(8 * op.size, False)
        if op.kind == "fence":
            self._instrs.append(Fence(at))
            return 0
        addr: Expr = Const(_MEMORY + op.addr, U64)
        if self._computes and self._random.random() < 0.5:
            self._instrs.append(Set("p", addr, at))
            addr = Reg("p", U64)
        if op.kind == "store":
            self._instrs.append(Store(addr, Const(op.value, ty), ty, False, at))
            return 0
        held = f"r{op.size}"
        self._registers[held] = ty
        match op.kind:
            case "load":
                self._instrs.append(Load(held, addr, ty, False, at))
            case "inc":
                value = Const(op.value, ty)
                self._instrs.append(Rmw("add", held, addr, value, ty, False, at, PLAIN))
            case kind:
                self._instrs.append(Rmw(kind, held, addr, Const(op.value, ty), ty, False, at))
        place = Const(_kept(self._number, filled), U64)
        self._instrs.append(Store(place, Reg(held, ty), ty, True, at, GHOST))
        return 1

    def _judge(self, expected: Sequence[Outcome], observed: int) -> None:
        put, at = self._instrs.append, self._at()
        ended = Const(_ENDED, U64)
        put(Load("n", ended, U8, True, at))
        more = Binary("add", Reg("n", U8), Const(1, U8), U8)
        put(Store(ended, more, U8, True, at, GHOST))
        last = Binary("eq", Reg("n", U8), Const(self._count - 1, U8), U8)
        # Each outcome: two instructions that load nothing more; where they stand is known below.
        gate = len(self._instrs)
        put(Branch(last, 0, 0, at))
        terms = self._loads(expected, observed)
        for number, outcome in enumerate(expected):
            here = len(self._instrs)
            put(Branch(self._is(outcome, terms, observed), here + 1, here + 3, self._at()))
            put(Report(f"o{number}", self._at()))
            put(Branch(Const(1, I32), -1, -1, at))
        put(Report("other", self._at()))
        end = len(self._instrs)
        for index in range(gate, end):
            instr = self._instrs[index]
            if index == gate:
                self._instrs[index] = Branch(last, gate + 1, end, at)
            elif isinstance(instr, Branch) and instr.then == -1:
                self._instrs[index] = instr._replace(then=end, other=end)

    def _loads(self, expected: Sequence[Outcome], observed: int) -> list[list[str]]:
        """Loads every kept register and byte; their names, by thread and for memory last."""
        names: list[list[str]] = []
        for thread, values in enumerate(expected[0][0]):
            names.append([])
            for number in range(len(values)):
                name = f"k{thread}.{number}"
                self._registers[name] = U64
                place = Const(_kept(thread, number), U64)
                self._instrs.append(Load(name, place, U64, True, self._at()))
                names[-1].append(name)
        names.append([f"m{at}" for at in range(observed)])
        for at, name in enumerate(names[-1]):
            self._registers[name] = U8
            place = Const(_MEMORY + at, U64)
            self._instrs.append(Load(name, place, U8, True, self._at()))
        return names

    def _is(self, outcome: Outcome, names: list[list[str]], observed: int) -> Expr:
        registers, memory = outcome
        terms: list[Expr] = [
            Binary("eq", Reg(names[thread][number], U64), Const(value, U64), U64)
            for thread, values in enumerate(registers)
            for number, value in enumerate(values)
        ]
        terms += [
            Binary("eq", Reg(names[-1][at], U8), Const(memory[at], U8), U8)
            for at in range(observed)
        ]
        one: Expr = Const(1, I32)
        return reduce(lambda a, b: Binary("and", a, b, I32), terms, one)


def _kept(thread: int, number: int) -> int:
    return _KEPT + thread * _STRIDE + 8 * number
