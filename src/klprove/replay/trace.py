"""A trace that `klprove check --json` wrote, read back, with the model that it is of."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klprove.api import question
from klprove.check import SC
from klprove.check.checking import program
from klprove.ir.program import Program
from klprove.kernels import HANDLER, load, names
from klprove.replay.words import bare
from klprove.source import BadInput, Diagnostic, Span
from klprove.verdict import Access, Event, Trace

SCHEMA = "klprove.check/3"


@dataclass(frozen=True, slots=True)
class Case:
    """One trace, and everything a replay has to know of where it came from."""

    name: str
    """For people: the finding and the site."""
    kernel: str
    site: str
    handler: str
    """The user's file; empty where the model's own handler ran."""
    trace: Trace
    text: Program
    """The model, with that function patched."""

    @property
    def resting(self) -> Mapping[str, int]:
        """What every word of the model is before the first step, by name without the CPU."""
        return resting(self.text)


def read_case(path: str, code: str = "", site: str = "") -> Case:
    """The first finding in the file at `path` that fits `code` and `site`, where given.

    Raises BadInput where the file holds no such trace, or is of another schema or another text.
    """
    document = _document(path)
    kernel = _kernel(path, document)
    found = [
        each
        for each in document["findings"]
        if each["trace"] and code in ("", each["code"]) and site in ("", each["site"])
    ]
    if not found:
        raise _wrong(path, "no finding with a trace in it", _offered(document))
    finding = found[0]
    files = [_unchanged(path, each) for each in document["files"]]
    if len(files) > 1:
        raise _wrong(path, f"of {len(files)} files: one handler can be loaded, no more")
    text = program(question(files, kernel=kernel, patch=finding["site"] or None))
    _same(path, _trace(finding), resting(text))
    return Case(
        f"{finding['code']} at {finding['site'] or 'no site'}",
        kernel,
        finding["site"],
        files[0] if files else "",
        _trace(finding),
        text,
    )


def resting(text: Program) -> dict[str, int]:
    """Every scalar of the model at boot, by name without the CPU; the first CPU's."""
    found: dict[str, int] = {}
    for each in text.objects:
        for leaf in each.leaves:
            data = each.init[leaf.offset : leaf.offset + leaf.ty.size]
            value = int.from_bytes(data, "little", signed=leaf.ty.signed)
            found.setdefault(bare(text.describe(each.addr + leaf.offset, leaf.ty.size)), value)
    return found


def _same(path: str, trace: Trace, rest: Mapping[str, int]) -> None:
    """A trace begins where the model does; else it was made with other macros (-D)."""
    for name, value in trace.initial:
        if rest.get(bare(name), value) != value:
            text = f"{name} begins as {value}, and as {rest[bare(name)]} in the model"
            raise _wrong(path, text, "was it checked with -D? Such a trace is not replayed")


def _document(path: str) -> dict[str, Any]:
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise _wrong(path, error.strerror or "cannot be read") from None
    except (ValueError, RecursionError):
        raise _wrong(path, "is no JSON", "klprove check ... --json FILE writes one") from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        text = f"its schema is {schema!r}, not {SCHEMA!r}"
        raise _wrong(path, text, "write it again: klprove check ... --json FILE")
    return dict(document)


def _kernel(path: str, document: Mapping[str, Any]) -> str:
    kernel = document.get("kernel")
    if kernel not in names():
        raise _wrong(path, f"of {kernel or 'no kernel model'}: a text of its own runs nowhere else")
    if document.get("scene") != HANDLER:
        raise _wrong(path, f"of the scene {document.get('scene')}: only handlers are replayed")
    bounds = document["bounds"]
    if bounds["memory_model"] != SC or bounds["cpus"] != 1:
        raise _wrong(path, "only traces of one CPU, without store buffers, are replayed")
    if load(kernel).digest != document["model"]:
        raise _wrong(path, f"the model {kernel} has changed since: check again")
    return str(kernel)


def _unchanged(path: str, file: Mapping[str, str]) -> str:
    try:
        data = Path(file["path"]).read_bytes()
    except OSError as error:
        raise _wrong(file["path"], f"{error.strerror}: {path} is a trace of it") from None
    if hashlib.sha256(data).hexdigest() != file["sha256"]:
        raise _wrong(file["path"], f"has changed since {path} was written: check again")
    return file["path"]


def _offered(document: Mapping[str, Any]) -> str:
    there = sorted({f"{each['code']} at {each['site']}" for each in document["findings"]})
    return f"there are: {', '.join(there)}" if there else f"verdict: {document['verdict']}"


def _trace(finding: Mapping[str, Any]) -> Trace:
    initial = tuple((each["name"], each["value"]) for each in finding["initial"])
    return Trace(initial, tuple(map(_event, finding["trace"])), finding["shortest"])


def _event(row: Mapping[str, Any]) -> Event:
    at = row["at"]
    return Event(
        row["action"], row["cpu"], row["depth"], row["kind"], row["context"],
        Span(at["file"], at["line"], at["column"]),
        tuple(row["calls"]),
        tuple(Access(a["kind"], a["name"], a["before"], a["after"]) for a in row["accesses"]),
        tuple(row["notes"]),
    )  # fmt: skip


def _wrong(path: str, text: str, hint: str = "") -> BadInput:
    return BadInput([Diagnostic("trace", Span(path, 0, 0), text, hint)])
