# SPDX-License-Identifier: GPL-2.0-or-later
"""What of a mail's text is C: patches, functions, statements."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from klprove.mail.message import Line, Message
from klprove.source import BadInput, Diagnostic, Span

DIFF, FUNCTIONS, STATEMENTS = "patch", "functions", "statements"

_LONGEST = 200
"""Characters of a line that is taken for C where it could be prose."""
_MOST_SHOWN = 20
"""Snippets in a list."""

_COMMENT = re.compile(r"/\*.*?\*/|//.*|/\*.*$")
_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_DIFF = re.compile(r"diff --git |--- \S|\+\+\+ \S|@@ -\d|index [0-9a-f]{6,}|(?:new|old) file mode ")
_STATEMENT = re.compile(
    r"(?:\(void\)\s*)?[A-Za-z_]\w*\s*\(.*\)\s*;"  # a call
    r"|(?:[A-Za-z_]\w*[ \t*]+){0,4}[\w\->.\[\]*&()]+\s*(?:[-+*/|&^%]|<<|>>)?=(?!=).*;"
    r"|(?:\+\+|--)[\w\->.\[\]]+;|[\w\->.\[\]]+(?:\+\+|--);|(?:return\b.*|break|continue|goto \w+);"
)
_DECLARATION = re.compile(
    r"(?:(?:static|const|volatile|extern|register)\s+)*"
    r"(?:unsigned|signed|struct \w+|union \w+|enum \w+|int|long|short|char|bool|void"
    r"|[us](?:8|16|32|64))\b[\w\s*,\[\]]*;"
)
_CONTROL = re.compile(
    r"(?:\}\s*)?(?:(?:else\s+)?(?:if|while|for|switch)\s*\(.*[;{}),|&]$|(?:else|do)\b(?:\s*\{|\s.*;|$))"
)
_HEAD = re.compile(
    r"(?:static|extern|inline|asmlinkage|noinline|notrace|noinstr|void|int|bool|unsigned|struct \w+"
    r"|__\w+)\b[\w\s*()]*\w\s*\([^;]*[,){]?$"
)
_OTHER = re.compile(r"[{}]|#\s*(?:define|include|ifn?def|if|else|endif|pragma)\b|/\*|//")
_OPEN = re.compile(
    r"(?:(?:[A-Za-z_]\w*[ \t*]+){0,4}[\w\->.\[\]*&]+\s*=\s*)?[A-Za-z_]\w*\s*\(.*[,(&|]"
)
"""The first line of a call, which is open at its end."""
_INSIDE = re.compile(r"[a-z_]\w*:$|\*|case\b.*:$|default:|\.\.\.$|\[\.\.\.\]$|" + _OTHER.pattern)
_NO_FUNCTION = ("if", "else", "while", "for", "switch", "do", "return")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')


@dataclass(frozen=True, slots=True)
class Snippet:
    """A stretch of C in a mail."""

    number: int
    """From 1, in the order of the file."""
    kind: str
    """DIFF, FUNCTIONS or STATEMENTS."""
    lines: tuple[Line, ...]
    message: Message

    @property
    def depth(self) -> int:
        """How often it is quoted."""
        return self.lines[0].depth

    @property
    def rows(self) -> str:
        """`line 7`, `lines 7-12`."""
        first, last = self.lines[0].span.line, self.lines[-1].span.line
        return f"line {first}" if first == last else f"lines {first}-{last}"

    @property
    def title(self) -> str:
        """What and where it is, for a list."""
        return f"{self.kind}, {self.where}: {self.first}"

    @property
    def where(self) -> str:
        """`lines 7-12, quoted twice`."""
        often = ("", ", quoted once", ", quoted twice")
        return self.rows + (
            often[self.depth] if self.depth < len(often) else f", quoted {self.depth} times"
        )

    @property
    def first(self) -> str:
        """Its first line that says something."""
        texts = (each.text.strip() for each in self.lines)
        return next((text[:50] for text in texts if text), "")


def find(messages: Sequence[Message]) -> tuple[Snippet, ...]:
    """Every stretch of C in `messages`, in order."""
    found: list[Snippet] = []
    for message in messages:
        for kind, lines in sorted(_stretches(message), key=lambda each: each[1][0].span.line):
            found.append(Snippet(len(found) + 1, kind, tuple(lines), message))
    return tuple(found)


def choose(found: Sequence[Snippet], number: int | None, name: str) -> Snippet:
    """The one that is asked for; without a number the only one that is quoted least. Raises
    BadInput "mail" with a list where that is none, or several."""
    if not found:
        text = "no C in this mail: neither a patch nor a statement"
        raise BadInput([Diagnostic("mail", Span(name, 0, 0), text)])
    notes = [(each.lines[0].span, f"{each.number}: {each.title}") for each in found[:_MOST_SHOWN]]
    if number is not None:
        if not 1 <= number <= len(found):
            text = f"there is no snippet {number}, only {len(found)}"
            raise BadInput([Diagnostic("mail", Span("--snippet", 0, 0), text, "", notes)])
        return found[number - 1]
    least = min(each.depth for each in found)
    own = [each for each in found if each.depth == least]
    if len(own) > 1:
        text = f"{len(own)} pieces of C, which one?"
        hint = "say --snippet " + ", or ".join(str(each.number) for each in own[:_MOST_SHOWN])
        raise BadInput([Diagnostic("mail", Span(name, 0, 0), text, hint, notes)])
    return own[0]


def _stretches(message: Message) -> Iterator[tuple[str, list[Line]]]:
    patch: list[Line] = []
    for run in _runs(message.lines):
        rest: list[Line] = []
        for is_diff, lines in _divided(run):
            if is_diff and patch and patch[0].depth != lines[0].depth:
                yield DIFF, patch
                patch = []
            if is_diff:
                patch += lines
            else:
                rest = lines
                yield from _blocks(rest)
    if patch:
        yield DIFF, patch


def _runs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Neighbours that are quoted equally often."""
    run: list[Line] = []
    for line in lines:
        if run and run[-1].depth != line.depth:
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _divided(run: Sequence[Line]) -> Iterator[tuple[bool, list[Line]]]:
    """Patches and what is none, in turn."""
    at, plain = 0, list[Line]()
    while at < len(run):
        end = _patch_end(run, at)
        if end == at:
            plain.append(run[at])
            at += 1
            continue
        if plain:
            yield False, plain
            plain = []
        yield True, list(run[at:end])
        at = end
    if plain:
        yield False, plain


def _patch_end(run: Sequence[Line], at: int) -> int:
    """Where the patch ends that begins at `at`; `at` where none does."""
    begun = at
    while at < len(run) and _DIFF.match(run[at].text):
        hunk = _HUNK.match(run[at].text)
        at += 1
        if hunk:
            at = hunk_end(run, at, int(hunk[1] or 1), int(hunk[2] or 1))
    return at if any(_HUNK.match(each.text) for each in run[begun:at]) else begun


def hunk_end(run: Sequence[Line], at: int, old: int, new: int) -> int:
    """Where a hunk of `old` and `new` lines ends that begins at `at`, or the run does."""
    while at < len(run) and (old > 0 or new > 0 or run[at].text.startswith("\\")):
        mark = run[at].text[:1]
        if _HUNK.match(run[at].text):
            break
        old -= mark not in ("+", "\\")
        new -= mark not in ("-", "\\")
        at += 1
    return at


def _blocks(lines: Sequence[Line]) -> Iterator[tuple[str, list[Line]]]:
    at = 0
    while at < len(lines):
        end = _block_end(lines, at)
        block = list(lines[at:end])
        while block and not block[-1].text.strip():
            block.pop()
        if block and _says(block):
            yield (FUNCTIONS if functions(block) else STATEMENTS), block
        at = max(end, at + 1)


def _block_end(lines: Sequence[Line], at: int) -> int:
    if not _begins(lines[at].text):
        return at
    depth, comment, end = 0, False, at
    for place in range(at, len(lines)):
        text = lines[place].text.strip()
        if depth <= 0 and not comment and text and not (_begins(text) or _INSIDE.match(text)):
            break
        bare, comment = stripped(text, comment)
        depth += sum(map(bare.count, "{(")) - sum(map(bare.count, "})"))
        if text:
            end = place + 1
        if depth < 0:
            break
    return end


def _begins(text: str) -> bool:
    """True for a line that can be the first of some C."""
    if len(text) > _LONGEST:
        return False
    bare = _COMMENT.sub("", text).strip()
    if not bare:
        return text.strip().startswith(("/*", "//"))
    return any(
        each.fullmatch(bare) for each in (_STATEMENT, _DECLARATION, _CONTROL, _HEAD)
    ) or bool(_OTHER.match(bare) or (bare.count("(") > bare.count(")") and _OPEN.fullmatch(bare)))


def _says(block: Sequence[Line]) -> bool:
    """True where something happens in `block`: not a declaration or a comment alone."""
    bare, comment = [], False
    for line in block:
        text, comment = stripped(line.text.strip(), comment)
        bare.append(text.strip())
    kinds = (_STATEMENT, _CONTROL, _OPEN)
    happens = any(each.fullmatch(text) for each in kinds for text in bare)
    return (any(text.endswith(";") for text in bare) and happens) or bool(functions(block))


def stripped(text: str, comment: bool) -> tuple[str, bool]:
    """A line without comments and strings, and whether a comment is open behind it."""
    if comment:
        end = text.find("*/")
        if end < 0:
            return "", True
        text = text[end + 2 :]
    text = _STRING.sub('""', text)
    opened = re.sub(r"/\*.*?\*/|//.*", "", text)
    start = opened.find("/*")
    return (opened, False) if start < 0 else (opened[:start], True)


def functions(lines: Sequence[Line]) -> tuple[str, ...]:
    """Names of the functions that `lines` define."""
    found, depth, before, comment = [], 0, "", False
    for line in lines:
        bare, comment = stripped(line.text, comment)
        for piece in re.split(r"([{};])", bare):
            if piece == "{":
                name = _defined(before)
                if depth == 0 and name:
                    found.append(name)
                depth, before = depth + 1, ""
            elif piece == "}":
                depth, before = max(depth - 1, 0), ""
            elif piece == ";":
                before = ""
            else:
                before = (before + piece + " ")[-1000:]
    return tuple(found)


def _defined(head: str) -> str | None:
    """The function that `head`, what stands before a brace, begins; None for something else."""
    head, depth = head.rstrip(), 0
    if not head.endswith(")"):
        return None
    for at in range(len(head) - 1, -1, -1):
        depth += (head[at] == ")") - (head[at] == "(")
        if depth == 0:
            words = re.findall(r"\w+", head[:at])
            named = len(words) > 1 and words[0] not in _NO_FUNCTION
            return words[-1] if named and words[-1].isidentifier() else None
    return None
