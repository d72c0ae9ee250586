# SPDX-License-Identifier: GPL-2.0-or-later
"""The comment at the head of a model: what klprove is expected to say about it.

    /* klprove: expect violated assert; arrivals irq=1,nmi=2; states 883 */

Parts are separated by `;`, in any order; a part is a word and its value. The comment may go on
over several lines, each of which begins with ` *`.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from klprove.check import MEMORY_MODELS, SC
from klprove.corpus.expectation import Expectation
from klprove.engine import ENGINES
from klprove.ir.program import KINDS
from klprove.kernels import SCENES, names
from klprove.lift.masking import mask
from klprove.source import BadInput, Diagnostic, Span, near
from klprove.verdict import HOLDS

_OPEN = "/* klprove:"
_FORM = "/* klprove: expect violated CODE...; states N */ or /* klprove: expect holds; states N */"
OWN = ".klp.c"
"""How the name of such a file of somebody's own ends (docs/pytest.md, docs/ci.md)."""
_NO_CODE = "the file holds no code: nothing of its own would be checked"
_DIRECTIVE = re.compile(r"^[ \t]*#(?![ \t]*include[ \t]*$).*$", re.MULTILINE)
"""In a text without strings: all but `#include "FILE"`."""
_VERDICTS = ("holds", "violated", "incomplete")
_CODE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_NAME = re.compile(r"[A-Za-z_]\w*")
_INTERRUPTS = tuple(kind for kind in KINDS if kind != "task")
_CONTINUED = re.compile(r"\n[ \t]*\*?")
_STATES = re.compile(r"(?<=[ ;\n])states[ \t]+\d+")


def read(path: Path) -> Expectation:
    """The expectation at the head of `path`. Raises BadInput with all that is wrong in it."""
    return parse(_text(path), str(path))


def read_own(path: Path) -> Expectation:
    """The same of a file of somebody's own, which need not say what it expects: then it must hold,
    and warnings may fire in it."""
    text = _text(path)
    if text.startswith(_OPEN):
        return parse(text, str(path))
    if not _code(text):
        raise BadInput([Diagnostic("expect", Span(str(path), 1, 1), _NO_CODE, "write it here")])
    return Expectation(HOLDS, codes=None)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise BadInput([Diagnostic("file", Span(str(path), 0, 0), reason)]) from None
    except UnicodeDecodeError:
        raise BadInput([Diagnostic("file", Span(str(path), 0, 0), "not a text file")]) from None


def present(path: Path) -> bool:
    """True where `path` begins with such a comment, right or wrong."""
    try:
        return path.read_bytes().startswith(_OPEN.encode())
    except OSError:
        return False


def parse(text: str, name: str = "<header>") -> Expectation:
    """The expectation at the head of `text`, the contents of the file `name`. Raises BadInput."""
    return _Header(text, name).read()


def pin(path: Path, states: int) -> None:
    """Write `states` into the head of `path`, which pins a number already."""
    text = path.read_text()
    end = text.index("*/")
    path.write_text(_STATES.sub(f"states {states}", text[:end], count=1) + text[end:])


class _Wrong(Exception):
    """A value that cannot be used: how far into it, what is wrong, what to write."""

    def __init__(self, offset: int, text: str, hint: str = "") -> None:
        self.offset, self.text, self.hint = offset, text, hint
        super().__init__(text)


class _Header:
    """One comment on its way to an Expectation; collects complaints."""

    def __init__(self, text: str, name: str) -> None:
        self._text, self._name = text, name
        self._bad: list[Diagnostic] = []

    def read(self) -> Expectation:
        """The expectation. Raises BadInput."""
        if not self._text.startswith(_OPEN):
            self._complain(0, "the file does not begin by saying what is expected", _FORM)
            raise BadInput(self._bad)
        end = self._text.find("*/")
        if end < 0:
            self._complain(0, "the comment that says what is expected has no end", "close it: */")
            raise BadInput(self._bad)
        found: dict[str, Any] = {}
        places: dict[str, int] = {}
        for place, word, start, value in self._parts(end):
            if word not in _READERS:
                meant = near(word, _READERS) or list(_READERS)
                self._complain(place, f"nothing is called '{word}' here", f"is it {_or(meant)}?")
            elif word in places:
                self._complain(place, f"'{word}' stands here twice")
            else:
                places[word] = place
                try:
                    found |= _READERS[word](value)
                except _Wrong as wrong:
                    self._complain(start + wrong.offset, wrong.text, wrong.hint)
        if "expect" not in places:
            self._complain(0, "no part of this says what is expected", _FORM)
        if "store_buffer" in found and found.get("memory_model", SC) == SC:
            self._complain(places["store-buffer"], "only tso has store buffers", "memory-model tso")
        self._exist(found.get("further", ()), places)
        if self._name.endswith(OWN) and "with" not in places and not _code(self._text):
            self._complain(0, _NO_CODE, "write it below this, or name its file here: with FILE")
        if self._bad:
            raise BadInput(self._bad)
        return Expectation(**found)

    def _parts(self, end: int) -> Iterator[tuple[int, str, int, str]]:
        """Place and word, place and value, of each part; places count from the file's start."""
        start = len(_OPEN)
        body = _CONTINUED.sub(lambda each: " " * len(each[0]), self._text[start:end])
        for part in re.finditer(r"[^;]+", body):
            if words := re.match(r"\s*(\S+)\s*", part[0]):
                place = start + part.start()
                yield (
                    place + words.start(1),
                    words[1],
                    place + words.end(),
                    part[0][words.end() :].rstrip(),
                )

    def _exist(self, further: tuple[str, ...], places: dict[str, int]) -> None:
        for each in further:
            if not (Path(self._name).parent / each).is_file():
                place = max(self._text.find(each, places["with"]), places["with"])
                self._complain(place, f"there is no file {each}", "name it as seen from here")

    def _complain(self, place: int, text: str, hint: str = "") -> None:
        line = self._text.count("\n", 0, place) + 1
        column = place - (self._text.rfind("\n", 0, place) + 1) + 1
        self._bad.append(Diagnostic("expect", Span(self._name, line, column), text, hint))


def _code(text: str) -> bool:
    """There is something but comments and directives; an included file of one's own counts."""
    return re.search(r"\w", _DIRECTIVE.sub("", mask(text).replace("\\\n", "  "))) is not None


def _or(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _expect(value: str) -> dict[str, Any]:
    verdict, *codes = value.split() or [""]
    if verdict not in _VERDICTS:
        raise _Wrong(0, f"{verdict or 'nothing'!r} is no verdict", f"expect {_or(list(_VERDICTS))}")
    for code in codes:
        if not _CODE.fullmatch(code):
            raise _Wrong(value.index(code), f"{code!r} is no code", "a code is like use-after-free")
    if verdict == "violated" and not codes:
        raise _Wrong(len(value), "violated by what?", "expect violated CODE..., every code found")
    return {"verdict": verdict, "codes": frozenset(codes)}


def _number(key: str, least: int, most: int) -> Callable[[str], dict[str, Any]]:
    def read(value: str) -> dict[str, Any]:
        if not value.isdecimal() or not least <= int(value) <= most:
            word = key.replace("_", "-")
            raise _Wrong(0, f"{value!r} is not a number of {least} .. {most}", f"{word} N")
        return {key: int(value)}

    return read


def _bounds(key: str, least: int) -> Callable[[str], dict[str, Any]]:
    def read(value: str) -> dict[str, Any]:
        bounds: dict[str, int] = {}
        at = 0
        for part in value.split(","):
            kind, _, number = part.strip().partition("=")
            if kind not in _INTERRUPTS or kind in bounds or not number.isdecimal():
                text = f"{part.strip()!r} is no bound"
                raise _Wrong(at, text, f"{key} irq=1,nmi=2; the kinds are {', '.join(_INTERRUPTS)}")
            if not least <= int(number) <= 200:
                raise _Wrong(at, f"{number} is not within {least} .. 200")
            bounds[kind] = int(number)
            at += len(part) + 1
        return {key: bounds}

    return read


def _one_of(key: str, known: Callable[[], tuple[str, ...]]) -> Callable[[str], dict[str, Any]]:
    def read(value: str) -> dict[str, Any]:
        if value not in known():
            word = key.replace("_", "-")
            raise _Wrong(0, f"{value!r} is no {word}", f"{word} {_or(list(known()))}")
        return {key: value}

    return read


def _generations() -> tuple[str, ...]:
    """Of any scene."""
    return tuple(dict.fromkeys(name for scene in SCENES for name in names(scene=scene)))


def _name(key: str) -> Callable[[str], dict[str, Any]]:
    def read(value: str) -> dict[str, Any]:
        if not _NAME.fullmatch(value):
            raise _Wrong(0, f"{value!r} is no name", f"{key} NAME")
        return {key: value}

    return read


def _list(key: str) -> Callable[[str], dict[str, Any]]:
    def read(value: str) -> dict[str, Any]:
        found = tuple(each.strip() for each in value.split(","))
        if not all(found):
            raise _Wrong(0, "a name is missing", "names, separated by commas")
        return {key: found}

    return read


def _define(value: str) -> dict[str, Any]:
    defines: dict[str, str] = {}
    for each in value.split(","):
        name, equals, text = each.strip().partition("=")
        if not _NAME.fullmatch(name):
            raise _Wrong(value.index(each), f"{name!r} is not the name of a macro", "define NAME=1")
        defines[name] = text if equals else "1"
    return {"defines": defines}


_READERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "expect": _expect,
    "states": _number("states", 0, 10**15),
    "arrivals": _bounds("arrivals", 0),
    "nest": _bounds("nest", 1),
    "kernel": _one_of("kernel", _generations),
    "scene": _one_of("scene", lambda: tuple(SCENES)),
    "action": _name("action"),
    "patch": _list("patch"),
    "cpus": _number("cpus", 1, 8),
    "recursion": _number("recursion", 1, 64),
    "define": _define,
    "with": _list("further"),
    "memory-model": _one_of("memory_model", lambda: MEMORY_MODELS),
    "store-buffer": _number("store_buffer", 1, 16),
    "engine": _one_of("engine", lambda: ENGINES),
}
"""By word: what reads its value into fields of Expectation."""
