# SPDX-License-Identifier: GPL-2.0-or-later
"""The few functions of libclang's C API that its Python binding lacks, or offers slowly."""

import sys
from ctypes import (
    CFUNCTYPE,
    POINTER,
    byref,
    c_char_p,
    c_int,
    c_longlong,
    c_uint,
    c_ulonglong,
    c_void_p,
)
from typing import Any

from clang.cindex import Cursor, SourceLocation, callbacks, conf
from clang.cindex import _CXString as String
from clang.cindex import c_object_p as Handle

_lib: Any = conf.lib

BINARY = (
    "", ".*", "->*", "*", "/", "%", "+", "-", "<<", ">>", "<=>", "<", ">", "<=", ">=", "==", "!=",
    "&", "^", "|", "&&", "||", "=", "*=", "/=", "%=", "+=", "-=", "<<=", ">>=", "&=", "^=", "|=",
    ",",
)  # fmt: skip
"""Spelling of each CXBinaryOperatorKind."""
UNARY = (
    "",
    "x++",
    "x--",
    "++x",
    "--x",
    "&",
    "*",
    "+",
    "-",
    "~",
    "!",
    "__real",
    "__imag",
    "__extension__",
    "co_await",
)
"""Spelling of each CXUnaryOperatorKind; a postfix operator is written with its operand."""


def _declare(name: str, arguments: list[Any], result: Any) -> Any:
    return CFUNCTYPE(result, *arguments)((name, _lib))


_binary = _declare("clang_getCursorBinaryOperatorKind", [Cursor], c_int)
_unary = _declare("clang_getCursorUnaryOperatorKind", [Cursor], c_int)
_initialiser = _declare("clang_Cursor_getVarDeclInitializer", [Cursor], Cursor)
_inlined = _declare("clang_Cursor_isFunctionInlined", [Cursor], c_uint)
_printed = _declare("clang_getCursorPrettyPrinted", [Cursor, c_void_p], String)
_evaluate = _declare("clang_Cursor_Evaluate", [Cursor], c_void_p)
_result_kind = _declare("clang_EvalResult_getKind", [c_void_p], c_int)
_result_signed = _declare("clang_EvalResult_getAsLongLong", [c_void_p], c_longlong)
_result_is_unsigned = _declare("clang_EvalResult_isUnsignedInt", [c_void_p], c_uint)
_result_unsigned = _declare("clang_EvalResult_getAsUnsigned", [c_void_p], c_ulonglong)
_result_dispose = _declare("clang_EvalResult_dispose", [c_void_p], None)
_place = _declare(
    "clang_getFileLocation",
    [SourceLocation, POINTER(Handle), POINTER(c_uint), POINTER(c_uint), POINTER(c_uint)],
    None,
)
_location = _declare("clang_getCursorLocation", [Cursor], SourceLocation)
_file_name = _declare("clang_getFileName", [Handle], String)
_string = _declare("clang_getCString", [String], c_char_p)
_spelling = _declare("clang_getCursorSpelling", [Cursor], String)
_referenced = _declare("clang_getCursorReferenced", [Cursor], Cursor)
_canonical = _declare("clang_getCanonicalCursor", [Cursor], Cursor)
_visit = _lib.clang_visitChildren


def _text(string: Any) -> str:
    value: bytes | None = _string(string)
    return value.decode("utf-8", "replace") if value else ""


# The binding's class frees a returned string when it is collected.
for _each in (_printed, _file_name, _spelling):
    _each.errcheck = lambda result, function, arguments: _text(result)


def _append(child: Any, _parent: Any, found: list[Any]) -> int:
    found.append(child)
    return 1


_append_callback = callbacks["cursor_visit"](_append)


def children(cursor: Any) -> list[Any]:
    """The direct children of `cursor`; the caller keeps the translation unit alive."""
    found: list[Any] = []
    raised: list[BaseException] = []
    before = sys.unraisablehook

    def keep(lost: "sys.UnraisableHookArgs") -> None:
        # What is raised in a callback would be printed, and the rest of the children be missing.
        if "ctypes" in (lost.err_msg or "") and lost.exc_value is not None:
            raised.append(lost.exc_value)
        else:
            before(lost)

    sys.unraisablehook = keep
    try:
        _visit(cursor, _append_callback, found)
    finally:
        sys.unraisablehook = before
    if raised:
        raise raised[0]
    return [_same_unit(cursor, each) for each in found]


def _same_unit(known: Any, cursor: Any) -> Any:
    # Some methods of the binding's cursors want to know their translation unit.
    cursor._tu = known._tu
    return cursor


def is_null(cursor: Any) -> bool:
    """True for the cursor that libclang returns where there is none."""
    return bool(70 <= cursor._kind_id <= 73)


def identity(cursor: Any) -> int:
    """A number that two cursors share when they mean the same declaration."""
    return int(_canonical(cursor).data[0] or 0)


def referenced(cursor: Any) -> Any:
    """The declaration that an expression names; a null cursor when it names none."""
    return _same_unit(cursor, _referenced(cursor))


def spelling(cursor: Any) -> str:
    """The name of what `cursor` declares or refers to."""
    return str(_spelling(cursor))


def first_word(cursor: Any) -> str:
    """The first token of the text of a declaration."""
    return next((str(token.spelling) for token in cursor.get_tokens()), "")


def operator(cursor: Any) -> str:
    """The operator of a unary or binary expression, as in BINARY and UNARY."""
    return BINARY[_binary(cursor)] or UNARY[_unary(cursor)]


def initialiser(cursor: Any) -> Any:
    """The initialiser of a variable declaration; a null cursor when it has none."""
    return _same_unit(cursor, _initialiser(cursor))


def is_inline(cursor: Any) -> bool:
    """True for a function declared inline, by any spelling."""
    return bool(_inlined(cursor))


def printed(cursor: Any) -> str:
    """The declaration as clang prints it, macros expanded."""
    return str(_printed(cursor, None))


def evaluate(cursor: Any) -> int | None:
    """The value of a constant integer expression, None for anything else."""
    result = _evaluate(cursor)
    if not result:
        return None
    try:
        if _result_kind(result) == 1:
            unsigned = _result_is_unsigned(result)
            return int(_result_unsigned(result) if unsigned else _result_signed(result))
        return None
    finally:
        _result_dispose(result)


def place(location: Any) -> tuple[str, int, int, int]:
    """File, line, column and offset of a location: a macro's is where it is used."""
    file, line, column, offset = Handle(), c_uint(), c_uint(), c_uint()
    _place(location, byref(file), byref(line), byref(column), byref(offset))
    name = str(_file_name(file)) if file else ""
    return name, line.value, column.value, offset.value


def location(cursor: Any) -> tuple[str, int, int, int]:
    """`place` of a cursor."""
    return place(_location(cursor))
