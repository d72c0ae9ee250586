# SPDX-License-Identifier: GPL-2.0-or-later
"""A control-flow graph under construction: instructions whose jumps go to labels."""

from klprove.ir.expressions import Const, Expr
from klprove.ir.instructions import Branch, Instr, Jump, Site
from klprove.ir.types import Int


class Builder:
    """Instructions in order. What cannot be reached when it is emitted is dropped."""

    def __init__(self) -> None:
        self.instrs: list[Instr] = []
        self.positions: list[int | None] = []
        """Of each label: the index of the instruction that it stands before."""
        self.registers: dict[str, Int] = {}
        self.alive = True
        self.changes = 0
        """Goes up with everything that is emitted or placed."""
        self._used: set[int] = set()
        self._placed: set[int] = set()
        self._names: dict[str, int] = {}

    def register(self, name: str, ty: Int) -> str:
        """A new register, called `name` or, where that is taken, `name.2`, `name.3` ..."""
        while True:
            count = self._names[name] = self._names.get(name, 0) + 1
            unique = name if count == 1 else f"{name}.{count}"
            if unique not in self.registers:
                self.registers[unique] = ty
                return unique

    def label(self) -> int:
        """A new label, to be placed later."""
        self.positions.append(None)
        return len(self.positions) - 1

    def place(self, label: int, *, entered: bool = False) -> None:
        """`label` stands here; `entered` when jumps to it may still come."""
        self.positions[label] = len(self.instrs)
        self._placed.add(len(self.instrs))
        self.alive = self.alive or entered or label in self._used
        self.changes += 1

    def emit(self, instr: Instr) -> None:
        """Append one instruction."""
        if self.alive:
            self.instrs.append(instr)
            self.changes += 1

    def end(self, instr: Instr) -> None:
        """Append an instruction after which nothing follows."""
        self.emit(instr)
        self.alive = False

    def jump(self, label: int, at: Site) -> None:
        """Go on at `label`."""
        if self.alive:
            self._used.add(label)
        self.end(Jump(label, at))

    def branch(self, cond: Expr, then: int, other: int, at: Site) -> None:
        """Go on at `then` where `cond` is not zero, else at `other`."""
        if isinstance(cond, Const):
            self.jump(then if cond.value else other, at)
            return
        if self.alive:
            self._used |= {then, other}
        self.end(Branch(cond, then, other, at))

    def is_labelled(self) -> bool:
        """True where a label stands behind the last instruction."""
        return len(self.instrs) in self._placed

    def undo(self, mark: int) -> None:
        """Drop the instructions from index `mark` on; no label may stand after it."""
        del self.instrs[mark:]
        self.alive = True
