# SPDX-License-Identifier: GPL-2.0-or-later
"""What `klprove compare --json` wrote, read back: the answers as documents of their own."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from klprove.verdict.reading import checked, read_json, read_member
from klprove.verdict.verdict import COMPARED


@dataclass(frozen=True, slots=True)
class Compared:
    """One handler on one kernel, as `path` says it."""

    path: str
    handler: str
    kernel: str
    document: Mapping[str, Any] | None
    """As `klprove check` writes it, the shortest finding of each site and code. None: the handler
    means nothing on this kernel."""
    lacking: tuple[str, ...] = ()
    """The functions that this kernel has not."""
    left_out: int = 0
    """Findings whose traces the file leaves out."""


def read_answers(paths: Sequence[str]) -> list[Compared]:
    """Every answer in the files at `paths`, each a document of a check or of a comparison.

    Where the same handler stands on the same kernel twice, the file is part of its name. Raises
    BadInput "trace" where a file is neither, or a member is not as the schema says.
    """
    found: list[Compared] = []
    for path in paths:
        content = read_json(path)
        if isinstance(content, dict) and content.get("schema") == COMPARED:
            found += read_member(path, partial(_several, path, content))
        else:
            found.append(read_member(path, partial(_single, path, checked(path, content))))
    return _told_apart(found)


def _single(path: str, document: Mapping[str, Any]) -> Compared:
    files = [str(each["path"]) for each in document["files"]]
    return Compared(path, ", ".join(files), str(document["kernel"] or ""), document)


def _several(path: str, content: Mapping[str, Any]) -> list[Compared]:
    events, words = list(content["events"]), list(content["words"])
    left_out = int(content["left_out"])
    return [
        Compared(
            path,
            str(each["handler"]),
            str(each["kernel"]),
            each["answer"] and _whole(each["answer"], events, words),
            tuple(map(str, each["lacking"])),
            left_out,
        )
        for each in content["answers"]
    ]


def _whole(answer: Mapping[str, Any], events: list[Any], words: list[Any]) -> dict[str, Any]:
    """`answer` with events and first values in place of their numbers; a trace that the file leaves
    out is empty."""
    findings = [
        {
            **each,
            "initial": [words[_at(number, words)] for number in each["initial"]],
            "trace": [events[_at(number, events)] for number in each["trace"] or ()],
        }
        for each in answer["findings"]
    ]
    return {**answer, "findings": findings}


def _at(number: object, there: list[Any]) -> int:
    if type(number) is not int or not 0 <= number < len(there):
        raise ValueError(f"{number!r:.60} is none of {len(there)}")
    return number


def _told_apart(found: list[Compared]) -> list[Compared]:
    """Each under a name of its own: where two are of the same handler and kernel, with its file."""
    often = Counter((each.handler, each.kernel) for each in found)
    again: Counter[tuple[str, str, str]] = Counter()
    named = []
    for each in found:
        if often[each.handler, each.kernel] > 1:
            again[each.handler, each.kernel, each.path] += 1
            number = again[each.handler, each.kernel, each.path]
            file = each.path + (f", {number}" if number > 1 else "")
            each = replace(each, handler=f"{each.handler} ({file})")
        named.append(each)
    return named
