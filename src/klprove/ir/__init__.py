# SPDX-License-Identifier: GPL-2.0-or-later
"""The intermediate representation: steps of at most one shared access, in a control-flow graph."""

from typing import TYPE_CHECKING, Any

from klprove.ir.expressions import (
    Binary,
    Const,
    Convert,
    Expr,
    Reg,
    Select,
    Unary,
    evaluate,
    fold,
    registers,
    type_of,
)
from klprove.ir.instructions import (
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
    Memory,
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
    visible,
)
from klprove.ir.printer import render, render_code, render_expr, render_instr
from klprove.ir.program import KINDS, Buffer, Code, Context, Leaf, Object, Program, Property, Wrap
from klprove.ir.types import BY_NAME, I8, I16, I32, I64, PTR, U8, U16, U32, U64, Int
from klprove.ir.verify import verify

if TYPE_CHECKING:
    from klprove.ir.parser import parse_ir

__all__ = [
    "BY_NAME",
    "I8",
    "I16",
    "I32",
    "I64",
    "KINDS",
    "PTR",
    "U8",
    "U16",
    "U32",
    "U64",
    "Assume",
    "Atomic",
    "Await",
    "Binary",
    "Branch",
    "Buffer",
    "Check",
    "Choose",
    "CmpXchg",
    "Code",
    "Const",
    "Context",
    "Convert",
    "End",
    "Expr",
    "Fence",
    "Free",
    "Halt",
    "Instr",
    "Int",
    "IrqGet",
    "IrqSet",
    "Jump",
    "Leaf",
    "Limit",
    "Load",
    "Memory",
    "Object",
    "Pause",
    "Program",
    "Property",
    "Reach",
    "Reg",
    "Report",
    "Result",
    "Rmw",
    "Select",
    "Set",
    "Site",
    "Store",
    "Unary",
    "UnmaskNmi",
    "Warned",
    "Wrap",
    "Yield",
    "evaluate",
    "fold",
    "parse_ir",
    "registers",
    "render",
    "render_code",
    "render_expr",
    "render_instr",
    "type_of",
    "verify",
    "visible",
]


def __getattr__(name: str) -> Any:
    if name != "parse_ir":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from klprove.ir.parser import parse_ir  # programs come from C; only tests read them as text

    return parse_ir
