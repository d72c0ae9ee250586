# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a proposal belongs, and what has to be added so that it is a whole function."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from klprove.c import parse
from klprove.kernels import Kernel
from klprove.mail import patches
from klprove.mail.composed import Composed
from klprove.mail.functions import Functions
from klprove.mail.snippets import DIFF, FUNCTIONS, Snippet, functions
from klprove.source import BadInput, Diagnostic, Span, near

ENTRY, EXIT = "entry", "exit"

_FLAG = re.compile(r"\b([A-Za-z_]\w*)\s*=\s*(?:true|false|0|1)\s*;")
_UNDECLARED = re.compile(r"undeclared identifier '(\w+)'")
_RETURN = re.compile(r"\breturn\b([^;]*);")
_BODY = re.compile(r"\s*(?:\.\.\.|\[\.\.\.\]|/\* *\.\.\. *\*/)\s*$")


@dataclass
class Placed:
    """The file that is checked, and how it came about."""

    composed: Composed
    target: str
    """What is replaced, or where it was put: `entry of klp_ftrace_handler`."""
    because: str
    added: list[str] = field(default_factory=list)
    """What stands in no line of the mail."""


@cache
def _said() -> Mapping[str, Any]:
    return tomllib.loads((Path(__file__).parent / "proposals.toml").read_text(encoding="utf-8"))


def place(
    snippet: Snippet, kernel: Kernel | None, where: str | None, defines: Mapping[str, str]
) -> Placed:
    """`snippet` as a C file that can stand behind `kernel`.

    where: `F:entry` or `F:exit`, for statements. Raises BadInput "mail" where it is not clear
    where they belong, or a patch does not fit.
    """
    for line in snippet.lines:
        if "\ufffd" in line.text:
            text = "a character that is no text: the mail names the wrong character set"
            raise BadInput([Diagnostic("mail", line.span, text)])
    if snippet.kind == FUNCTIONS:
        if where is not None:
            raise _misplaced("--place is for statements; these are whole functions")
        return _functions(snippet, kernel)
    if kernel is None:
        raise _misplaced("it is part of a function: --kernel says of which kernel model")
    model = Functions(kernel, defines)
    if snippet.kind == DIFF:
        if where is not None:
            raise _misplaced("--place is for statements; this is a patch")
        composed, names, because = patches.apply(snippet.lines, model)
        return Placed(composed, "in place of " + ", ".join(names), because)
    name, at, because = _place(snippet, model, where)
    placed = _statements(snippet, model, name, at)
    placed.because = because
    _declare(placed, kernel, snippet, defines)
    return placed


def _misplaced(text: str) -> BadInput:
    return BadInput([Diagnostic("mail", Span("--place", 0, 0), text)])


def _functions(snippet: Snippet, kernel: Kernel | None) -> Placed:
    composed = Composed()
    for line in snippet.lines:
        composed.add(line.text, line.span)
    names = functions(snippet.lines)
    if kernel is None:
        return Placed(composed, "a model of its own", "no kernel model was asked for")
    texts = [path.read_text() for path in kernel.files]
    known = [
        name
        for name in names
        if any(re.search(rf"\b{name}\([^;]*\)\s*\{{", each) for each in texts)
    ]
    target = "in place of " + ", ".join(known) if known else "in place of nothing"
    return Placed(
        composed, target, "the mail has " + ("it" if len(names) == 1 else "them") + " whole"
    )


def _place(snippet: Snippet, model: Functions, where: str | None) -> tuple[str, str, str]:
    """Function, ENTRY or EXIT, and why."""
    if where is not None:
        name, _, at = where.partition(":")
        if at not in (ENTRY, EXIT) or name not in model.names:
            known = near(name, model.names) or ["klp_ftrace_handler"]
            raise BadInput(
                [
                    Diagnostic(
                        "mail",
                        Span("--place", 0, 0),
                        f"{where!r} is no place in {model.kernel.name}",
                        "say " + " or ".join(f"{each}:{ENTRY}" for each in known),
                    )
                ]
            )
        return name, at, "--place says so"
    meant = dict(_meant(snippet, model))
    if len(meant) == 1:
        ((name, (phrase, span)),) = meant.items()
        return name, ENTRY, f'{span.file}:{span.line} says "{phrase}"; --place for elsewhere'
    candidates = list(meant) or _named(snippet, model) or ["klp_ftrace_handler"]
    text = "where does this belong? the mail does not say in which function"
    if meant:
        text = "where does this belong? the mail speaks of several functions"
    notes = [(span, f'"{phrase}" is {name}') for name, (phrase, span) in meant.items()]
    hint = "say --place " + ", or ".join(f"{each}:{ENTRY}" for each in candidates[:6])
    raise BadInput([Diagnostic("mail", snippet.lines[0].span, text, hint, notes)])


def _meant(snippet: Snippet, model: Functions) -> Iterator[tuple[str, tuple[str, Span]]]:
    """Functions that the prose of the mail speaks of, with the first words for it."""
    inside = set(snippet.lines)
    prose = [each for each in snippet.message.lines if each not in inside]
    text, starts = "", []
    for line in prose:
        starts.append(len(text))
        text += line.text.strip() + " "
    for name, phrases in _said()["spoken"].items():
        if name not in model.names:
            continue
        found = [
            (each.start(), phrase)
            for phrase in phrases
            if (each := re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, re.IGNORECASE))
        ]
        if found:
            start, phrase = min(found)
            row = sum(each <= start for each in starts) - 1
            yield name, (phrase, prose[row].span)


def _named(snippet: Snippet, model: Functions) -> list[str]:
    """Functions of the model that the mail names and the snippet does not call."""
    called = set(re.findall(r"\w+", " ".join(each.text for each in snippet.lines)))
    words = re.findall(r"\w+", " ".join(each.text for each in snippet.message.lines))
    known = set(model.names)
    return [each for each in dict.fromkeys(words) if each in known and each not in called]


def _statements(snippet: Snippet, model: Functions, name: str, at: str) -> Placed:
    head, body, brace = model.around(name)
    lines = list(snippet.lines)
    split = next((n for n, each in enumerate(lines) if _BODY.match(each.text)), None)
    if split is not None:
        before, after = lines[:split], lines[split + 1 :]
    else:
        before, after = (lines, []) if at == ENTRY else ([], lines)
    composed = Composed()
    placed = Placed(composed, f"{at} of {name}", "")
    left = _left(before, after) if at == ENTRY else {}
    composed.add(head.text, head.origin)
    for flag in left:
        composed.add(f"\tbool {flag} = false;")
    for line in before:
        composed.add(_noted(line.text, left), line.span)
    composed.add(_without_returns(body.text, name, model, bool(after or left)), body.origin)
    if (after or left) and _RETURN.search(body.text):
        composed.add("klprove_end:;")
    for line in after:
        composed.add(line.text, line.span)
    for flag, (_, leave) in reversed(left.items()):
        composed.add(f"\tif ({flag})\n\t\t{leave}();")
    composed.add(brace.text, brace.origin)
    if left:
        pairs = ", ".join(f"{leave}() for {enter}()" for enter, leave in left.values())
        placed.added.append(f"at the end of {name}, where the first was taken: {pairs}")
    return placed


def _left(before: list[Any], after: list[Any]) -> dict[str, tuple[str, str]]:
    """By the name of a flag: what is entered in `before` and left nowhere, and what leaves it."""
    entered = " ".join(each.text for each in before)
    elsewhere = entered + " ".join(each.text for each in after)
    found = {}
    for enter, leave in _said()["pairs"].items():
        if re.search(rf"\b{enter}\s*\(\s*\)\s*;", entered) and not re.search(
            rf"\b{leave}\s*\(", elsewhere
        ):
            found[f"klprove_{enter}"] = (enter, leave)
    return found


def _noted(text: str, left: Mapping[str, tuple[str, str]]) -> str:
    """A line in which whatever is entered is noted by its flag; it stays one statement."""
    for flag, (enter, _) in left.items():
        text = re.sub(
            rf"\b{enter}\s*\(\s*\)\s*;", f"{{ {enter}(); {flag} = true; }}", text, count=1
        )
    return text


def _without_returns(text: str, name: str, model: Functions, needed: bool) -> str:
    """The body of a function that is left at its end only."""
    if not needed or not _RETURN.search(text):
        return text
    if not model.is_void(name):
        raise _misplaced(f"{name} returns a value in its middle: send the function whole")
    return _RETURN.sub("goto klprove_end;", text)


def _declare(placed: Placed, kernel: Kernel, snippet: Snippet, defines: Mapping[str, str]) -> None:
    """Declare flags that the snippet sets and nobody has declared."""
    set_ = set(_FLAG.findall("\n".join(each.text for each in snippet.lines)))
    if not set_:
        return
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mail.c"
        path.write_text(placed.composed.text)
        try:
            parse(kernel.files, defines={"NR_CPUS": "1", **defines}, user=path)
            return
        except BadInput as refused:
            said = " ".join(each.text for each in refused.diagnostics)
    for name in dict.fromkeys(_UNDECLARED.findall(said)):
        if name in set_:
            placed.composed.lines.insert(0, (f"static bool {name};", None))
            text = f"static bool {name}: the mail sets it, and does not say who reads it"
            placed.added.append(text)
