"""Definitions in a kernel's source file: where one starts and ends, told by the kernel's own layout
(a body's braces stand in the first column), and its declaration without the body."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

_HEAD = r"^(?:[A-Za-z_][^;{}#/=]*?[\s*])??"
_BODY = r"[^;{}#]*\n\{\n.*?^\}"
_KINDS: Mapping[str, str] = {
    "function": rf"{_HEAD}NAME\([^;{{}}#]*?\){_BODY}",
    "syscall": rf"^SYSCALL_DEFINE\d\(NAME,{_BODY}",
    "struct": r"^(?:struct|union|enum) NAME\b[^;{}\n]*\n?\{\n.*?^\}[^;]*;",
    "macro": r"^#[ \t]*define NAME\b(?:[^\n]*\\\n)*[^\n]*$",
    "enum": r"^enum(?: \w+)? \{[^}]*\bNAME\b[^}]*\};",
    "data": r"^(?:[A-Za-z_][\w \t*]*?[\s*])?NAME(?:\[[^\]]*\])?[^;(){}]*?(?=;|=)",
    "constant": r"^(?:static )?const [\w ]*[\s*]NAME(?:\[[^\]]*\])? = \{\n.*?^\};",
    "lock": r"^(?:static )?DEFINE_(?:MUTEX|SPINLOCK)\(NAME\)",
}
_LOCKS = {"DEFINE_MUTEX": "struct mutex", "DEFINE_SPINLOCK": "spinlock_t"}
_STORAGE = re.compile(r"\bstatic\s+|\binline\s+|__read_mostly|__cacheline_aligned\w*|\bnoinline\w*")


class Missing(Exception):
    """A recipe names what the file does not define."""


@dataclass(frozen=True, slots=True)
class Definition:
    """Text of one definition; `at`: its offset in the file."""

    at: int
    text: str


class Source:
    """A file of a kernel tree."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(errors="replace")

    def includes(self) -> list[str]:
        """The `#include` lines, conditional ones as well."""
        return re.findall(r"^#[ \t]*include\b.*$", self.text, re.MULTILINE)

    def find(self, wanted: str) -> Definition | None:
        """`wanted`: the name of a function, or kind and name (`struct page`, `macro X`); `name#2`
        is the second of the file, where a condition chooses."""
        wanted, _, number = wanted.partition("#")
        kind, _, name = wanted.rpartition(" ")
        pattern = _KINDS[kind or "function"].replace("NAME", re.escape(name))
        all_of_them = re.finditer(pattern, self.text, re.MULTILINE | re.DOTALL)
        match = next(islice(all_of_them, int(number or 1) - 1, None), None)
        return Definition(match.start(), match[0].strip("\n") + "\n") if match else None

    def definition(self, wanted: str) -> Definition:
        """The same; Missing where there is none."""
        found = self.find(wanted)
        if found is None:
            raise Missing(f"{self.path}: no definition of {wanted}")
        return found

    def declaration(self, name: str) -> str:
        """What declares a function or a variable that this file defines, `extern`; empty where it
        does not define it, as a header will declare it then."""
        if found := self.find(f"lock {name}"):
            maker = re.search(r"DEFINE_\w+", found.text)
            return f"extern {_LOCKS[maker[0]]} {name};" if maker else ""
        if found := self.find(name):
            return f"extern {_bare(found.text.partition(chr(10) + '{')[0])};"
        if found := self.find(f"data {name}"):
            return f"extern {_bare(found.text)};"
        return ""


def _bare(text: str) -> str:
    return " ".join(_STORAGE.sub("", text).split())
