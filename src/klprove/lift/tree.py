# SPDX-License-Identifier: GPL-2.0-or-later
"""A tree of kernel source: is it one, which version, and where in it a function is defined."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from klprove.lift.conditionals import Decided, decide
from klprove.lift.definitions import Definition, definitions
from klprove.source import BadInput, Diagnostic, Span

SEARCHED = (
    "kernel", "arch/x86", "include", "lib", "mm", "fs", "init",
    "drivers/cpuidle", "drivers/idle", "drivers/base", "drivers/acpi",
)  # fmt: skip
"""Folders in which functions are looked for, in this order."""
_UNSEARCHED = re.compile(r"/(?:uml?|um|boot|tools|selftests|purgatory|realmode)/")
_MOST_BYTES = 4_000_000
_BEGINS = re.compile(
    rb"^(?:(?=[A-Za-z_])[^\n(]*?(\w+)[ \t]*\(|[ \t]*#[ \t]*define[ \t]+(\w+))", re.MULTILINE
)
_MADE = re.compile(rb"^(?:[A-Z][A-Z0-9_]+|[^\n(]*__attribute__[ \t]*)(\([^\n]*)", re.MULTILINE)
_IDENTIFIER = re.compile(rb"[A-Za-z_]\w*")
_VERSION = re.compile(r"^(VERSION|PATCHLEVEL|SUBLEVEL)[ \t]*=[ \t]*(\d+)", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*obj-(?:\$\((\w+)\)|y)[ \t]*[:+]?=((?:\\\n|[^\n])*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Place:
    """A definition and the file that holds it."""

    file: Path
    """Relative to the tree."""
    definition: Definition
    line: int
    wrong_line: int


class KernelTree:
    """Kernel source under `root`, read under one configuration."""

    def __init__(self, root: str, macros: Mapping[str, str], strict: bool = True) -> None:
        """Raises BadInput "file" where `root` holds no kernel, unless not `strict`."""
        self.root = Path(root)
        self._macros = dict(macros)
        self._decided: dict[Path, Decided] = {}
        self._rules: dict[Path, str] = {}
        self._found: dict[str, list[Place]] = {}
        if not strict:
            return
        if not self.root.is_dir():
            raise _no_kernel(root, "no such folder")
        missing = [each for each in ("kernel", "include/linux") if not (self.root / each).is_dir()]
        if missing:
            raise _no_kernel(root, f"no folder {missing[0]} in it")

    @cached_property
    def version(self) -> tuple[int, ...]:
        """What its Makefile says; empty where there is none."""
        try:
            head = (self.root / "Makefile").read_text(errors="replace")[:4096]
        except OSError:
            return ()
        found = {name: int(number) for name, number in _VERSION.findall(head)}
        return (found["VERSION"], found.get("PATCHLEVEL", 0)) if "VERSION" in found else ()

    def decided(self, file: Path) -> Decided:
        """The text of `file`, relative to the tree. Raises BadInput where it cannot be read."""
        if file not in self._decided:
            name = str(self.root / file)
            try:
                data = (self.root / file).read_bytes()[: _MOST_BYTES + 1]
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or "not a file name"
                text = f"cannot read: {reason}"
                raise BadInput([Diagnostic("file", Span(name, 0, 0), text)]) from None
            if len(data) > _MOST_BYTES or b"\0" in data:
                text = "no source text: too long, or with a NUL byte"
                raise BadInput([Diagnostic("file", Span(name, 0, 0), text)])
            text = data.decode(errors="replace").replace("\r\n", "\n")
            self._decided[file] = decide(text, self._macros)
        return self._decided[file]

    def raw(self, file: Path) -> str:
        """The whole text of `file`, undecided."""
        return (self.root / file).read_text(errors="replace")

    @property
    def is_kernel(self) -> bool:
        """False for a folder that only some file was taken from."""
        return (self.root / "kernel").is_dir() and (self.root / "include/linux").is_dir()

    def places(self, file: Path, names: Collection[str]) -> list[Place]:
        """Where `file` defines one of `names`. Raises BadInput where it cannot be read."""
        decided = self.decided(file)
        count = decided.text.count
        return [
            Place(
                file,
                each,
                count("\n", 0, each.start) + 1,
                count("\n", 0, each.wrong_at if each.wrong else each.start) + 1,
            )
            for each in definitions(decided, names)
        ]

    def find(self, names: Collection[str]) -> dict[str, list[Place]]:
        """Where the tree defines each of `names`, the likeliest place first."""
        new = [name for name in names if name not in self._found]
        self._found.update((name, []) for name in new)
        by_file: dict[Path, list[str]] = {}
        for name in new:
            for file in self._index.get(name.encode(errors="replace"), ()):
                by_file.setdefault(file, []).append(name)
        for file, mentioned in by_file.items():
            for place in self._places_or_none(file, mentioned):
                self._found[place.definition.name].append(place)
        for name in new:
            self._found[name].sort(key=self._rank)
        return {name: list(self._found[name]) for name in names if self._found[name]}

    @cached_property
    def _index(self) -> Mapping[bytes, Sequence[Path]]:
        """By name: files that may define it, going by how a line begins."""
        index: dict[bytes, list[Path]] = {}
        for file in self._files():
            try:
                data = (self.root / file).read_bytes()
            except OSError:
                continue
            if len(data) > _MOST_BYTES:
                continue
            names = {function or macro for function, macro in _BEGINS.findall(data)}
            for made in _MADE.findall(data):
                names.update(_IDENTIFIER.findall(made))
            for name in names:
                index.setdefault(name, []).append(file)
        return index

    def _places_or_none(self, file: Path, names: Collection[str]) -> list[Place]:
        try:
            return self.places(file, names) if self.is_built(file) else []
        except BadInput:
            return []

    def _rank(self, place: Place) -> tuple[bool, bool, bool, bool, int]:
        """A body beats a stub in a header, the architecture's word what is there for all."""
        each = place.definition
        generic = "asm-generic" in place.file.parts
        size = each.end - each.start
        return bool(each.wrong), each.is_weak, generic, place.file.suffix != ".c", -size

    def _files(self) -> Iterator[Path]:
        for folder in SEARCHED:
            for path in sorted((self.root / folder).rglob("*.[ch]")):
                name = f"/{path.relative_to(self.root).as_posix()}"
                if not _UNSEARCHED.search(name) and path.is_file():
                    yield Path(name[1:])

    def is_built(self, file: Path) -> bool:
        """False for a C file that the Makefile beside it leaves out under the configuration."""
        if file.suffix != ".c":
            return True
        folder = file.parent
        if folder not in self._rules:
            try:
                self._rules[folder] = (self.root / folder / "Makefile").read_text(errors="replace")
            except OSError:
                self._rules[folder] = ""
        objects = f"{file.stem}.o"
        rules = [each for each in _RULE.findall(self._rules[folder]) if objects in each[1].split()]
        return not rules or any(not option or option in self._macros for option, _ in rules)


def _no_kernel(root: str, why: str) -> BadInput:
    hint = "give the folder that holds kernel/, include/ and arch/ of a Linux source tree"
    text = f"not a tree of kernel source: {why}"
    return BadInput([Diagnostic("file", Span(root, 0, 0), text, hint)])
