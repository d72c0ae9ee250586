# SPDX-License-Identifier: GPL-2.0-or-later
"""What a kernel model says of itself: the functions that its files' heads name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from klprove.c import HEADER, FunctionDecl, Unit
from klprove.kernels import Kernel
from klprove.lift.composition import macros_of, words_of
from klprove.lift.masking import mask

_HEAD = re.compile(r"\A\s*/\*(.*?)\*/", re.DOTALL)
_MODELS = re.compile(r"\bModels:(.*?)(?=\bLeaves out:|\bDiverges\b|\Z)", re.DOTALL)
_REPORTS = frozenset({"finding", "reach", "__klprove_reach"})
_WORD = re.compile(r"(?<![\w/.])[A-Za-z_]\w*(?![\w/]|\.[ch]\b)")


@dataclass(frozen=True, slots=True)
class Modelled:
    """The names of a model."""

    named: tuple[str, ...]
    """Functions that a file defines and its head names as the kernel's, in order."""
    marks: Mapping[str, tuple[str, ...]]
    """Of the functions that report to the model's properties: by which ghost functions. Real text
    in their place would say nothing to these."""
    own: tuple[str, ...]
    """Functions that no head names: the model's own."""
    functions: frozenset[str]
    """Both."""
    macros: frozenset[str]
    known: frozenset[str]
    """Every name that the model or klprove.h defines."""


def modelled(kernel: Kernel, unit: Unit) -> Modelled:
    """The names of `kernel`; `unit` is its parsed text."""
    texts = {str(path): path.read_text(encoding="utf-8") for path in kernel.files}
    heads = {name: _named(text) for name, text in texts.items()}
    named, own = list[str](), list[str]()
    for name in unit.functions:
        each = unit.declared[name]
        if each.from_header or name.startswith("__klprove_"):
            continue
        says = heads.get(each.node.span.file, frozenset())
        (named if name in says and not each.is_ghost else own).append(name)
    sources = [*texts.values(), HEADER.read_text(encoding="utf-8")]
    ghosts = {name for name, each in unit.declared.items() if each.is_ghost} | _REPORTS
    marks = {name: _called(unit.declared[name], texts) & ghosts for name in named}
    return Modelled(
        named=tuple(named),
        marks={name: tuple(sorted(found)) for name, found in marks.items() if found},
        own=tuple(own),
        functions=frozenset((*named, *own)),
        macros=frozenset().union(*map(macros_of, sources)),
        known=frozenset().union(*map(words_of, sources)),
    )


def _called(function: FunctionDecl, texts: Mapping[str, str]) -> set[str]:
    """Names in the body of `function`."""
    body = function.body
    if body is None or body.span.file not in texts:
        return set()
    text = texts[body.span.file].encode()[body.extent.start : body.extent.end]
    return set(_WORD.findall(mask(text.decode(errors="replace"))))


def _named(text: str) -> frozenset[str]:
    """Names in what the head of a file says that it models."""
    head = _HEAD.match(text)
    models = _MODELS.search(head[1]) if head else None
    return frozenset(_WORD.findall(models[1])) if models else frozenset()
