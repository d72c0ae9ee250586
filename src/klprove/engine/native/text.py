# SPDX-License-Identifier: GPL-2.0-or-later
"""LLVM IR as text, one function at a time.

Only what the emitters need: numbered values and labels, and loads and stores at byte offsets.
Text is many times cheaper to make than a tree of builder objects. LLVM Language Reference, "Module
Structure" and "Instruction Reference".
"""

from collections.abc import Sequence


class Text:
    """The body of one LLVM function."""

    def __init__(
        self, name: str, params: Sequence[str], result: str = "i64", apart: bool = False
    ) -> None:
        """`apart`: not to be copied to where it is called, since it is large."""
        attributes = "noinline nounwind" if apart else "nounwind"
        self._head = f"define internal {result} @{name}({', '.join(params)}) {attributes} {{"
        self._slots: list[str] = []
        self._lines: list[str] = []
        self._next = 0
        self.open = True
        """False after a terminator, until a label is placed."""

    def __str__(self) -> str:
        return "\n".join([self._head, "entry:", *self._slots, *self._lines, "}", ""])

    def put(self, text: str) -> None:
        """An instruction without a result."""
        self._lines.append("  " + text)

    def op(self, text: str) -> str:
        """An instruction with a result, and the name of it."""
        self._next += 1
        self._lines.append(f"  %t{self._next} = {text}")
        return f"%t{self._next}"

    def slot(self, ty: str) -> str:
        """A variable on the stack."""
        self._next += 1
        self._slots.append(f"  %t{self._next} = alloca {ty}")
        return f"%t{self._next}"

    # -- control ----------------------------------------------------------------

    def label(self) -> str:
        """A fresh label, to be placed later."""
        self._next += 1
        return f"L{self._next}"

    def place(self, label: str) -> None:
        """What follows runs where control goes to `label`."""
        if self.open:
            self.jump(label)
        self._lines.append(f"{label}:")
        self.open = True

    def jump(self, label: str) -> None:
        """Go to `label`."""
        self.put(f"br label %{label}")
        self.open = False

    def branch(self, cond: str, then: str, other: str) -> None:
        """Go to `then` where the i1 `cond` is true, else to `other`."""
        self.put(f"br i1 {cond}, label %{then}, label %{other}")
        self.open = False

    def ret(self, value: str) -> None:
        """Return `value`, written with its type."""
        self.put(f"ret {value}")
        self.open = False

    # -- memory -------------------------------------------------------------------

    def at(self, base: str, offset: str | int) -> str:
        """The address `offset` bytes after `base`."""
        if offset == 0:
            return base
        return self.op(f"getelementptr i8, ptr {base}, i64 {offset}")

    def load(self, ty: str, base: str, offset: str | int = 0) -> str:
        """The value of type `ty` at an offset; no alignment is assumed."""
        return self.op(f"load {ty}, ptr {self.at(base, offset)}, align 1")

    def store(self, ty: str, value: str, base: str, offset: str | int = 0) -> None:
        """`value` goes to an offset."""
        self.put(f"store {ty} {value}, ptr {self.at(base, offset)}, align 1")

    def clear(self, base: str, offset: int, size: int) -> None:
        """`size` bytes at an offset become zero."""
        if size > 0:
            where = self.at(base, offset)
            self.put(f"call void @llvm.memset.p0.i64(ptr {where}, i8 0, i64 {size}, i1 false)")

    def copy(self, to: str, source: str, size: int) -> None:
        """`size` bytes, which do not overlap."""
        self.put(f"call void @llvm.memcpy.p0.p0.i64(ptr {to}, ptr {source}, i64 {size}, i1 false)")


INTRINSICS = """\
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare i32 @memcmp(ptr, ptr, i64)
declare i8 @llvm.usub.sat.i8(i8, i8)
declare i64 @llvm.usub.sat.i64(i64, i64)
"""
