# SPDX-License-Identifier: GPL-2.0-or-later
"""What every program must satisfy, whoever made it. The engines rely on all of it."""

from collections.abc import Iterator
from itertools import pairwise

from klprove.ir.expressions import (
    ARITHMETIC,
    COMPARISONS,
    UNARY,
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
    MEMORY,
    ORDERS,
    Assume,
    Atomic,
    Await,
    Branch,
    Check,
    Choose,
    CmpXchg,
    End,
    Free,
    Halt,
    Instr,
    IrqGet,
    IrqSet,
    Jump,
    Limit,
    Load,
    Reach,
    Result,
    Rmw,
    Set,
    Store,
    Yield,
    visible,
)
from klprove.ir.liveness import successors
from klprove.ir.program import KINDS, PROPERTIES, Buffer, Code, Context, Object, Program, Property
from klprove.ir.types import PTR, Int

_UPDATES = ("xchg", "add", "and", "or", "xor")
_LAST = (Jump, Branch, End, Halt, Limit, Result)


def verify(program: Program) -> list[str]:
    """Every error of `program`, each as one line that names its place; empty for a sound one."""
    return list(_program(program))


def _program(program: Program) -> Iterator[str]:
    if program.cpus < 1:
        yield "program: no CPU"
    if not program.contexts:
        yield "program: no context"
    yield from _memory(program)
    if len(set(program.witnesses)) != len(program.witnesses):
        yield "program: a witness is listed twice"
    for context in program.contexts:
        where = f"context {context.name} on cpu {context.cpu}"
        for error in _context(context, program):
            yield f"{where}: {error}"
    for prop in program.properties:
        where = f"{prop.kind} {prop.name}"
        for error in _property(prop, program):
            yield f"{where}: {error}"


def _memory(program: Program) -> Iterator[str]:
    objects = sorted(program.objects, key=lambda each: each.addr)
    for each in objects:
        where = f"object {each.name}"
        if not each.init:
            yield f"{where}: has no bytes"
        if each.addr <= 0 or each.end > 1 << 64:
            yield f"{where}: does not lie between null and the end of memory"
        if each.cpu is not None and not 0 <= each.cpu < program.cpus:
            yield f"{where}: there is no cpu {each.cpu}"
        if each.granule < 0 or (each.granule and len(each.init) % each.granule):
            yield f"{where}: granule {each.granule} does not divide its size"
        for leaf in each.leaves:
            if leaf.offset < 0 or leaf.offset + leaf.ty.size > len(each.init):
                yield f"{where}: leaf {leaf.path} lies outside"
    for low, high in pairwise(objects):
        if low.end > high.addr:
            yield f"object {high.name}: overlaps {low.name}"
    for number, buffer in enumerate(program.buffers):
        yield from _buffer(program, number, buffer)
    for wrap in program.wraps:
        if _holder(objects, wrap.addr, wrap.ty.size) is None:
            yield f"wrap {wrap.addr:#x}: lies in no object"
        if not 0 < wrap.bits <= wrap.ty.bits:
            yield f"wrap {wrap.addr:#x}: {wrap.ty} has no {wrap.bits} bits to count in"
    for addr, name in program.functions.items():
        if _holder(objects, addr, 1) is not None:
            yield f"function {name}: its address lies in an object"


def _buffer(program: Program, number: int, each: Buffer) -> Iterator[str]:
    where = f"buffer {each.addr:#x}"
    if not program.tso:
        yield f"{where}: memory has no store buffers without option tso"
    if not 0 <= each.cpu < program.processors:
        yield f"{where}: there is no cpu {each.cpu}"
    if each.tag.signed or each.value.signed or each.width not in (0, 1, 2, 4, 8):
        yield f"{where}: no such entries"
    if each.entries < 1 or _holder(list(program.objects), each.addr, each.size) is None:
        yield f"{where}: does not lie in an object"
    drains = [each for each in program.contexts if each.cpu == program.processors + number]
    if [each.kind for each in drains] != ["task"]:
        yield f"{where}: its cpu has not one task, which drains it"


def _holder(objects: list[Object], addr: int, size: int) -> Object | None:
    return next((each for each in objects if each.addr <= addr and addr + size <= each.end), None)


def _context(context: Context, program: Program) -> Iterator[str]:
    if context.kind not in KINDS:
        yield f"no such kind of context: {context.kind}"
    if not 0 <= context.cpu < program.cpus:
        yield f"there is no cpu {context.cpu}"
    yield from _code(context.code)
    for index, instr in enumerate(context.code.instrs):
        if isinstance(instr, Result):
            yield f"{index}: only a property has a result"
        if isinstance(instr, Reach) and instr.name not in program.witnesses:
            yield f"{index}: {instr.name} is not among the witnesses"
        if isinstance(instr, Yield) and context.kind != "task":
            yield f"{index}: only a task can yield"


def _property(prop: Property, program: Program) -> Iterator[str]:
    if prop.kind not in PROPERTIES:
        yield f"no such kind of property: {prop.kind}"
    if prop.cpu is not None and not 0 <= prop.cpu < program.cpus:
        yield f"there is no cpu {prop.cpu}"
    yield from _code(prop.code)
    for index, instr in enumerate(prop.code.instrs):
        if visible(instr):
            yield f"{index}: a property is evaluated at one instant, without a step"
        elif isinstance(instr, MEMORY) and not isinstance(instr, Load):
            yield f"{index}: a property only reads memory"
        elif isinstance(instr, Reach | Await):
            yield f"{index}: a property has no {type(instr).__name__.lower()}"


def _code(code: Code) -> Iterator[str]:
    if not code.instrs:
        yield "no instructions"
        return
    for index, instr in enumerate(code.instrs):
        for error in (*_operands(instr, code), *_targets(instr, code)):
            yield f"{index}: {error}"
    if not isinstance(code.instrs[-1], _LAST):
        yield f"{len(code.instrs) - 1}: the run falls off the end"
    yield from _flow(code)


def _targets(instr: Instr, code: Code) -> Iterator[str]:
    match instr:
        case Jump(to):
            targets: tuple[int, ...] = (to,)
        case Branch(_, then, other):
            targets = (then, other)
        case _:
            targets = ()
    for to in targets:
        if not 0 <= to < len(code.instrs):
            yield f"there is no instruction {to}"


def _operands(instr: Instr, code: Code) -> Iterator[str]:
    """Errors of the registers and expressions of `instr`."""
    if isinstance(instr, MEMORY):
        yield from _expr(instr.addr, code, PTR)
    match instr:
        case Store(order=order) | Rmw(order=order) | CmpXchg(order=order) if order not in ORDERS:
            yield f"no such way to memory: {order}"
    match instr:
        case Load(dst, _, ty):
            yield from _into(dst, code, ty)
        case Store(_, value, ty):
            yield from _expr(value, code, ty)
        case Rmw(op, dst, _, value, ty):
            if op not in _UPDATES:
                yield f"no such update: {op}"
            yield from _expr(value, code, ty)
            yield from _into(dst, code, ty)
        case CmpXchg(dst, _, expected, value, ty):
            yield from _expr(expected, code, ty)
            yield from _expr(value, code, ty)
            yield from _into(dst, code, ty)
        case Free(_, size):
            if size < 1:
                yield f"frees {size} bytes"
        case Choose(dst, count):
            yield from _into(dst, code)
            held = code.registers.get(dst)
            if count < 1 or (held is not None and held.wrap(count - 1) != count - 1):
                yield f"cannot choose among {count}"
        case IrqGet(dst):
            yield from _into(dst, code)
        case Set(dst, expr):
            yield from _expr(expr, code, code.registers.get(dst))
            yield from _into(dst, code)
        case IrqSet(value) | Result(value):
            yield from _expr(value, code)
        case Await(cond) | Branch(cond) | Check(cond) | Assume(cond):
            yield from _expr(cond, code)


def _into(dst: str | None, code: Code, ty: Int | None = None) -> Iterator[str]:
    if dst is None:
        return
    declared = code.registers.get(dst)
    if declared is None:
        yield f"register {dst} is not declared"
    elif ty is not None and declared != ty:
        yield f"register {dst} is {declared}, not {ty}"


def _expr(expr: Expr, code: Code, wanted: Int | None = None) -> Iterator[str]:
    """Errors of `expr`, and whether its type is `wanted`."""
    match expr:
        case Const(value, ty):
            if ty.wrap(value) != value:
                yield f"{value} is outside {ty}"
        case Reg(name, ty):
            yield from _into(name, code, ty)
        case Convert(arg):
            yield from _expr(arg, code)
        case Unary(op, arg, ty):
            if op not in UNARY:
                yield f"no such operation: {op}"
            yield from _expr(arg, code, ty)
        case Binary(op, left, right, ty):
            if op not in ARITHMETIC + COMPARISONS:
                yield f"no such operation: {op}"
            yield from _expr(left, code, ty)
            yield from _expr(right, code, ty)
        case Select(cond, then, other, ty):
            yield from _expr(cond, code)
            yield from _expr(then, code, ty)
            yield from _expr(other, code, ty)
    if wanted is not None and type_of(expr) != wanted:
        yield f"a value of type {type_of(expr)} where {wanted} is wanted"


def _flow(code: Code) -> Iterator[str]:
    """Errors of the awaits, and loops that no step and no end can be reached from."""
    inside, outside = regions(code)
    for index in sorted(inside | outside):
        instr = code.instrs[index]
        if index in outside and isinstance(instr, Await):
            yield f"{index}: an await outside the step that an atomic begins"
        if index in inside and visible(instr):
            yield f"{index}: a step begins inside an await"
        if index in inside and isinstance(instr, Result | Limit):
            yield f"{index}: the run ends inside an await"
    stops = _stopping(code)
    for index in sorted((inside | outside) - stops):
        yield f"{index}: neither a step nor an end can be reached from here"


def _after(code: Code, index: int) -> list[int]:
    """Where the run goes on after `index`; targets outside the code are reported elsewhere."""
    return [to for to in successors(index, code.instrs[index]) if 0 <= to < len(code.instrs)]


def regions(code: Code) -> tuple[set[int], set[int]]:
    """Instructions that can be reached inside an await, and those that can be outside."""
    seen: dict[bool, set[int]] = {True: set(), False: set()}
    work = [(0, False)]
    while work:
        index, within = work.pop()
        if index in seen[within]:
            continue
        seen[within].add(index)
        instr = code.instrs[index]
        if isinstance(instr, Atomic):
            within = True
        elif isinstance(instr, Await) or visible(instr):
            within = False
        work += [(to, within) for to in _after(code, index)]
    return seen[True], seen[False]


def _stopping(code: Code) -> set[int]:
    """Instructions from which a step begins or the run ends, on some path."""
    found = {
        index
        for index, instr in enumerate(code.instrs)
        if visible(instr) or isinstance(instr, Limit | Result) or not _after(code, index)
    }
    before: dict[int, list[int]] = {}
    for index in range(len(code.instrs)):
        for to in _after(code, index):
            before.setdefault(to, []).append(index)
    work = list(found)
    while work:
        for index in before.get(work.pop(), ()):
            if index not in found:
                found.add(index)
                work.append(index)
    return found
