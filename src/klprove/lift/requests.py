# SPDX-License-Identifier: GPL-2.0-or-later
"""--lift FILE:FUNCTION: the text that was asked for, or what is wrong with asking for it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from klprove.lift.lifted import NAMED, Lifted, lifted
from klprove.lift.modelled import Modelled
from klprove.lift.tree import KernelTree, Place
from klprove.source import BadInput, Diagnostic, Span

_OPTION = Span("--lift", 0, 0)


def requested(tree: KernelTree, model: Modelled, references: Sequence[str]) -> tuple[Lifted, ...]:
    """The text of each FILE:FUNCTION. Raises BadInput with all that is wrong."""
    parts: dict[str, Lifted] = {}
    bad: list[Diagnostic] = []
    for each in references:
        try:
            part = _requested(tree, model, each)
        except BadInput as error:
            bad += error.diagnostics
            continue
        known = parts.setdefault(part.name, part)
        if known.reference != part.reference:
            text = f"{part.name} is asked for twice: {known.reference}, {part.reference}"
            bad.append(Diagnostic("option", _OPTION, text))
    if bad:
        raise BadInput(bad)
    return tuple(parts.values())


def _requested(tree: KernelTree, model: Modelled, reference: str) -> Lifted:
    file, colon, name = reference.rpartition(":")
    if not colon or not file or not name.isidentifier():
        hint = "for instance kernel/livepatch/patch.c:klp_ftrace_handler"
        raise _bad("option", _OPTION, f"{reference!r} is not FILE:FUNCTION", hint)
    if name in model.macros:
        text = f"{name} is a macro of the model, which its text goes on using"
        raise _bad("option", _OPTION, text, "leave it out")
    if name in model.marks:
        text = f"the model's {name}() reports to its properties: {', '.join(model.marks[name])}"
        raise _bad("option", _OPTION, text, "lift what it calls instead")
    path = Path(file)
    if not (tree.root / path).exists() and path.exists():
        path = path.absolute()
    places = [each for each in tree.places(path, [name]) if each.definition.name == name]
    if not places:
        raise _absent(tree, path, name)
    place = places[0]
    if place.definition.wrong:
        code = "assembly" if "assembly" in place.definition.wrong else "unsupported"
        span = Span(str(tree.root / path), place.wrong_line, 1)
        hint = "leave it to the model"
        raise _bad(code, span, f"{name}() cannot be lifted: {place.definition.wrong}", hint)
    return lifted(tree, place)


def _absent(tree: KernelTree, path: Path, name: str) -> BadInput:
    shown = str(tree.root / path)
    open_line = tree.decided(path).open_line
    elsewhere = [each for each in _elsewhere(tree, name) if each.file != path]
    hint = f"it is in {elsewhere[0].file.as_posix()}" if elsewhere else ""
    if open_line:
        text = f"the file ends inside this #if, without {name}(): is it truncated?"
        return _bad("file", Span(shown, open_line, 1), text, hint)
    if re.search(rf"\b{name}\b", tree.raw(path)) and not elsewhere:
        hint = "what #if leaves of a file depends on -D CONFIG_NAME=1"
    return _bad("unknown", Span(shown, 0, 0), f"no definition of {name}() in it", hint)


def _elsewhere(tree: KernelTree, name: str) -> list[Place]:
    return tree.find([name]).get(name, []) if tree.is_kernel else []


def advised(
    tree: KernelTree, parts: Sequence[Lifted], found: Sequence[Diagnostic]
) -> list[Diagnostic]:
    """`found`, where it is about lifted text, with what to add."""
    return [
        _advise(tree, each) if any(part.holds(each.span) for part in parts) else each
        for each in found
    ]


def _advise(tree: KernelTree, diagnostic: Diagnostic) -> Diagnostic:
    match = NAMED.search(diagnostic.text)
    if match is None:
        return replace(
            diagnostic, hint="the model lacks it: define it in a file, or do not lift this"
        )
    name = match[1]
    places = [each for each in _elsewhere(tree, name) if not each.definition.wrong]
    if places:
        hint = f"add --lift {places[0].file.as_posix()}:{name}, or define {name} in a file"
    else:
        hint = f"define {name} in a file of yours: neither the model nor the tree has it"
    return replace(diagnostic, hint=hint)


def _bad(code: str, span: Span, text: str, hint: str = "") -> BadInput:
    return BadInput([Diagnostic(code, span, text, hint)])
