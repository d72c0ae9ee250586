# SPDX-License-Identifier: GPL-2.0-or-later
"""A file of JSON from anybody: read, or refused with the place where it is none."""

import json
import os
from typing import Any, NoReturn

from klprove.source.diagnostic import BadInput, Diagnostic
from klprove.source.span import Span


def read_json(path: str, code: str, most: int, writes: str, less: str) -> Any:
    """What the JSON file at `path` holds.

    Raises BadInput of `code`: it cannot be read, has more than `most` bytes (`less` says how to
    get fewer), or is no JSON (`writes` says what writes such files).
    """
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size  # 0 of a pipe
            data = b"" if size > most else file.read(most + 1)
    except (OSError, ValueError) as error:
        raise _wrong(path, code, getattr(error, "strerror", None) or "cannot be read") from None
    if max(size, len(data)) > most:
        text = f"more than {most >> 20} MiB" + (f": {size:,} bytes" if size > most else "")
        raise _wrong(path, code, text, less)
    return _parsed(path, code, data, writes)


def _parsed(path: str, code: str, data: bytes, hint: str) -> Any:
    try:
        return json.loads(data, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated")
        text = "is no JSON" + (": it ends too early" if error.doc.strip() and cut else "")
        at = Span(path, error.lineno, error.colno)
        raise BadInput([Diagnostic(code, at, text, hint)]) from None
    except RecursionError:
        text = "is no JSON that is read here: nested too deeply"
        raise _wrong(path, code, text, hint) from None
    except UnicodeDecodeError as error:
        text = f"is no JSON: byte {error.start} is no UTF-8"
        raise _wrong(path, code, text, hint) from None
    except ValueError as error:
        raise _wrong(path, code, f"is no JSON that is read here: {error}", hint) from None


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _wrong(path: str, code: str, text: str, hint: str = "") -> BadInput:
    return BadInput([Diagnostic(code, Span(path, 0, 0), text, hint)])
