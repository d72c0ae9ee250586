"""Random programs in which interrupts count modulo 4, and others look at the counter: its lowest
bit, whether it has changed, and in every fourth program more. The seed decides everything."""

from dataclasses import replace

from klprove.ir.expressions import Binary, Const, Convert, Reg
from klprove.ir.instructions import Atomic, Await, Branch, Instr, Load, Report, Rmw, Store
from klprove.ir.program import Code, Leaf, Object, Program, Wrap
from klprove.ir.types import I32, U32, U64
from tests.engine.generated import Generator

COUNTER = 0x3000


def is_told(seed: int) -> bool:
    """True for programs that show the counter itself."""
    return seed % 4 == 3


class Counting(Generator):
    """Writes one program."""

    def __init__(self, seed: int, cpus: int, home: int) -> None:
        super().__init__(seed, cpus, home, telling=True)
        self._told = is_told(seed)

    def counting(self) -> Program:
        """A whole program."""
        made = self.program()
        counter = Object("n", COUNTER, bytes(4), leaves=(Leaf(0, I32, ""),))
        more = {"c": I32, "s": I32, "old": U32}
        contexts = tuple(
            replace(each, code=Code(each.code.instrs, {**each.code.registers, **more}))
            for each in made.contexts
        )
        wraps = (Wrap(COUNTER, I32, 2),)
        objects = (*made.objects, counter)
        return replace(made, contexts=contexts, objects=objects, wraps=wraps, properties=())

    def _statement(self, instrs: list[Instr], kind: str, depth: int = 0) -> None:
        pick = self._random.random()
        at, where = self._at(), Const(COUNTER, U64)
        if pick < 0.25 and kind != "task":
            step = Const(self._random.randint(1, 2), U32)
            instrs.append(Rmw("add", "old", where, step, U32, False, at))
            after = Binary("add", Convert(Reg("old", U32), I32), Const(1, I32), I32)
            self._if(instrs, Binary("and", after, Const(1, I32), I32), "odd-count")
        elif pick < 0.35:
            instrs.append(Load("c", where, I32, False, at))
            self._if(instrs, Binary("and", Reg("c", I32), Const(1, I32), I32), "odd-look")
        elif pick < 0.5:
            self._compare(instrs, kind, depth)
        elif pick < 0.6 and self._told:
            instrs.append(Load("c", where, I32, False, at))
            self._if(instrs, Binary("eq", Reg("c", I32), Const(3, I32), I32), "three")
        elif pick < 0.65 and self._told:
            instrs.append(Load("c", where, I32, False, at))
            instrs.append(Store(self._variable(), Reg("c", I32), I32, False, at))
        else:
            super()._statement(instrs, kind, depth)

    def _compare(self, instrs: list[Instr], kind: str, depth: int) -> None:
        """A copy of the counter, and later whether it has changed; or a wait until it has."""
        at, where = self._at(), Const(COUNTER, U64)
        instrs.append(Load("s", where, I32, False, at))
        if depth < 2:
            super()._statement(instrs, kind, 2)
        at = self._at()
        changed = Binary("ne", Reg("c", I32), Reg("s", I32), I32)
        if kind == "task" and self._random.random() < 0.4:
            instrs += [Atomic(at), Load("c", where, I32, True, at), Await(changed, at)]
        else:
            instrs.append(Load("c", where, I32, False, at))
            self._if(instrs, changed, "changed")

    def _if(self, instrs: list[Instr], cond: Binary, code: str) -> None:
        at, here = self._at(), len(instrs)
        instrs += [Branch(cond, here + 1, here + 2, at), Report(code, at)]


def program(seed: int) -> Program:
    """The program of a seed: one task a CPU, interrupts on one of them."""
    cpus = 2 if seed % 5 else 3
    return Counting(seed, cpus, [0, 1, 0, cpus - 1][seed % 4]).counting()
