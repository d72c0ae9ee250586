"""What `klprove check --json` wrote, read back; docs/json.md describes it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from klprove.source import BadInput, Diagnostic, Span
from klprove.verdict.finding import STORE_BUFFER, VIOLATION, WARNING, Access, Event, Finding, Trace
from klprove.verdict.verdict import SCHEMA

LARGEST = 64 << 20
"""Bytes of a file of traces that is read."""
_ACTIONS = ("step", "enter", "exit", "switch")
_KINDS = ("task", "softirq", "irq", "nmi", "exception", STORE_BUFFER)
_TOUCHES = ("read", "write", "update", "free", "buffer", "forwarded")
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError)
_AGAIN = "write it again: klprove check ... --json FILE"

T = TypeVar("T")


def read_document(path: str) -> dict[str, Any]:
    """The document in the file at `path`. Raises BadInput "trace" where there is none, or one of
    another schema; what is in its members is looked at by who reads them."""
    return checked(path, read_json(path))


def read_json(path: str) -> Any:
    """What the JSON file at `path` holds. Raises BadInput "trace" where it is none, or large."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise wrong(path, error.strerror or "cannot be read") from None
    if len(data) > LARGEST:
        raise wrong(
            path, f"more than {LARGEST >> 20} MiB", "check one site: --patch NAME, --traces one"
        )
    return _parsed(path, data)


def checked(path: str, document: Any) -> dict[str, Any]:
    """`document`, read from `path`, if a check wrote it. Raises BadInput "trace" if not."""
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise wrong(path, f"its schema is {schema!r}, not {SCHEMA!r}", _AGAIN)
    return dict(document)


def _parsed(path: str, data: bytes) -> Any:
    hint = "klprove check ... --json FILE writes one"
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated")
        text = "is no JSON" + (": it ends too early" if error.doc.strip() and cut else "")
        at = Span(path, error.lineno, error.colno)
        raise BadInput([Diagnostic("trace", at, text, hint)]) from None
    except (ValueError, RecursionError):
        raise wrong(path, "is no JSON", hint) from None


def read_member(path: str, read: Callable[[], T]) -> T:
    """What `read` finds in a document. Raises BadInput where that is not as the schema says."""
    try:
        return read()
    except _MALFORMED as error:
        text = f"is not as the schema says: {type(error).__name__} {error}"
        raise wrong(path, text, "docs/json.md describes it") from None


def wrong(path: str, text: str, hint: str = "") -> BadInput:
    """The complaint about a file of traces, or about what it is of."""
    return BadInput([Diagnostic("trace", Span(path, 0, 0), text, hint)])


def read_finding(row: Mapping[str, Any]) -> Finding:
    """One of a document's `findings`. Raises KeyError, TypeError or ValueError where it is none."""
    severity = _one_of(row["severity"], (VIOLATION, WARNING))
    code, text, site = _text(row["code"]), _text(row["text"]), _text(row["site"])
    return Finding(code, severity, text, _span(row["at"]), read_trace(row), site)


def read_trace(row: Mapping[str, Any]) -> Trace:
    """The trace of one of a document's `findings`; raises as `read_finding` does."""
    initial = tuple((_text(each["name"]), _whole(each["value"])) for each in row["initial"])
    return Trace(initial, tuple(map(_event, row["trace"])), bool(row["shortest"]))


def _event(row: Mapping[str, Any]) -> Event:
    return Event(
        _one_of(row["action"], _ACTIONS),
        _count(row["cpu"]),
        _count(row["depth"]),
        _one_of(row["kind"], _KINDS),
        _text(row["context"]),
        _span(row["at"]),
        tuple(map(_text, row["calls"])),
        tuple(map(_touched, row["accesses"])),
        tuple(map(_text, row["notes"])),
    )


def _touched(row: Mapping[str, Any]) -> Access:
    kind = _one_of(row["kind"], _TOUCHES)
    return Access(kind, _text(row["name"]), _whole(row["before"]), _whole(row["after"]))


def _span(row: Mapping[str, Any]) -> Span:
    return Span(_text(row["file"]), _count(row["line"]), _count(row["column"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.60} is no text")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r:.60} is no whole number")
    return value


def _count(value: object) -> int:
    if _whole(value) < 0:
        raise ValueError(f"{value!r:.60} is less than nothing")
    return _whole(value)


def _one_of(value: object, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{value!r:.60} is none of {', '.join(known)}")
    return str(value)
