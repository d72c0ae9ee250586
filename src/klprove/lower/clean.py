# SPDX-License-Identifier: GPL-2.0-or-later
"""The last pass over the code of a context: labels to indices, nothing superfluous left."""

from klprove.ir.expressions import (
    Binary,
    Const,
    Convert,
    Expr,
    Reg,
    Select,
    Unary,
    fold,
    registers,
)
from klprove.ir.instructions import Branch, CmpXchg, Instr, IrqGet, Jump, Rmw, Set
from klprove.ir.liveness import operands, successors, target
from klprove.ir.program import Code
from klprove.lower.builder import Builder


def resolve(builder: Builder) -> list[Instr]:
    """The instructions with every label replaced by the index it stands for."""
    positions = builder.positions
    found: list[Instr] = []
    for instr in builder.instrs:
        if isinstance(instr, Jump):
            instr = instr._replace(to=_placed(positions[instr.to]))
        elif isinstance(instr, Branch):
            then, other = _placed(positions[instr.then]), _placed(positions[instr.other])
            instr = instr._replace(then=then, other=other)
        found.append(instr)
    return found


def _placed(position: int | None) -> int:
    assert position is not None, "a label that was never placed"
    return position


def reachable(instrs: list[Instr]) -> set[int]:
    """Indices of the instructions that can be reached from the first."""
    seen, todo = {0}, [0]
    while todo:
        index = todo.pop()
        for each in successors(index, instrs[index]):
            if each not in seen:
                seen.add(each)
                todo.append(each)
    return seen


def clean(builder: Builder, instrs: list[Instr]) -> Code:
    """`instrs` without jumps to jumps, unreachable and unused instructions, densely numbered."""
    instrs = _drop_unused(_thread(instrs))
    instrs = _thread(_forward(instrs))
    used = _registers(instrs)
    types = {name: ty for name, ty in builder.registers.items() if name in used}
    return Code(tuple(instrs), types)


def _thread(instrs: list[Instr]) -> list[Instr]:
    """Every target is a real instruction; a Jump is left only where the text must be cut."""

    def past_jumps(index: int) -> int:
        seen = {index}
        while isinstance(instr := instrs[index], Jump) and instr.to not in seen:
            index = instr.to
            seen.add(index)
        return index

    def final(index: int) -> int:
        index = past_jumps(index)
        while isinstance(instr := instrs[index], Branch):
            then = past_jumps(instr.then)
            if then != past_jumps(instr.other) or then == index:
                break
            index = then
        return index

    start = final(0)
    todo, kept = [start], {start}
    while todo:
        index = todo.pop()
        for each in successors(index, instrs[index]):
            each = final(each)
            if each not in kept:
                kept.add(each)
                todo.append(each)
    order = [start, *sorted(kept - {start})]
    # First decide where a Jump has to stand, then number.
    layout: list[int | tuple[int, int]] = []
    for position, index in enumerate(order):
        layout.append(index)
        after = successors(index, instrs[index])
        if len(after) == 1 and not isinstance(instrs[index], Jump):
            to = final(after[0])
            if position + 1 == len(order) or order[position + 1] != to:
                layout.append((index, to))
    numbers = {index: number for number, index in enumerate(layout) if isinstance(index, int)}
    result: list[Instr] = []
    for entry in layout:
        if isinstance(entry, tuple):
            result.append(Jump(numbers[entry[1]], instrs[entry[0]].at))
            continue
        instr = instrs[entry]
        if isinstance(instr, Jump):
            instr = instr._replace(to=numbers[final(instr.to)])
        elif isinstance(instr, Branch):
            then, other = numbers[final(instr.then)], numbers[final(instr.other)]
            instr = instr._replace(then=then, other=other)
        result.append(instr)
    return result


def _registers(instrs: list[Instr]) -> set[str]:
    found = {reg.name for instr in instrs for part in operands(instr) for reg in registers(part)}
    return found | {dst for instr in instrs if (dst := target(instr)) is not None}


def _drop_unused(instrs: list[Instr]) -> list[Instr]:
    """Without assignments of registers whose values nothing needs before they are set again."""
    needed = _Needed(instrs)
    result: list[Instr] = []
    for index, instr in enumerate(instrs):
        dst = target(instr)
        if dst is not None and not needed(index, dst):
            if isinstance(instr, Set | IrqGet):
                # Keep the numbering: a jump to the next instruction goes away in _thread().
                instr = Jump(index + 1, instr.at)
            elif isinstance(instr, Rmw | CmpXchg):
                instr = instr._replace(dst=None)
        result.append(instr)
    return result


def _forward(instrs: list[Instr]) -> list[Instr]:
    """A value that only the next instruction needs is computed there, without a register."""
    needed = _Needed(instrs)
    entered = {to for i, instr in enumerate(instrs) for to in successors(i, instr) if to != i + 1}
    result = list(instrs)
    for index, following in enumerate(instrs[1:]):
        here = result[index]
        if not isinstance(here, Set) or index + 1 in entered or isinstance(following, Jump):
            continue
        uses = [r for part in operands(following) for r in registers(part) if r.name == here.dst]
        is_last = not needed(index + 1, here.dst) or target(following) == here.dst
        if is_last and (len(uses) == 1 or not isinstance(here.expr, Binary | Select)):
            result[index] = Jump(index + 1, here.at)
            result[index + 1] = _substitute(following, here.dst, here.expr)
    return result


def _substitute(instr: Instr, name: str, value: Expr) -> Instr:
    """`instr` with `value` in the place of register `name`."""

    def inside(expr: Expr) -> Expr:
        match expr:
            case Reg(name=each):
                return value if each == name else expr
            case Unary(op, arg, ty):
                return Unary(op, inside(arg), ty)
            case Binary(op, left, right, ty):
                return Binary(op, inside(left), inside(right), ty)
            case Convert(arg, ty):
                return Convert(inside(arg), ty)
            case Select(cond, then, other, ty):
                return Select(inside(cond), inside(then), inside(other), ty)
        return expr

    changes = {
        field: fold(inside(part))
        for field, part in zip(instr._fields, instr, strict=True)
        if isinstance(part, Const | Reg | Unary | Binary | Convert | Select)
    }
    return instr._replace(**changes)  # type: ignore[arg-type]


class _Needed:
    """Strongly live registers behind each instruction: what an unneeded Set reads is not needed.

    Dragon book, section 9.2.5, with the usual strengthening. Kept as one number an instruction, a
    bit a register, that only grows, so that the whole is a matter of passing on additions.
    """

    def __init__(self, instrs: list[Instr]) -> None:
        self._bits: dict[str, int] = {}
        self._after = [0] * len(instrs)
        reads = [self._read(each) for each in instrs]
        # What an instruction sets, and what it needs for that where nothing else needs it.
        sets = [self._bit(target(each)) for each in instrs]
        only = [bits if isinstance(i, Set) else 0 for i, bits in zip(instrs, reads, strict=True)]
        parents: list[list[int]] = [[] for _ in instrs]
        for index, instr in enumerate(instrs):
            for each in successors(index, instr):
                parents[each].append(index)
        before, after = [0] * len(instrs), self._after
        todo = [(i, bits) for i, bits in enumerate(reads) if bits and not only[i]]
        while todo:
            index, added = todo.pop()
            added &= ~before[index]
            if not added:
                continue
            before[index] |= added
            for parent in parents[index]:
                new = added & ~after[parent]
                after[parent] |= new
                if new & sets[parent]:
                    new = new & ~sets[parent] | only[parent]
                if new:
                    todo.append((parent, new))

    def __call__(self, index: int, name: str) -> bool:
        """True where the value of `name` behind the instruction at `index` may matter."""
        return bool(self._after[index] & self._bits.get(name, 0))

    def _bit(self, name: str | None) -> int:
        return 0 if name is None else self._bits.setdefault(name, 1 << len(self._bits))

    def _read(self, instr: Instr) -> int:
        bits = 0
        for part in operands(instr):
            for register in registers(part):
                bits |= self._bit(register.name)
        return bits
