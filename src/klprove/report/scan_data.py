# SPDX-License-Identifier: GPL-2.0-or-later
"""The map of a kernel image for other programs: JSON, and an SQLite file. See docs/scan.md."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from klprove.scan import GRADES, QUESTIONS, REASONS, Change, Map

if TYPE_CHECKING:
    from klprove.image.dwarf import Inlines

SCHEMA = "klprove.map/2"
DIFFERENCES, NUMBERS = "klprove.map-diff/1", "klprove.map-numbers/1"
_SITE, _UNKNOWN = "site", "unknown"

_TABLES = """
CREATE TABLE image (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE note (text TEXT);
CREATE TABLE open_question (question TEXT PRIMARY KEY, why TEXT);
CREATE TABLE function (id INTEGER PRIMARY KEY, name TEXT, address TEXT, size INTEGER, region TEXT,
  patchable INTEGER, reason TEXT, site INTEGER, sympos INTEGER, kprobe_refused INTEGER);
CREATE TABLE alias (function INTEGER REFERENCES function, name TEXT);
CREATE TABLE answer (function INTEGER REFERENCES function, question TEXT, grade TEXT, hops INTEGER,
  parent INTEGER REFERENCES function, how TEXT, at TEXT, PRIMARY KEY (function, question));
CREATE INDEX function_name ON function (name);
"""


def scan_document(found: Map, inlined: "Inlines | str" = "not asked") -> dict[str, Any]:
    """The map as JSON has it, and where each function was inlined, or why that is not known.
    Addresses are hexadecimal text: they do not fit every number."""
    return {
        "schema": SCHEMA,
        "image": _image(found),
        "complete": found.complete,
        "notes": list(found.notes),
        "open": dict(found.open),
        "inlining": inlined if isinstance(inlined, str) else "; ".join(inlined.notes),
        "functions": [
            _function(found, index) | {"inlined_into": _inlined(found, index, inlined)}
            for index in range(len(found.names))
        ],
    }


def differences_document(
    before: Map, after: Map, changes: Sequence[Change], grade: str
) -> dict[str, Any]:
    """What differs between two maps, among answers that are at least as sure as `grade`."""
    return {
        "schema": DIFFERENCES,
        "old": _which(before),
        "new": _which(after),
        "grade": grade,
        "changes": [
            {
                "about": each.about,
                "gone": list(each.gone),
                "come": list(each.come),
                "open": each.open,
            }
            for each in changes
        ],
    }


def numbers_document(found: Map, counted: Sequence[tuple[str, int, int]]) -> dict[str, Any]:
    """How common each trap is, as `report.scan.counts` takes it."""
    return {
        "schema": NUMBERS,
        "image": _which(found),
        "numbers": [
            {"what": text.strip(), "every": every, "patchable": able if able >= 0 else None}
            for text, every, able in counted
        ],
    }


def _which(found: Map) -> dict[str, Any]:
    return {"path": found.path, "release": found.release, "build_id": found.build_id}


def _image(found: Map) -> dict[str, Any]:
    return {
        "path": found.path,
        "machine": found.machine,
        "release": found.release,
        "build_id": found.build_id,
        "counts": dict(found.counts),
    }


def _function(found: Map, index: int) -> dict[str, Any]:
    word, offset = found.patch[index], found.offsets[index]
    return {
        "name": found.names[index],
        "aliases": list(found.aliases.get(index, ())),
        "address": f"{found.addresses[index]:#x}",
        "size": found.sizes[index],
        "region": found.regions[index],
        "patchable": None if word == _UNKNOWN else word == _SITE,
        "reason": REASONS[word],
        "site": offset if offset >= 0 else None,
        "sympos": found.sympos.get(index),
        "kprobe_refused": index in found.blacklisted,
        "answers": dict(_answers(found, index)),
    }


def _inlined(found: Map, index: int, inlined: "Inlines | str") -> list[dict[str, Any]] | None:
    """Each place where the function was inlined; None where that is not known."""
    if isinstance(inlined, str):
        return None
    return [
        {
            "host": f"{each.host:#x}",
            "through": list(each.through),
            "file": each.file,
            "line": each.line,
        }
        for number in inlined.of(found.addresses[index], found.names[index])
        for each in inlined.calls(number)
    ]


def _answers(found: Map, index: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for question in QUESTIONS:
        step = found.reached.get(question, {}).get(index)
        if step is not None:
            yield (
                question,
                {
                    "grade": GRADES[step.grade],
                    "hops": step.hops,
                    "parent": step.parent if step.parent >= 0 else None,
                    "how": step.how,
                    "at": f"{step.site:#x}" if step.site else None,
                },
            )


def scan_database(found: Map) -> bytes:
    """The map as the bytes of an SQLite database."""
    with closing(sqlite3.connect(":memory:")) as base:
        base.executescript(_TABLES)
        document = scan_document(found)
        image = {**document["image"], **document["image"].pop("counts"), "schema": SCHEMA}
        base.executemany("INSERT INTO image VALUES (?, ?)", [(k, str(v)) for k, v in image.items()])
        base.executemany("INSERT INTO note VALUES (?)", [(each,) for each in found.notes])
        base.executemany("INSERT INTO open_question VALUES (?, ?)", sorted(found.open.items()))
        for index, each in enumerate(document["functions"]):
            names = ("name", "address", "size", "region", "patchable", "reason", "site", "sympos",
                     "kprobe_refused")  # fmt: skip
            row = (index, *(each[name] for name in names))
            base.execute("INSERT INTO function VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            base.executemany(
                "INSERT INTO alias VALUES (?, ?)", [(index, name) for name in each["aliases"]]
            )
            base.executemany(
                "INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(index, question, *said.values()) for question, said in each["answers"].items()],
            )
        base.commit()
        return base.serialize()
