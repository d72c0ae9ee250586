# SPDX-License-Identifier: GPL-2.0-or-later
"""Where everything lies in memory: addresses of variables, of functions, of strings."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from klprove.c import Unit, VariableDecl
from klprove.c.types import Array, CType, Integer, Record, Void, leaves
from klprove.ir.program import Leaf, Object, Wrap
from klprove.ir.types import I8, Int
from klprove.lower.survey import Survey
from klprove.source import BadInput, Diagnostic, plain

FIRST = 0x10000000
RED_ZONE = 16
FUNCTIONS = 0x70000000
FUNCTION_STEP = 16
MOST_LEAVES = 256
LARGEST = 1 << 24

Request: TypeAlias = tuple[str | bytes, int]
"""The name of a function or the text of a string, and the address that it was given."""


@dataclass
class Variable:
    """A variable in memory; `addr` is that of CPU 0's copy."""

    declaration: VariableDecl
    addr: int
    type: CType
    is_percpu: bool
    is_const: bool

    @property
    def size(self) -> int:
        """Size in bytes of one copy."""
        return self.type.size


class Layout:
    """Addresses. Per-CPU variables come last, CPU by CPU, at one distance (`stride`)."""

    def __init__(self, unit: Unit, survey: Survey, cpus: int) -> None:
        self.cpus = cpus
        self.variables: dict[int, Variable] = {}
        self.strings: dict[bytes, int] = {}
        self.functions: dict[int, str] = {}
        self.requests: list[Request] = []
        """Every address asked for, in order: strings lie in the order in which they were."""
        names = dict.fromkeys((*unit.functions, *unit.declared))
        self._numbers = {name: number for number, name in enumerate(names)}
        self._freed = survey.freed
        order = {key: number for number, key in enumerate(unit.variables)}
        keys = sorted(survey.variables, key=lambda key: order.get(key, len(order)))
        shared = [key for key in keys if "percpu" not in survey.variables[key].annotations]
        percpu = [key for key in keys if "percpu" in survey.variables[key].annotations]
        at = FIRST
        for key in shared:
            at = self._put(key, survey.variables[key], at, False)
        at = base = -(-at // 0x1000) * 0x1000
        for key in percpu:
            at = self._put(key, survey.variables[key], at, True)
        self._percpu = base
        self._ordered = list(self.variables.values())
        self.stride = -(-(at - base) // 0x100) * 0x100
        self._next_string = base + self.stride * cpus

    def _put(self, key: int, declaration: VariableDecl, at: int, is_percpu: bool) -> int:
        node = declaration.node
        size = node.type.size
        if size > LARGEST:
            text = f"'{declaration.name}' has {size} bytes"
            hint = "make it smaller: every byte is part of the state"
            raise BadInput([Diagnostic("large", node.span, text, hint)])
        constant = node.is_const and not is_percpu
        self.variables[key] = Variable(declaration, at, node.type, is_percpu, constant)
        return -(-(at + max(size, 1) + RED_ZONE) // 16) * 16

    def function(self, name: str) -> int:
        """The address of a function."""
        address = FUNCTIONS + FUNCTION_STEP * self._numbers[name]
        self.functions[address] = name
        self.requests.append((name, address))
        return address

    def string(self, text: bytes) -> int:
        """The address of a string literal."""
        address = self.strings.get(text)
        if address is None:
            address = self.strings[text] = self._next_string
            size = len(text) + 1
            self._next_string = -(-(address + size + RED_ZONE) // 16) * 16
        self.requests.append((text, address))
        return address

    def repeats(self, requests: Iterable[Request]) -> bool:
        """Ask again for what was asked of another layout; True where the answers are the same."""
        return all(
            (self.string(what) if isinstance(what, bytes) else self.function(what)) == address
            for what, address in requests
        )

    def string_at(self, addr: int) -> bytes | None:
        """The bytes of the string literal that holds `addr`, from there on."""
        if addr >= self._percpu + self.stride * self.cpus:
            for text, start in self.strings.items():
                data = text + b"\0"
                if start <= addr < start + len(data):
                    return data[addr - start :]
        return None

    def variable_at(self, addr: int) -> Variable | None:
        """The variable that holds `addr`, in any of its copies."""
        if addr >= self._percpu and self.stride:
            addr = self._percpu + (addr - self._percpu) % self.stride
        index = bisect_right(self._ordered, addr, key=lambda each: each.addr) - 1
        if index < 0:
            return None
        found = self._ordered[index]
        return found if addr < found.addr + found.size else None

    def copies(self, variable: Variable) -> range:
        """The addresses of all copies of `variable`."""
        if not variable.is_percpu:
            return range(variable.addr, variable.addr + 1)
        return range(variable.addr, variable.addr + self.cpus * self.stride, self.stride)

    def objects(self, variable: Variable, init: bytes) -> list[Object]:
        """The objects of the program that `variable` becomes."""
        scalars: list[Leaf] = []
        for offset, ty, path in leaves(variable.type):
            if len(scalars) == MOST_LEAVES:
                break
            scalars.append(Leaf(offset, ty, path))
        return [
            Object(
                variable.declaration.name,
                addr,
                init,
                cpu if variable.is_percpu else None,
                tuple(scalars),
                variable.is_const,
                self._granule(variable),
            )
            for cpu, addr in enumerate(self.copies(variable))
        ]

    def string_objects(self) -> list[Object]:
        """The objects of the string literals."""
        return [
            Object(_quoted(text), addr, text + b"\0", None, (Leaf(0, I8, ""),), True)
            for text, addr in self.strings.items()
        ]

    def _granule(self, variable: Variable) -> int:
        element = variable.type
        while isinstance(element, Array):
            element = element.element
        for freed in self._freed:
            if freed is element or (isinstance(freed, Void) and not variable.is_percpu):
                return element.size
        return 0

    def wraps(self, variable: Variable) -> list[Wrap]:
        """The assumptions on integers in `variable`, one for each copy and element."""
        found = [
            (offset, ty, bits)
            for annotation in variable.declaration.annotations
            if (bits := wrap_bits(annotation))
            for offset, ty, _ in leaves(variable.type)
        ]
        found += field_wraps(variable.type, 0)
        return [
            Wrap(addr + offset, ty, min(bits, ty.bits))
            for addr in self.copies(variable)
            for offset, ty, bits in dict.fromkeys(found)
        ]


def _quoted(text: bytes) -> str:
    return f'"{plain(text.decode("utf-8", "surrogateescape"))}"'


def wrap_bits(annotation: str) -> int:
    """The number of bits of a `wraps` attribute, 0 for another attribute."""
    word, _, bits = annotation.partition(":")
    return int(bits, 0) if word == "wraps" and bits.isdigit() else 0


def field_wraps(ctype: CType, base: int) -> list[tuple[int, Int, int]]:
    """Offset, type and bits of every member in `ctype` that wraps."""
    found: list[tuple[int, Int, int]] = []
    match ctype:
        case Array(element=element, count=count):
            if not isinstance(element, Integer):
                inner = field_wraps(element, 0)
                for index in range(count if inner else 0):
                    found += [(base + index * element.size + at, ty, n) for at, ty, n in inner]
        case Record(fields=fields):
            for field in fields:
                for bits in filter(None, map(wrap_bits, field.annotations)):
                    at = base + field.offset
                    found += [(at + offset, ty, bits) for offset, ty, _ in leaves(field.type)]
                found += field_wraps(field.type, base + field.offset)
    return found
