"""Readers of answers and their traces."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from klprove.api import check as check_api
from klprove.replay import NotMappable, Words, read_case, schedule
from klprove.report import document
from klprove.report.again import text_of, two, walks
from klprove.report.compared import Asked, compared
from klprove.report.picture import page
from klprove.report.stepping import step_text
from klprove.source import plain_lines
from klprove.verdict.compared import read_answers
from klprove.verdict.reading import read_document
from tests.fuzz.mutation import mutated
from tests.fuzz.readers.reader import ROOT, Reader, dead


@cache
def _traces() -> Sequence[bytes]:
    """What a check of handler A writes."""
    answer = check_api(str(ROOT / "handlers/2017/A.c"), kernel="v6.0", patch="vfs_read", jobs=1)
    one = document(answer)
    rows = [
        Asked("A.c", "v6.0", one),
        Asked("A.c", "v6.3", one),
        Asked("B.c", "v6.0", None, ("f",)),
    ]
    return [json.dumps(each).encode() for each in (one, compared(rows))]


def _pictured(data: bytes, folder: Path) -> None:
    """A page, or a refusal; what acts in a terminal or writes backwards is in neither."""
    path = folder / "trace.json"
    path.write_bytes(data)
    dead(page(read_answers([str(path)])).decode("ascii"))


@cache
def _short() -> Sequence[bytes]:
    """What a check of a bug of the corpus writes."""
    answer = check_api(str(ROOT / "corpus/x86-nmi-cr2/buggy.c"), jobs=1)
    return [json.dumps(document(answer)).encode()]


def _told(data: bytes, folder: Path) -> None:
    """The text of the check, its steps, and the trace beside itself, as `say` prints them."""
    path = str(folder / "trace.json")
    Path(path).write_bytes(data)
    told = read_document(path)
    dead(plain_lines(text_of(path, told, short=True)))
    for walk in walks(path, told):
        dead(step_text(walk))
    dead(two((path, path), (told, told), ("", ""), ("", "")))


def _replayed(data: bytes, folder: Path) -> None:
    path = folder / "trace.json"
    path.write_bytes(data)
    try:
        case = read_case(str(path))
    except NotMappable:  # an answer of the command, with its own status
        return
    schedule(case.trace, case.resting, Words({}, {}), {})


READERS: Mapping[str, Reader] = {
    "picture": Reader(lambda random: mutated(random, _traces()), _pictured),
    "told": Reader(lambda random: mutated(random, _short()), _told),
    "trace": Reader(lambda random: mutated(random, _traces()), _replayed),
}
"""By name."""
