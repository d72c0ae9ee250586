"""Readers of answers and their traces."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from klprove.api import check as check_api
from klprove.replay import Words, read_case, schedule
from klprove.report import document
from klprove.report.compared import Asked, compared
from klprove.report.picture import page
from klprove.verdict.compared import read_answers
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


def _replayed(data: bytes, folder: Path) -> None:
    path = folder / "trace.json"
    path.write_bytes(data)
    case = read_case(str(path))
    schedule(case.trace, case.resting, Words({}, {}), {})


READERS: Mapping[str, Reader] = {
    "picture": Reader(lambda random: mutated(random, _traces()), _pictured),
    "trace": Reader(lambda random: mutated(random, _traces()), _replayed),
}
"""By name."""
