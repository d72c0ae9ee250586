# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernels, from restricted Python to LLVM.

Restricted: functions of `int` and of arrays (`Bytes`, `Cells`, `Words`), local variables that are
integers of 64 bits, `while`, `for ... in range(a, b, c)`, `if`, `return`, subscripts, arithmetic
that fits 64 bits, comparisons (signed), `and`, `or`, `not`. A name in capitals is a constant of the
module. Anything else is refused, so that what runs under CPython means the same here.
"""

import ast
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from klprove.engine.native.builtin import BUILT_IN
from klprove.engine.native.text import Text

_ELEMENTS = {"Bytes": "i8", "Cells": "i32", "Words": "i64"}
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.FloorDiv: "sdiv",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.BitXor: "xor",
    ast.LShift: "shl",
    ast.RShift: "ashr",
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "slt",
    ast.LtE: "sle",
    ast.Gt: "sgt",
    ast.GtE: "sge",
}
_CONSTANT = ("objects", "cut", "joins")
"""Arrays that the module of a program defines."""
_APART = ("fold", "unfold")
"""Functions that are large and called in several places: each is compiled once."""
_GENERATED = ("expand", "holds", "signed")
"""Functions of the kernels that are made for a program, or that only CPython needs."""


def lower(
    sources: Iterable[str],
    constants: Mapping[str, int],
    given: Collection[str] = (),
    arrays: Mapping[str, str] | None = None,
    variables: Collection[str] = (),
) -> str:
    """LLVM text of the functions of some modules; `constants` override those that they set.

    `given`: functions that are not lowered from their text, beside those of `builtin.py`. `arrays`:
    arrays of the module, with the type of their elements; the address of each is in a variable of
    its name. `variables`: names in capitals that are no constants, but variables of the module.
    """
    body = [each for source in sources for each in ast.parse(source).body]
    known = {**_constants(body), **constants}
    known = {name: value for name, value in known.items() if name not in variables}
    functions = [each for each in body if isinstance(each, ast.FunctionDef)]
    signatures = {each.name: _signature(each) for each in functions}
    named = {name: _ELEMENTS[element] for name, element in (arrays or {}).items()}
    return "\n".join(
        str(_Function(each, known, signatures, named).text)
        for each in functions
        if f"@{each.name}(" not in BUILT_IN and each.name not in (*_GENERATED, *given)
    )


def _constants(body: list[ast.stmt]) -> dict[str, int]:
    """Values of the names in capitals that modules assign."""
    space: dict[str, int] = {}
    for each in body:
        if isinstance(each, ast.Assign):
            target, value = each.targets[0], _literal(each.value)
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            values = value if isinstance(target, ast.Tuple) else [value]
            space |= {ast.unparse(n): v for n, v in zip(names, values, strict=True)}
    return space


def _literal(node: ast.expr) -> Any:
    """The value of a constant of a module; shifts are the only arithmetic."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.LShift):
        return ast.literal_eval(node.left) << ast.literal_eval(node.right)
    return ast.literal_eval(node)


def _signature(function: ast.FunctionDef) -> list[tuple[str, str]]:
    """Name and element type of each parameter; an integer has none."""
    return [
        (each.arg, _ELEMENTS.get(ast.unparse(each.annotation or ast.Constant(0)), ""))
        for each in function.args.args
    ]


class _Function:
    """One function being lowered."""

    def __init__(
        self,
        function: ast.FunctionDef,
        constants: Mapping[str, int],
        signatures: Mapping[str, list[tuple[str, str]]],
        named: Mapping[str, str],
    ) -> None:
        self._constants, self._signatures, self._named = constants, signatures, named
        self._arrays = {name: (f"@{name}", "i64") for name in _CONSTANT}
        self._places: dict[str, str] = {}
        self._loops: list[str] = []
        own = signatures[function.name]
        params = [f"{'ptr' if element else 'i64'} %{name}" for name, element in own]
        self.text = Text(function.name, params, apart=function.name in _APART)
        for name, element in own:
            if element:
                self._arrays[name] = (f"%{name}", element)
            else:
                self._assign(name, f"%{name}")
        self._body(function.body)
        if self.text.open:
            self.text.put("unreachable")

    # -- statements ---------------------------------------------------------------

    def _body(self, statements: list[ast.stmt]) -> None:
        for each in statements:
            self._statement(each)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._assign(name, self._value(value))
            case ast.Assign(targets=[ast.Subscript() as target], value=value):
                array, element, where = self._element(target)
                self._store(array, element, where, self._value(value))
            case ast.Return(value=ast.expr() as value):
                self.text.ret(f"i64 {self._value(value)}")
            case ast.Expr(value=ast.Constant()):
                pass
            case ast.Expr(value=value):
                self._value(value)
            case ast.If(test=test, body=body, orelse=other):
                self._if(test, body, other)
            case ast.While(test=test, body=body, orelse=[]):
                self._while(test, body)
            case ast.For(
                target=ast.Name(id=name),
                iter=ast.Call(func=ast.Name(id="range"), args=[low, high, step]),
                body=body,
            ):
                self._for(name, low, high, step, body)
            case _:
                raise TypeError(f"a kernel cannot say {ast.unparse(node)}")

    def _assign(self, name: str, value: str) -> None:
        if name not in self._places:
            self._places[name] = self.text.slot("i64")
        self.text.put(f"store i64 {value}, ptr {self._places[name]}")

    def _if(self, test: ast.expr, body: list[ast.stmt], other: list[ast.stmt]) -> None:
        yes, no, end = self.text.label(), self.text.label(), self.text.label()
        self._truth(test, yes, no)
        self.text.place(yes)
        self._body(body)
        if self.text.open:
            self.text.jump(end)
        self.text.place(no)
        self._body(other)
        self.text.place(end)

    def _while(self, test: ast.expr, body: list[ast.stmt]) -> None:
        again, inside, end = self.text.label(), self.text.label(), self.text.label()
        self.text.place(again)
        self._truth(test, inside, end)
        self.text.place(inside)
        self._body(body)
        if self.text.open:
            self.text.jump(again)
        self.text.place(end)

    def _for(
        self, name: str, low: ast.expr, high: ast.expr, step: ast.expr, body: list[ast.stmt]
    ) -> None:
        """A loop over a range; as in Python, its end is computed once, and the body cannot move
        it on."""
        text = self.text
        end, counter = self._value(high), text.slot("i64")
        text.put(f"store i64 {self._value(low)}, ptr {counter}")
        again, inside, out = text.label(), text.label(), text.label()
        text.place(again)
        now = text.op(f"load i64, ptr {counter}")
        text.branch(text.op(f"icmp slt i64 {now}, {end}"), inside, out)
        text.place(inside)
        self._assign(name, now)
        self._body(body)
        if text.open:
            text.put(f"store i64 {text.op(f'add i64 {now}, {self._value(step)}')}, ptr {counter}")
            text.jump(again)
        text.place(out)

    # -- expressions --------------------------------------------------------------

    def _value(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=int(value)):
                return str(int(value))
            case ast.Name(id=name) if name in self._constants:
                return str(self._constants[name])
            case ast.Name(id=name) if name.isupper():
                return self.text.op(f"load i64, ptr @{name}")
            case ast.Name(id=name) if name in self._places:
                return self.text.op(f"load i64, ptr {self._places[name]}")
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                a, b = self._value(left), self._value(right)
                return self.text.op(f"{_OPERATORS[type(op)]} i64 {a}, {b}")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.text.op(f"sub i64 0, {self._value(operand)}")
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return self.text.op(f"xor i64 {self._value(operand)}, -1")
            case ast.Subscript():
                array, element, where = self._element(node)
                return self._load(array, element, where)
            case ast.IfExp(test=test, body=body, orelse=other):
                return self._choice(test, body, other)
            case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return self._choice(node, ast.Constant(1), ast.Constant(0))
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._call(name, args)
        raise TypeError(f"a kernel cannot compute {ast.unparse(node)}")

    def _choice(self, test: ast.expr, then: ast.expr, other: ast.expr) -> str:
        text, place = self.text, self.text.slot("i64")
        yes, no, end = text.label(), text.label(), text.label()
        self._truth(test, yes, no)
        for label, value in ((yes, then), (no, other)):
            text.place(label)
            text.put(f"store i64 {self._value(value)}, ptr {place}")
            text.jump(end)
        text.place(end)
        return text.op(f"load i64, ptr {place}")

    def _truth(self, node: ast.expr, yes: str, no: str) -> None:
        """Go to `yes` where `node` is true, else to `no`."""
        match node:
            case ast.BoolOp(op=op, values=[*first, last]):
                for each in first:
                    on = self.text.label()
                    is_and = isinstance(op, ast.And)
                    self._truth(each, on if is_and else yes, no if is_and else on)
                    self.text.place(on)
                self._truth(last, yes, no)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self._truth(operand, no, yes)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                a, b = self._value(left), self._value(right)
                self.text.branch(
                    self.text.op(f"icmp {_COMPARISONS[type(op)]} i64 {a}, {b}"), yes, no
                )
            case ast.Compare():
                raise TypeError(f"a kernel cannot compare {ast.unparse(node)}")
            case _:
                self.text.branch(self.text.op(f"icmp ne i64 {self._value(node)}, 0"), yes, no)

    def _call(self, name: str, args: list[ast.expr]) -> str:
        given = [
            f"ptr {self._array(ast.unparse(each))[0]}" if element else f"i64 {self._value(each)}"
            for each, (_, element) in zip(args, self._signatures[name], strict=True)
        ]
        return self.text.op(f"call i64 @{name}({', '.join(given)})")

    # -- arrays ---------------------------------------------------------------------

    def _element(self, node: ast.Subscript) -> tuple[str, str, str]:
        """Array, type of its elements, index."""
        where = self._value(node.slice)
        return *self._array(ast.unparse(node.value)), where

    def _array(self, name: str) -> tuple[str, str]:
        """An array and the type of its elements."""
        if name in self._named:
            return self.text.op(f"load ptr, ptr @{name}"), self._named[name]
        return self._arrays[name]

    def _load(self, array: str, element: str, where: str) -> str:
        at = self.text.op(f"getelementptr {element}, ptr {array}, i64 {where}")
        found = self.text.op(f"load {element}, ptr {at}")
        return found if element == "i64" else self.text.op(f"zext {element} {found} to i64")

    def _store(self, array: str, element: str, where: str, value: str) -> None:
        at = self.text.op(f"getelementptr {element}, ptr {array}, i64 {where}")
        if element != "i64":
            value = self.text.op(f"trunc i64 {value} to {element}")
        self.text.put(f"store {element} {value}, ptr {at}")
