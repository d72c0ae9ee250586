# SPDX-License-Identifier: GPL-2.0-or-later
"""What `klprove check --json` wrote, read back; docs/json.md describes it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from klprove.source import BadInput, Diagnostic, Span, json_file
from klprove.verdict.finding import (
    STORE_BUFFER,
    VIOLATION,
    WARNING,
    Access,
    Event,
    Finding,
    Start,
    Trace,
)
from klprove.verdict.verdict import COMPARED, SCHEMA

LARGEST = 64 << 20
"""Bytes of a file of traces that is read."""
_ACTIONS = ("step", "enter", "exit", "switch")
_KINDS = ("task", "softirq", "irq", "nmi", "exception", STORE_BUFFER)
_TOUCHES = ("read", "write", "update", "free", "buffer", "forwarded")
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
_AGAIN = "write it again: klprove check ... --json FILE"
_WRITES = "klprove check ... --json FILE writes one"
_LESS = "ask about one site in one file: klprove check ... --patch NAME --json FILE"
READABLE = (f"{SCHEMA.partition('/')[0]}/3", SCHEMA)
"""Schemas that are read. What /3 has not (docs/json.md, "Versions") is not known of its traces."""
_JSON = {list: "array", str: "string", int: "number", float: "number", bool: "boolean"}

T = TypeVar("T")


def read_document(path: str) -> dict[str, Any]:
    """The document in the file at `path`. Raises BadInput "trace" where there is none, or one of
    another schema; what is in its members is looked at by who reads them."""
    return checked(path, read_json(path))


def read_json(path: str) -> Any:
    """What the JSON file at `path` holds. Raises BadInput "trace" where it is none, or large."""
    return json_file.read_json(path, "trace", LARGEST, _WRITES, _LESS)


def checked(path: str, document: Any) -> dict[str, Any]:
    """`document`, read from `path`, if a check wrote it. Raises BadInput "trace" if not."""
    if not isinstance(document, dict):
        raise wrong(path, f"is a JSON {_JSON.get(type(document), 'value')}, no object", _WRITES)
    _readable(path, document.get("schema"))
    return document


def _readable(path: str, schema: object) -> None:
    """Raises BadInput for what is no answer of check, or of a version that is not read."""
    if schema in READABLE:
        return
    if schema == COMPARED:
        raise wrong(path, "it holds several answers", "klprove report FILE --html PAGE shows them")
    kind, _, version = str(schema).partition("/")
    if kind == COMPARED.partition("/")[0]:
        text = f"its schema is {schema!r:.60}; read is {COMPARED!r}"
        raise wrong(path, text, "write it again: klprove compare ... --json FILE")
    newest = READABLE[-1].partition("/")[2]
    if kind != SCHEMA.partition("/")[0] or not version.isdecimal():
        told = "it names no schema" if schema is None else f"its schema is {schema!r:.60}"
        raise wrong(path, f"{told}, not {SCHEMA!r}", _WRITES)
    hint = _AGAIN
    text = f"its schema is {schema!r:.60}; read are {' and '.join(READABLE)}"
    if len(version) > len(newest) or int(version) > int(newest):
        text += ": a newer klprove wrote it"
        hint = f"read it with that one, or with this one {_AGAIN}"
    raise wrong(path, text, hint)


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
    events = tuple(map(_event, row["trace"]))
    shortest = _flag(row["shortest"])
    start: tuple[Start, ...] = ()
    unmasks = None
    if "machine" in row:
        start = tuple(map(_start, row["machine"]["cpus"]))
        unmasks = _flag(row["machine"]["iret_unmasks_nmis"])
    return Trace(initial, events, shortest, start, unmasks, dict(_addresses(row)))


def _start(row: Mapping[str, Any]) -> Start:
    return Start(_flag(row["interrupts"]), _flag(row["nmis_masked"]))


def _addresses(row: Mapping[str, Any]) -> Iterator[tuple[tuple[str, int], str]]:
    """Every value of a trace that has a name, by the object that holds it."""
    for each in row["initial"]:
        if "value_is" in each:
            yield (each["name"], each["value"]), _text(each["value_is"])
    for event in row["trace"]:
        for each in event["accesses"]:
            for member in ("before", "after"):
                if f"{member}_is" in each:
                    yield (each["name"], each[member]), _text(each[f"{member}_is"])


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
    if not -(1 << 63) <= value < 1 << 64:
        raise ValueError(f"{value!r:.60} has no room in 64 bits")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r:.60} is neither true nor false")
    return value


def _count(value: object) -> int:
    number = _whole(value)
    if number < 0:
        raise ValueError(f"{number} is less than nothing")
    if number >= 1 << 31:
        raise ValueError(f"{number} is more than a count here can be")
    return number


def _one_of(value: object, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{value!r:.60} is none of {', '.join(known)}")
    return str(value)
