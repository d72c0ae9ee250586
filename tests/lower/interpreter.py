"""A sequential machine for one context: memory as a dictionary of bytes, one instruction a time."""

from klprove.ir.expressions import apply_binary, evaluate
from klprove.ir.instructions import (
    Assume,
    Await,
    Branch,
    Check,
    Choose,
    CmpXchg,
    End,
    Free,
    Instr,
    IrqGet,
    IrqSet,
    Jump,
    Load,
    Result,
    Rmw,
    Set,
    Store,
)
from klprove.ir.program import Code, Program
from klprove.ir.types import Int

MOST_STEPS = 1_000_000


class Violated(Exception):
    """A check failed."""


class Machine:
    """Runs code of one program to its end; choose() always gives 0."""

    def __init__(self, program: Program) -> None:
        self.memory = {
            each.addr + offset: byte
            for each in program.objects
            for offset, byte in enumerate(each.init)
        }
        self.irqs = 1
        self.accesses: list[str] = []

    def run(self, code: Code) -> int:
        """Run to the End; the value of a Result, else 0."""
        registers: dict[str, int] = {}
        index = 0
        for _ in range(MOST_STEPS):
            instr = code.instrs[index]
            if isinstance(instr, End):
                return 0
            if isinstance(instr, Result):
                return evaluate(instr.value, registers)
            index = self._step(instr, index, registers)
        raise AssertionError("the program does not end")

    def _step(self, instr: Instr, index: int, registers: dict[str, int]) -> int:
        def value(expr: object) -> int:
            return evaluate(expr, registers)  # type: ignore[arg-type]

        match instr:
            case Load(dst, addr, ty, fused):
                registers[dst] = self.read(value(addr), ty)
                self.accesses.append(f"{'fused ' * fused}load {value(addr):#x}")
            case Store(addr, new, ty, fused):
                self.accesses.append(f"{'fused ' * fused}store {value(addr):#x}")
                self.write(value(addr), value(new), ty)
            case Rmw(op, dst, addr, operand, ty):
                old, given = self.read(value(addr), ty), value(operand)
                if dst is not None:
                    registers[dst] = old
                new_value = given if op == "xchg" else apply_binary(op, old, given, ty)
                self.write(value(addr), new_value, ty)
            case CmpXchg(dst, addr, expected, new, ty):
                old, given = self.read(value(addr), ty), value(new)
                if old == value(expected):
                    self.write(value(addr), given, ty)
                if dst is not None:
                    registers[dst] = old
            case Free(addr, size):
                for each in range(value(addr), value(addr) + size):
                    del self.memory[each]
            case Set(dst, expr):
                registers[dst] = value(expr)
            case Choose(dst):
                registers[dst] = 0
            case IrqSet(new):
                self.irqs = int(value(new) != 0)
            case IrqGet(dst):
                registers[dst] = self.irqs
            case Jump(to):
                return to
            case Branch(cond, then, other):
                return then if value(cond) else other
            case Check(cond, _, text):
                if not value(cond):
                    raise Violated(f"{instr.at.span}: {text}")
            case Await(cond) | Assume(cond):
                assert value(cond), "blocked for ever"
        return index + 1

    def read(self, addr: int, ty: Int) -> int:
        """The integer at `addr`; a KeyError for one outside all objects."""
        data = bytes(self.memory[addr + each] for each in range(ty.size))
        return int.from_bytes(data, "little", signed=ty.signed)

    def write(self, addr: int, new: int, ty: Int) -> None:
        """Write an integer."""
        data = (new & (1 << ty.bits) - 1).to_bytes(ty.size, "little")
        for offset, byte in enumerate(data):
            assert addr + offset in self.memory, f"a store to {addr:#x}"
            self.memory[addr + offset] = byte
