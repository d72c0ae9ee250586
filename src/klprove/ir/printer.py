# SPDX-License-Identifier: GPL-2.0-or-later
"""The readable form of a program, one line an instruction; `parse_ir` reads it back.

A type is written where it cannot be inferred: `5` in the place of an i32 is an i32, elsewhere it
is `5:i32`. Comparisons and `!` have type i32, so what they carry is the type of their operands.
"""

import json
import re
from collections.abc import Iterator

from klprove.ir.expressions import (
    COMPARISONS,
    Binary,
    Const,
    Convert,
    Expr,
    Reg,
    Select,
    Unary,
)
from klprove.ir.instructions import (
    LOCKED,
    MEMORY,
    PLAIN,
    Assume,
    Atomic,
    Await,
    Branch,
    Check,
    Choose,
    CmpXchg,
    End,
    Fence,
    Free,
    Halt,
    Instr,
    IrqGet,
    IrqSet,
    Jump,
    Limit,
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
    Warned,
    Yield,
)
from klprove.ir.program import Buffer, Code, Object, Program
from klprove.ir.types import PTR, U64, Int

SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "rem": "%", "and": "&", "or": "|", "xor": "^",
    "shl": "<<", "shr": ">>", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
}  # fmt: skip
"""How each binary operation is written."""

SIGNS = {"neg": "-", "not": "~", "lnot": "!"}
"""How each unary operation is written, in front of its operand in parentheses."""

BARE: dict[type, str] = {
    UnmaskNmi: "unmask_nmi", Yield: "yield", Atomic: "atomic", Halt: "halt", Pause: "pause",
    End: "end", Fence: "fence",
}  # fmt: skip
"""Instructions that have no operand."""

WORD = r"[A-Za-z_.$][\w.$]*"
"""What needs no quotes as a name."""

FILE = r"[\w./+<>-]+"
"""What needs no quotes as a file name."""


def render(program: Program) -> str:
    """`program` as text: memory first, then every context and property, instruction by
    instruction, each with `; file:line:column` and the inlined calls that lead to it."""
    return "\n".join(_program(program)) + "\n"


def render_code(code: Code, program: Program | None = None) -> str:
    """Registers and instructions of `code`; with `program`, fixed addresses are named."""
    return "\n".join(_code(code, program)) + "\n"


def render_expr(expr: Expr, expected: Int | None = None) -> str:
    """`expr` as it is written where a value of type `expected` is wanted."""
    match expr:
        case Const(value, ty):
            shown = hex(value) if ty == U64 and value >= 0x1000 else str(value)
            return shown + _suffix(ty, expected)
        case Reg(name, ty):
            return _reg(name) + _suffix(ty, expected)
        case Convert(arg, ty):
            return f"{ty}({render_expr(arg)})"
        case Unary(op, arg, ty):
            kept = None if op == "lnot" else expected
            return f"{SIGNS.get(op, op)}({render_expr(arg, ty)}){_suffix(ty, kept)}"
        case Binary(op, left, right, ty):
            kept = None if op in COMPARISONS else expected
            inner = f"{render_expr(left, ty)} {SYMBOLS.get(op, op)} {render_expr(right, ty)}"
            return f"({inner}){_suffix(ty, kept)}"
        case Select(cond, then, other, ty):
            inner = f"{render_expr(cond)} ? {render_expr(then, ty)} : {render_expr(other, ty)}"
            return f"({inner}){_suffix(ty, expected)}"


def render_instr(instr: Instr, code: Code) -> str:
    """`instr` of `code`, without its index and its place."""
    bare = BARE.get(type(instr))
    if bare is not None:
        return bare
    if isinstance(instr, MEMORY):
        return ("fused " if instr.fused else "") + _order(instr) + _memory(instr)
    match instr:
        case IrqSet(value):
            return f"irq_set {render_expr(value)}"
        case IrqGet(dst):
            return f"{_reg(dst)} = irq_get"
        case Choose(dst, count):
            return f"{_reg(dst)} = choose {count}"
        case Await(cond):
            return f"await {render_expr(cond)}"
        case Set(dst, expr):
            return f"{_reg(dst)} = {render_expr(expr, code.registers.get(dst))}"
        case Jump(to):
            return f"jump {to}"
        case Branch(cond, then, other):
            return f"branch {render_expr(cond)}, {then}, {other}"
        case Check(cond, name, text):
            return f"check {render_expr(cond)}, {_word(name)}, {json.dumps(text)}"
        case Report(name):
            return f"report {_word(name)}"
        case Warned(text):
            return f"warned {json.dumps(text)}"
        case Reach(name):
            return f"reach {_word(name)}"
        case Assume(cond):
            return f"assume {render_expr(cond)}"
        case Limit(text):
            return f"limit {json.dumps(text)}"
        case Result(value):
            return f"result {render_expr(value)}"
    raise TypeError(f"not an instruction: {instr!r}")


def _order(instr: Load | Store | Rmw | CmpXchg | Free) -> str:
    """How the write reaches memory, where that is not what its kind usually does."""
    match instr:
        case Store(order=order):
            return "" if order == PLAIN else f"{order} "
        case Rmw(order=order) | CmpXchg(order=order):
            return "" if order == LOCKED else f"{order} "
    return ""


def _memory(instr: Load | Store | Rmw | CmpXchg | Free) -> str:
    place = f"[{render_expr(instr.addr, PTR)}]"
    match instr:
        case Load(dst, _, ty):
            return f"{_reg(dst)} = load {ty} {place}"
        case Store(_, value, ty):
            return f"store {ty} {place}, {render_expr(value, ty)}"
        case Rmw(op, dst, _, value, ty):
            return f"{_into(dst)}rmw {op} {ty} {place}, {render_expr(value, ty)}"
        case CmpXchg(dst, _, expected, value, ty):
            values = f"{render_expr(expected, ty)}, {render_expr(value, ty)}"
            return f"{_into(dst)}cmpxchg {ty} {place}, {values}"
        case Free(_, size):
            return f"free {place}, {size}"


def _program(program: Program) -> Iterator[str]:
    yield f"program cpus {program.cpus}"
    for option in ("hardware_nmi", "preempt", "tso"):
        if getattr(program, option):
            yield f"option {option}"
    for each in program.objects:
        yield from _object(each)
    for buffer in program.buffers:
        yield _buffer(buffer)
    for wrap in program.wraps:
        yield f"wrap {wrap.addr:#x} {wrap.ty} {wrap.bits}"
    for name in program.witnesses:
        yield f"witness {_word(name)}"
    for addr, name in program.functions.items():
        yield f"function {addr:#x} {_word(name)}"
    for context in program.contexts:
        head = f"context {_word(context.kind)} {_word(context.name)} cpu {context.cpu}"
        yield ""
        yield f"{head} ; {_site(context.at)}"
        yield from _code(context.code, program)
    for prop in program.properties:
        cpu = "" if prop.cpu is None else f" cpu {prop.cpu}"
        yield ""
        yield f"property {_word(prop.kind)} {_word(prop.name)}{cpu} ; {_site(prop.at)}"
        yield from _code(prop.code, program)


def _object(each: Object) -> Iterator[str]:
    words = [f"object {each.addr:#x}", str(len(each.init)), _word(each.name)]
    if each.cpu is not None:
        words.append(f"cpu {each.cpu}")
    if each.readonly:
        words.append("readonly")
    if each.granule:
        words.append(f"granule {each.granule}")
    yield " ".join(words)
    if any(each.init):
        yield f"  init {_bytes(each.init)}"
    for leaf in each.leaves:
        yield f"  leaf {leaf.offset} {leaf.ty} {json.dumps(leaf.path)}"


def _buffer(each: Buffer) -> str:
    fields = f"{each.tag} {each.value} {each.width}"
    head = f"buffer {each.addr:#x} cpu {each.cpu} entries {each.entries} {fields}"
    return head + (" bounded" if each.is_bounded else "")


def _bytes(data: bytes) -> str:
    """`data` in hexadecimal; a run of zeros is written `0*LENGTH`."""
    runs = re.findall(rb"\0{5,}|(?:(?!\0{5})[\0-\xff]){1,8}", data)
    return " ".join(run.hex() if any(run) or len(run) < 5 else f"0*{len(run)}" for run in runs)


def _code(code: Code, program: Program | None) -> Iterator[str]:
    names = [f"{_reg(name)}:{ty}" for name, ty in code.registers.items()]
    for start in range(0, len(names), 8):
        yield "  registers " + " ".join(names[start : start + 8])
    for index, instr in enumerate(code.instrs):
        line = f"{index:5}  {render_instr(instr, code):<40} ; {_site(instr.at)}"
        if program is not None and isinstance(instr, MEMORY) and isinstance(instr.addr, Const):
            # For the reader only: the parser drops what stands behind the sharp.
            named = program.describe(instr.addr.value)
            line += " # " + re.sub(r"[^ -~]", "?", named)
        yield line


def _site(at: Site) -> str:
    span = at.span
    file = span.file if re.fullmatch(FILE, span.file, re.ASCII) else json.dumps(span.file)
    calls = ">".join(map(_word, at.calls))
    return f"{file}:{span.line}:{span.column} {calls}".rstrip()


def _suffix(ty: Int, expected: Int | None) -> str:
    return "" if ty == expected else f":{ty}"


def _word(name: str) -> str:
    return name if re.fullmatch(WORD, name, re.ASCII) else json.dumps(name)


def _reg(name: str) -> str:
    return "%" + _word(name)


def _into(dst: str | None) -> str:
    return "" if dst is None else f"{_reg(dst)} = "
