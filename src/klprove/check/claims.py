"""Claims: what somebody said, and the runs that decide it. claims/README.md describes the files."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from klprove.check.question import EACH, Question
from klprove.source import BadInput, Diagnostic, Span, plain_lines

At: TypeAlias = Literal["any", "none", "all"]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What "the claim is true" means for the answer of a run."""

    codes: tuple[str, ...]
    """Codes of which any one counts."""
    at: At | tuple[str, ...]
    spared: tuple[str, ...] = ()
    """Sites that are taken out beforehand."""


@dataclass(frozen=True, slots=True)
class Run:
    """A question, and what is expected of its answer."""

    question: Question
    expectations: tuple[Expectation, ...]
    about: str = ""
    """Not empty: background, which decides nothing; what it shows beside the claim."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim, as its file states it."""

    number: int
    who: str
    source: str
    claim: str
    refuted_by: str
    reading: str
    runs: tuple[Run, ...]
    path: str


def load_claims(folder: Path) -> tuple[Claim, ...]:
    """The claims of `folder`, by number. Raises BadInput with everything wrong in its files."""
    if not folder.is_dir():
        raise BadInput([Diagnostic("file", Span(str(folder), 0, 0), "no such folder")])
    claims: list[Claim] = []
    wrong: list[Diagnostic] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            claims.append(_Reader(str(path), _parse(path)).claim())
        except BadInput as error:
            wrong += error.diagnostics
    if not claims and not wrong:
        wrong.append(Diagnostic("file", Span(str(folder), 0, 0), "no *.toml in this folder"))
    if wrong:
        raise BadInput(wrong)
    return tuple(sorted(claims, key=lambda each: each.number))


def _parse(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        text = "nested too deeply"
        raise BadInput([Diagnostic("claim", Span(str(path), 0, 0), text)]) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput([Diagnostic("claim", Span(str(path), 0, 0), str(error))]) from None


def _prose(text: str) -> str:
    """What somebody said, as it may stand on a page: in ASCII, and no markup of HTML."""
    return plain_lines(text).replace("&", "&amp;").replace("<", "&lt;")


_RUN = frozenset({"files", "kernel", "patch", "cpus", "arrivals", "nest", "defines", "expect"})


class _Reader:
    """Turns the tables of one file into a claim, and says what cannot be."""

    def __init__(self, path: str, table: Mapping[str, Any]) -> None:
        self._path, self._table = path, table

    def claim(self) -> Claim:
        texts = ("who", "source", "claim", "refuted_by", "reading")
        self._known(self._table, {"number", "run", "also", *texts}, "a claim")
        number = self._need(self._table, "number", int)
        if Path(self._path).stem.lstrip("0") != str(number):
            raise self._wrong(f"number {number} is not the name of the file")
        said = {key: _prose(self._need(self._table, key, str)) for key in texts[:-1]}
        runs = [self._run(each, "run") for each in self._tables("run")]
        if not runs:
            raise self._wrong("a claim needs a [[run]]")
        runs += [self._run(each, "also") for each in self._tables("also")]
        reading = _prose(
            self._need(self._table, "reading", str) if "reading" in self._table else ""
        )
        return Claim(number=number, reading=reading, runs=tuple(runs), path=self._path, **said)

    def _run(self, table: Mapping[str, Any], kind: str) -> Run:
        about = _prose(self._need(table, "about", str)) if kind == "also" else ""
        self._known(table, _RUN | ({"about"} if about else set()), f"a [[{kind}]]")
        patch = self._need(table, "patch", (str, list))
        if isinstance(patch, str):
            if patch not in (EACH, "none"):
                raise self._wrong(f'patch = "{patch}": a list of functions, "each" or "none"')
            patch = [EACH] if patch == EACH else []
        question = Question(
            files=self._strings(table, "files"),
            kernel=self._need(table, "kernel", str),
            patch=tuple(patch),
            cpus=table.get("cpus", 1),
            arrivals=table.get("arrivals", {}),
            nest=table.get("nest", {}),
            defines=table.get("defines", {}),
        )
        expected = table.get("expect", [])
        if not expected and kind == "run":
            raise self._wrong("a [[run]] needs an `expect`")
        return Run(question, tuple(map(self._expectation, expected)), about)

    def _expectation(self, table: Mapping[str, Any]) -> Expectation:
        self._known(table, {"finding", "at", "except"}, "an expectation")
        finding = self._need(table, "finding", (str, list))
        at = self._need(table, "at", (str, list))
        if isinstance(at, str) and at not in ("any", "none", "all"):
            raise self._wrong(f'at = "{at}": "any", "none", "all" or a list of sites')
        return Expectation(
            codes=(finding,) if isinstance(finding, str) else tuple(finding),
            at=tuple(at) if isinstance(at, list) else at,
            spared=tuple(table.get("except", ())),
        )

    def _tables(self, key: str) -> Iterator[Mapping[str, Any]]:
        tables = self._table.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            raise self._wrong(f"`{key}` must be [[{key}]] tables")
        yield from tables

    def _strings(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        found = self._need(table, key, list)
        if not found or not all(isinstance(each, str) for each in found):
            raise self._wrong(f"`{key}` must be a list of strings")
        return tuple(found)

    def _need(self, table: Mapping[str, Any], key: str, kind: Any) -> Any:
        if not isinstance(table.get(key), kind):
            raise self._wrong(f"`{key}` is missing or of another type")
        return table[key]

    def _known(self, table: Mapping[str, Any], keys: set[str] | frozenset[str], what: str) -> None:
        unknown = sorted(table.keys() - keys)
        if unknown:
            raise self._wrong(f"{what} has no key `{unknown[0]}`: {', '.join(sorted(keys))}")

    def _wrong(self, text: str) -> BadInput:
        return BadInput([Diagnostic("claim", Span(self._path, 0, 0), text)])
