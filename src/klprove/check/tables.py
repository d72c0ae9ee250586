# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading of the TOML files that hold questions, and what is said of those that cannot be used."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from klprove.check.question import EACH, MEMORY_MODELS, SC, Question
from klprove.source import BadInput, Diagnostic, Span

QUESTION = frozenset(
    {"files", "kernel", "patch", "cpus", "arrivals", "nest", "defines", "memory_model"}
)
"""Keys of a question."""


class Tables:
    """The tables of one file; `code` is that of its diagnostics. Raises BadInput "file" or `code`
    for a file that cannot be read."""

    def __init__(self, path: Path, code: str) -> None:
        self.path, self._code = str(path), code
        try:
            self.top: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            text = error.strerror or "cannot be read"
            raise BadInput([Diagnostic("file", Span(self.path, 0, 0), text)]) from None
        except RecursionError:
            raise self.wrong("nested too deeply") from None
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise self.wrong(str(error)) from None

    def tables(self, key: str) -> Iterator[Mapping[str, Any]]:
        """The [[key]] tables of the file."""
        tables = self.top.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            raise self.wrong(f"`{key}` must be [[{key}]] tables")
        yield from tables

    def need(self, table: Mapping[str, Any], key: str, kind: Any) -> Any:
        """The value of `key`, of type `kind`."""
        if not isinstance(table.get(key), kind):
            raise self.wrong(f"`{key}` is missing or of another type")
        return table[key]

    def strings(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """The value of `key`: at least one string."""
        found = self.need(table, key, list)
        if not found or not all(isinstance(each, str) for each in found):
            raise self.wrong(f"`{key}` must be a list of strings")
        return tuple(found)

    def known(self, table: Mapping[str, Any], keys: set[str] | frozenset[str], what: str) -> None:
        """Refuse other keys than `keys`."""
        unknown = sorted(table.keys() - keys)
        if unknown:
            raise self.wrong(f"{what} has no key `{unknown[0]}`: {', '.join(sorted(keys))}")

    def question(self, table: Mapping[str, Any]) -> Question:
        """The question that `table` states."""
        patch = self.need(table, "patch", (str, list))
        if isinstance(patch, str):
            if patch not in (EACH, "none"):
                raise self.wrong(f'patch = "{patch}": a list of functions, "each" or "none"')
            patch = [EACH] if patch == EACH else []
        memory_model = table.get("memory_model", SC)
        if memory_model not in MEMORY_MODELS:
            raise self.wrong(f"`memory_model` is one of {', '.join(MEMORY_MODELS)}")
        return Question(
            files=self.strings(table, "files"),
            kernel=self.need(table, "kernel", str) if "kernel" in table else None,
            patch=tuple(patch),
            cpus=table.get("cpus", 1 if "kernel" in table else None),
            arrivals=table.get("arrivals", {}),
            nest=table.get("nest", {}),
            defines=table.get("defines", {}),
            memory_model=memory_model,
        )

    def wrong(self, text: str) -> BadInput:
        """What to raise."""
        return BadInput([Diagnostic(self._code, Span(self.path, 0, 0), text)])
