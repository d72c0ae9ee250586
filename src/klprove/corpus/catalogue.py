# SPDX-License-Identifier: GPL-2.0-or-later
"""Folders of twins that say what is expected in one `catalogue.json`, not in each model.

A list of tables, one an entry: `id` names its folder, and every other key that names a model in it
(`buggy`, `fixed`) says `fails` or `holds`. Such a catalogue was made with a bound on arrivals, so
that is the question here as well.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from klprove.corpus.expectation import Expectation
from klprove.ir.program import KINDS
from klprove.source import BadInput, Diagnostic, Span

NAME = "catalogue.json"
ARRIVALS = 3
"""Deliveries of each interrupt function, or as many as an entry's `min_arrivals` asks for."""
_MOST = 200
_VERDICTS = {"fails": "violated", "violated": "violated", "holds": "holds"}


class Catalogue:
    """What one file says about the entries beside it."""

    def __init__(self, path: Path) -> None:
        """Raises BadInput for a file that is not such a list."""
        self._path = path
        self._entries: dict[str, Mapping[str, Any]] = {}
        try:
            content = json.loads(path.read_bytes())
        except json.JSONDecodeError as error:
            raise self._wrong(error.msg, error.lineno, error.colno) from None
        except (OSError, ValueError, RecursionError) as error:
            raise self._wrong(f"cannot read: {error}") from None
        if not isinstance(content, list):
            raise self._wrong("not a list of entries")
        for place, each in enumerate(content, 1):
            if not isinstance(each, dict) or not isinstance(each.get("id"), str):
                raise self._wrong(f"entry {place} has no `id`")
            self._entries[each["id"]] = each

    def expectation(self, entry: str, model: str) -> Expectation | None:
        """What it says about a model of an entry; None where it says nothing. Raises BadInput."""
        said = self._entries.get(entry, {}).get(model)
        if said is None:
            return None
        if not isinstance(said, str) or said not in _VERDICTS:
            text = f"{entry}: `{model}` is {said!r}: one of {', '.join(_VERDICTS)}"
            raise self._wrong(text)
        least = self._entries[entry].get("min_arrivals", 0)
        if not isinstance(least, int) or not 0 <= least <= _MOST:
            raise self._wrong(f"{entry}: `min_arrivals` is {least!r}: a number of 0 .. {_MOST}")
        arrivals = {kind: max(ARRIVALS, least) for kind in KINDS if kind != "task"}
        verdict = _VERDICTS[said]
        codes = None if verdict == "violated" else frozenset[str]()
        return Expectation(verdict, codes, arrivals=arrivals)

    def year(self, entry: str) -> str:
        """When, as it says; empty where it does not."""
        year = self._entries.get(entry, {}).get("year", "")
        return year if isinstance(year, str) else str(year)

    def _wrong(self, text: str, line: int = 0, column: int = 0) -> BadInput:
        return BadInput([Diagnostic("expect", Span(str(self._path), line, column), text)])
