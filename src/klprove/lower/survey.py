# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program uses: a walk over everything its contexts and properties can reach."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from klprove.c import FunctionDecl, Node, Unit, VariableDecl
from klprove.c.types import CType, Pointer
from klprove.source import plain


@dataclass
class Survey:
    """Everything that the functions reached so far refer to."""

    unit: Unit
    functions: dict[str, FunctionDecl] = field(default_factory=dict)
    addressed: dict[str, FunctionDecl] = field(default_factory=dict)
    """Functions whose address is taken: what a call through a pointer may reach."""
    variables: dict[int, VariableDecl] = field(default_factory=dict)
    """In the order of the text; locals with static storage after the function's callees."""
    witnesses: dict[str, None] = field(default_factory=dict)
    freed: list[CType] = field(default_factory=list)
    """What the arguments of kfree() point to."""

    def reach(self, roots: Iterable[FunctionDecl]) -> "Survey":
        """Walk from `roots`."""
        todo = list(roots)
        while todo:
            function = todo.pop()
            if function.name in self.functions:
                continue
            self.functions[function.name] = function
            if function.body is not None:
                self._walk(function.body, function.name, todo)
        return self

    def _walk(self, node: Node, function: str, todo: list[FunctionDecl]) -> None:
        if node.kind == "DECL_REF_EXPR":
            self._reference(node, todo)
        elif node.kind == "VAR_DECL":
            if node.is_static:
                self._variable(VariableDecl(f"{function}.{node.name}", [node]), todo)
                return
        elif node.kind == "CALL_EXPR" and self._call(node, function, todo):
            return
        for part in node.parts:
            self._walk(part, function, todo)

    def _call(self, node: Node, function: str, todo: list[FunctionDecl]) -> bool:
        callee = node.children[0].bare if node.children else None
        if callee is None or callee.kind != "DECL_REF_EXPR" or callee.target is None:
            return False
        if callee.target.kind != "FUNCTION_DECL":
            return False
        arguments = node.children[1:]
        if callee.name == "__klprove_reach" and arguments:
            if (name := arguments[0].bare.text) is not None:
                self.witnesses.setdefault(plain(name))
        elif callee.name == "__klprove_kfree" and arguments:
            pointed = arguments[0].bare.type
            if isinstance(pointed, Pointer):
                self.freed.append(pointed.target)
        if callee.name in self.unit.declared:
            todo.append(self.unit.declared[callee.name])
        for each in arguments:
            self._walk(each, function, todo)
        return True

    def _reference(self, node: Node, todo: list[FunctionDecl]) -> None:
        target = node.target
        if target is None:
            return
        if target.kind == "FUNCTION_DECL":
            function = self.unit.declared.get(target.name)
            if function is not None and function.body is not None:
                self.addressed.setdefault(function.name, function)
                todo.append(function)
        elif target.kind == "VAR_DECL" and target.key in self.unit.variables:
            self._variable(self.unit.variables[target.key], todo)

    def _variable(self, variable: VariableDecl, todo: list[FunctionDecl]) -> None:
        key = variable.node.key
        if key in self.variables:
            return
        self.variables[key] = variable
        for annotation in variable.annotations:
            word, _, hook = annotation.partition(":")
            if word == "on_read" and hook in self.unit.declared:
                todo.append(self.unit.declared[hook])
        if variable.node.initialiser is not None:
            self._walk(variable.node.initialiser, variable.name, todo)
