# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads what the printer writes."""

import re

from klprove.ir.expressions import COMPARISONS, Binary, Const, Convert, Expr, Reg, Select, Unary
from klprove.ir.instructions import (
    LOCKED,
    ORDERS,
    PLAIN,
    Assume,
    Await,
    Branch,
    Check,
    Choose,
    CmpXchg,
    Free,
    Instr,
    IrqGet,
    IrqSet,
    Jump,
    Limit,
    Load,
    Reach,
    Report,
    Result,
    Rmw,
    Set,
    Site,
    Store,
    Warned,
)
from klprove.ir.lexer import Line
from klprove.ir.printer import BARE, SIGNS, SYMBOLS
from klprove.ir.program import Buffer, Code, Context, Leaf, Object, Program, Property, Wrap
from klprove.ir.types import BY_NAME, I32, PTR, Int
from klprove.source import BadInput, Diagnostic, Span

_OPERATIONS = {symbol: op for op, symbol in SYMBOLS.items()}
_UNARY = {sign: op for op, sign in SIGNS.items()}
_PLAIN = {word: kind for kind, word in BARE.items()}
_LARGEST_OBJECT = 1 << 28


def parse_ir(text: str, file: str = "<ir>") -> Program:
    """The program that `render` wrote as `text`.

    Raises BadInput, with the place in `file`, where the text is anything else.
    """
    numbered = enumerate(text.split("\n"), 1)
    lines = [Line(line, number, file) for number, line in numbered if line.strip()]
    if not lines:
        raise BadInput([Diagnostic("syntax", Span(file, 1, 1), "expected 'program'")])
    reader = _Reader(lines)
    try:
        return reader.program()
    except RecursionError:
        at = lines[min(reader.next, len(lines) - 1)].number
        text = "an expression is nested too deeply"
        raise BadInput([Diagnostic("large", Span(file, at, 1), text)]) from None


class _Reader:
    """The lines of a program, from the first to the last."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines, self.next = lines, 0
        self.options: set[str] = set()
        self.objects: list[Object] = []
        self.buffers: list[Buffer] = []
        self.wraps: list[Wrap] = []
        self.witnesses: list[str] = []
        self.functions: dict[int, str] = {}
        self.contexts: list[Context] = []
        self.properties: list[Property] = []

    def program(self) -> Program:
        first = self.line()
        first.expect("program")
        first.expect("cpus")
        cpus = first.integer()
        first.done()
        while self.next < len(self.lines):
            self.part(self.line())
        return Program(
            cpus=cpus,
            objects=tuple(self.objects),
            contexts=tuple(self.contexts),
            properties=tuple(self.properties),
            wraps=tuple(self.wraps),
            witnesses=tuple(self.witnesses),
            functions=self.functions,
            hardware_nmi="hardware_nmi" in self.options,
            preempt="preempt" in self.options,
            tso="tso" in self.options,
            buffers=tuple(self.buffers),
        )

    def line(self) -> Line:
        self.next += 1
        return self.lines[self.next - 1]

    def follows(self, word: str) -> bool:
        """True where the next line begins with `word`; that word is taken."""
        return self.next < len(self.lines) and self.lines[self.next].accept(word)

    def part(self, line: Line) -> None:
        match line.take("word"):
            case "option":
                if line.peek() not in ("hardware_nmi", "preempt", "tso"):
                    line.fail("unknown option")
                self.options.add(line.take("word"))
            case "object":
                self.object(line)
            case "buffer":
                self.buffer(line)
            case "wrap":
                self.wraps.append(Wrap(line.integer(), line.type(), line.integer()))
            case "witness":
                self.witnesses.append(line.name())
            case "function":
                addr = line.integer()
                self.functions[addr] = line.name()
            case "context":
                self.context(line)
            case "property":
                self.property(line)
            case _:
                line.next = 0
                line.fail("expected a context, a property or a part of memory")
        line.done()

    def object(self, line: Line) -> None:
        addr, size, name = line.integer(), line.integer(), line.name()
        cpu = line.integer() if line.accept("cpu") else None
        readonly = line.accept("readonly")
        granule = line.integer() if line.accept("granule") else 0
        if not 0 <= size <= _LARGEST_OBJECT:
            line.fail(f"an object of {size} bytes", 1)
        init = _content(self.line(), size) if self.follows("init") else bytes(size)
        leaves = []
        while self.follows("leaf"):
            each = self.line()
            leaves.append(Leaf(each.integer(), each.type(), each.string()))
            each.done()
        self.objects.append(Object(name, addr, init, cpu, tuple(leaves), readonly, granule))

    def buffer(self, line: Line) -> None:
        addr = line.integer()
        line.expect("cpu")
        cpu = line.integer()
        line.expect("entries")
        entries, tag, value = line.integer(), line.type(), line.type()
        width = line.integer()
        self.buffers.append(Buffer(addr, cpu, entries, tag, value, width, line.accept("bounded")))

    def context(self, line: Line) -> None:
        kind, name = line.name(), line.name()
        line.expect("cpu")
        cpu, at = line.integer(), line.site()
        self.contexts.append(Context(kind, cpu, name, self.code(), at))

    def property(self, line: Line) -> None:
        kind, name = line.name(), line.name()
        cpu = line.integer() if line.accept("cpu") else None
        at = line.site()
        self.properties.append(Property(kind, name, cpu, self.code(), at))

    def code(self) -> Code:
        """Registers and instructions, up to the next line that begins with another word."""
        registers: dict[str, Int] = {}
        while self.follows("registers"):
            line = self.line()
            while line.kind == "reg":
                name = line.reg()
                registers[name] = line.suffix(None)
            line.done()
        instrs: list[Instr] = []
        while self.next < len(self.lines) and self.lines[self.next].kind == "number":
            line = self.line()
            if line.integer() != len(instrs):
                line.fail(f"expected instruction {len(instrs)}", line.tokens[0].column)
            instrs.append(_instr(line, registers))
            line.done()
        return Code(tuple(instrs), registers)


def _content(line: Line, size: int) -> bytes:
    data = bytearray()
    for found in list(re.finditer(r"\S+", line.text))[1:]:
        word = found[0]
        try:
            zeros = int(word[2:]) if word.startswith("0*") else -1
            data += bytes.fromhex(word) if zeros < 0 else bytes(min(zeros, size + 1))
        except ValueError:
            line.fail("expected bytes in hexadecimal", found.start() + 1)
    if len(data) != size:
        line.fail(f"these are not {size} bytes", 1)
    line.next = len(line.tokens)
    return bytes(data)


def _instr(line: Line, registers: dict[str, Int]) -> Instr:
    at = line.site()
    fused = line.accept("fused")
    order = next((each for each in ORDERS if line.accept(each)), "")
    dst = None
    if line.kind == "reg":
        dst = line.reg()
        line.expect("=")
        if not order and (line.kind != "word" or line.peek() in BY_NAME):
            return Set(dst, _expr(line, registers.get(dst)), at)
    word = line.take("word")
    found = _memory(line, word, dst, fused, order, at)
    if found is None and not fused and not order:
        found = _other(line, word, at) if dst is None else _assigned(line, word, dst, at)
    if found is None:
        line.next -= 1
        line.fail(f"unknown instruction '{word}'")
    return found


def _memory(
    line: Line, word: str, dst: str | None, fused: bool, order: str, at: Site
) -> Instr | None:
    match word:
        case "load" if dst is not None and not order:
            ty, addr = line.type(), _place(line)
            return Load(dst, addr, ty, fused, at)
        case "store" if dst is None:
            ty, addr = line.type(), _place(line)
            return Store(addr, _value(line, ty), ty, fused, at, order or PLAIN)
        case "rmw":
            op, ty, addr = line.take("word"), line.type(), _place(line)
            return Rmw(op, dst, addr, _value(line, ty), ty, fused, at, order or LOCKED)
        case "cmpxchg":
            ty, addr = line.type(), _place(line)
            old, new = _value(line, ty), _value(line, ty)
            return CmpXchg(dst, addr, old, new, ty, fused, at, order or LOCKED)
        case "free" if dst is None and not order:
            addr = _place(line)
            return Free(addr, _integer(line), fused, at)
    return None


def _assigned(line: Line, word: str, dst: str, at: Site) -> Instr | None:
    match word:
        case "irq_get":
            return IrqGet(dst, at)
        case "choose":
            return Choose(dst, line.integer(), at)
    return None


def _other(line: Line, word: str, at: Site) -> Instr | None:
    if word in _PLAIN:
        plain: Instr = _PLAIN[word](at)
        return plain
    match word:
        case "irq_set":
            return IrqSet(_expr(line), at)
        case "await":
            return Await(_expr(line), at)
        case "jump":
            return Jump(line.integer(), at)
        case "branch":
            return Branch(_expr(line), _integer(line), _integer(line), at)
        case "check":
            cond = _expr(line)
            line.expect(",")
            code = line.name()
            line.expect(",")
            return Check(cond, code, line.string(), at)
        case "report":
            return Report(line.name(), at)
        case "warned":
            return Warned(line.string(), at)
        case "reach":
            return Reach(line.name(), at)
        case "assume":
            return Assume(_expr(line), at)
        case "limit":
            return Limit(line.string(), at)
        case "result":
            return Result(_expr(line), at)
    return None


def _place(line: Line) -> Expr:
    line.expect("[")
    addr = _expr(line, PTR)
    line.expect("]")
    return addr


def _value(line: Line, expected: Int) -> Expr:
    line.expect(",")
    return _expr(line, expected)


def _integer(line: Line) -> int:
    line.expect(",")
    return line.integer()


def _expr(line: Line, expected: Int | None = None) -> Expr:
    if line.kind == "number":
        value = line.integer()
        return Const(value, line.suffix(expected))
    if line.kind == "reg":
        name = line.reg()
        return Reg(name, line.suffix(expected))
    if line.peek() in BY_NAME:
        ty = line.type()
        line.expect("(")
        arg = _expr(line)
        line.expect(")")
        return Convert(arg, ty)
    return _unary(line, expected) if line.peek() in _UNARY else _group(line, expected)


def _unary(line: Line, expected: Int | None) -> Expr:
    op = _UNARY[line.take("sign")]
    ty = line.suffix_behind(None if op == "lnot" else expected)
    line.expect("(")
    arg = _expr(line, ty)
    line.expect(")")
    line.suffix(ty)
    return Unary(op, arg, ty)


def _group(line: Line, expected: Int | None) -> Expr:
    """`(left op right)` or `(cond ? then : other)`, and the type behind it."""
    if line.peek() != "(":
        line.fail("expected an expression")
    ty = line.suffix_behind(expected or I32)
    line.expect("(")
    # A condition is written with all its types, so it may be read as if it were of type `ty`.
    left = _expr(line, ty)
    op = _OPERATIONS.get(line.peek())
    if op is not None:
        line.next += 1
        found: Expr = Binary(op, left, _expr(line, ty), ty)
    else:
        line.expect("?")
        then = _expr(line, ty)
        line.expect(":")
        found = Select(left, then, _expr(line, ty), ty)
    line.expect(")")
    line.suffix(None if op in COMPARISONS else expected)
    return found
