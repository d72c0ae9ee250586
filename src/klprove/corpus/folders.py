# SPDX-License-Identifier: GPL-2.0-or-later
"""Where models are: an entry is a folder with models in it, a corpus a folder of entries."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from klprove.corpus import catalogue, header
from klprove.corpus.expectation import Expectation
from klprove.source import BadInput, Diagnostic, Span, near

_FIX = re.compile(r"^\| *(?:fix|commit)\b[^|]*\| *(.*?) *\|", re.MULTILINE)
_YEAR = re.compile(r"^\| *year\b[^|]*\|.*?\b((?:19|20)\d\d)\b", re.MULTILINE)
_COMMIT = re.compile(r"[0-9a-f]{12}\b")
_FIRST = ("buggy", "violated")
"""Names of models that stand before others: what is wrong, then what is right."""


@dataclass(frozen=True, slots=True)
class Model:
    """One C file with what is expected of it."""

    entry: str
    name: str
    path: Path
    expected: Expectation


@dataclass(frozen=True, slots=True)
class Entry:
    """The models of one folder: mostly a bug and its fix."""

    name: str
    """Its folder, as seen from the corpus."""
    folder: Path
    cited: str
    """Commit of the fix, else the year, else empty."""
    models: tuple[Model, ...]


def find(words: Sequence[str], home: Path) -> tuple[Entry, ...]:
    """The entries that `words` name: folders, files, or names and patterns of entries of `home`.

    Without words all of `home`. In the order of the words, each once. Raises BadInput with every
    header that is wrong and every word that names nothing.
    """
    bad: list[Diagnostic] = []
    found: dict[Path, Entry] = {}
    for word in words or [str(home)]:
        try:
            for entry in _named(word, home):
                place = entry.folder.resolve()
                found[place] = _merged(found.get(place, entry), entry)
        except BadInput as error:
            bad += error.diagnostics
    if bad:
        raise BadInput(dict.fromkeys(bad))
    return tuple(found.values())


def _named(word: str, home: Path) -> Iterable[Entry]:
    path = Path(word)
    if path.is_dir():
        return _entries(path, list(_folders(path)))
    if path.is_file():
        return [_entry(path.parent.parent, path.parent, [path])]
    known = {_name(home, each): each for each in _folders(home)} if home.is_dir() else {}
    names = [each for each in known if _matches(each, word)]
    if not names:
        near_by = near(word, known)
        hint = f"near it: {', '.join(near_by)}" if near_by else "name a folder of twins, or a file"
        raise BadInput([Diagnostic("file", Span(word, 0, 0), "no such folder, file or twin", hint)])
    return _entries(home, [known[each] for each in names])


def _matches(name: str, pattern: str) -> bool:
    """`pattern` is the name, its last part, or a pattern of either."""
    return any(fnmatchcase(each, pattern) for each in (name, name.rpartition("/")[2]))


def _folders(top: Path) -> Iterator[Path]:
    """`top` and what lies below it, where there are models, sorted."""
    for place, below, files in os.walk(top):
        below[:] = sorted(each for each in below if not each.startswith("."))
        if any(each.endswith(".c") for each in files):
            yield Path(place)


def _entries(top: Path, folders: Sequence[Path]) -> list[Entry]:
    bad: list[Diagnostic] = []
    found = []
    if not folders:
        raise BadInput([Diagnostic("file", Span(str(top), 0, 0), "no model (*.c) in this folder")])
    for folder in folders:
        try:
            found.append(_entry(top if folder != top else top.parent, folder))
        except BadInput as error:
            bad += error.diagnostics
    if bad:
        raise BadInput(bad)
    return found


def _entry(top: Path, folder: Path, paths: Sequence[Path] = ()) -> Entry:
    said = _catalogue(folder.parent / catalogue.NAME)
    name = _name(top, folder)
    bad: list[Diagnostic] = []
    models = []
    for path in sorted(paths or folder.glob("*.c"), key=_order):
        try:
            models.append(Model(name, path.stem, path, _expectation(path, said)))
        except BadInput as error:
            bad += error.diagnostics
    if bad:
        raise BadInput(bad)
    cited = _cited(folder) or (said.year(folder.name) if said else "")
    return Entry(name, folder, cited, tuple(models))


def _expectation(path: Path, said: catalogue.Catalogue | None) -> Expectation:
    """What its head says, else the catalogue."""
    if said and not header.present(path):
        found = said.expectation(path.parent.resolve().name, path.stem)
        if found:
            return found
    return header.read(path)


def _catalogue(path: Path) -> catalogue.Catalogue | None:
    return catalogue.Catalogue(path) if path.is_file() else None


def _merged(one: Entry, other: Entry) -> Entry:
    """Two parts of the same folder."""
    models = {each.path.resolve(): each for each in (*one.models, *other.models)}
    ordered = sorted(models.values(), key=lambda each: _order(each.path))
    return replace(one, models=tuple(ordered))


def _order(path: Path) -> tuple[bool, str]:
    return path.stem not in _FIRST, path.stem


def _name(top: Path, folder: Path) -> str:
    name = os.path.relpath(folder, top).replace(os.sep, "/")
    return name if not name.startswith(".") else folder.resolve().name


def _cited(folder: Path) -> str:
    """What the table of notes.md names: the first commit of `fix`, else the first year."""
    try:
        notes = (folder / "notes.md").read_text(errors="replace")
    except OSError:
        return ""
    fix, year = _FIX.search(notes), _YEAR.search(notes)
    commit = _COMMIT.match(fix[1]) if fix else None
    return commit[0] if commit else year[1] if year else ""
