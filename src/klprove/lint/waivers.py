# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings that somebody has judged: waivers with a reason, and a baseline."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from klprove.lint.finding import Finding
from klprove.source import BadInput, Diagnostic, Span, near

_FIELDS = ("rule", "where", "reason")
_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Waiver:
    """Findings of `rule` at `where` (a pattern of the shell; empty: anywhere) are accepted, for
    `reason`."""

    rule: str
    where: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """True for what the waiver is about."""
        return self.rule == finding.rule and fnmatchcase(finding.where, self.where or "*")


def read_waivers(path: str, rules: Mapping[str, object]) -> tuple[Waiver, ...]:
    """The `[[waiver]]` tables of a TOML file. Raises BadInput: no TOML, an unknown rule or member,
    no reason."""
    try:
        top: dict[str, Any] = tomllib.loads(_text(path))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _wrong(path, f"not TOML: {error or 'nested too deeply'}") from None
    tables = top.get("waiver", [])
    if set(top) - {"waiver"} or not isinstance(tables, list):
        raise _wrong(path, "only [[waiver]] tables are known here")
    return tuple(_waiver(path, number, each, rules) for number, each in enumerate(tables, 1))


def _waiver(path: str, number: int, table: Any, rules: Mapping[str, object]) -> Waiver:
    if not isinstance(table, dict):
        raise _wrong(path, f"waiver {number} is no [[waiver]] table")
    for key, value in table.items():
        if key not in _FIELDS:
            raise _wrong(path, f"waiver {number}: no such member: {key}", near(key, _FIELDS))
        if not isinstance(value, str):
            raise _wrong(path, f"waiver {number}: {key} is not a text")
    if table.get("rule") not in rules:
        name = str(table.get("rule", ""))
        raise _wrong(path, f"waiver {number}: no rule {name!r}", near(name, rules))
    reason = table.get("reason", "").strip()
    if len(reason) < 10:
        raise _wrong(path, f'waiver {number}: reason = "..." is missing or says nothing')
    return Waiver(table["rule"], table.get("where", ""), reason)


def read_baseline(path: str) -> frozenset[str]:
    """Keys of findings, one a line, as `--write-baseline` writes them. Raises BadInput."""
    lines = (each.strip() for each in _text(path).splitlines())
    return frozenset(each for each in lines if each and not each.startswith("#"))


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(_LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        told = Diagnostic("file", Span(path, 0, 0), f"cannot be read: {reason}")
        raise BadInput([told]) from None
    if len(data) > _LIMIT:
        raise BadInput([Diagnostic("large", Span(path, 0, 0), f"over {_LIMIT} bytes")])
    return data.decode("utf-8", "backslashreplace")


def _wrong(path: str, text: str, close: list[str] | None = None) -> BadInput:
    hint = f"near it: {', '.join(close)}" if close else ""
    return BadInput([Diagnostic("waiver", Span(path, 0, 0), text, hint)])
