# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel text in the model's place: for one question, or as much of a tree as goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from klprove.c import Unit
from klprove.check.answer import Answer
from klprove.check.checking import kernel_of, unit_of
from klprove.check.question import Question
from klprove.check.site import Job
from klprove.kernels import Kernel
from klprove.lift import (
    Composed,
    KernelTree,
    Lifted,
    Modelled,
    Survey,
    advised,
    compose,
    configuration,
    modelled,
    requested,
    survey,
    words_of,
)
from klprove.source import BadInput, Diagnostic, Span
from klprove.verdict import Finding

ALL = "all"
"""In `Question.lift`: whatever of the tree can be lifted."""


@dataclass(frozen=True)
class Scene:
    """A question's model and a tree, both read under one configuration."""

    tree: KernelTree
    model: Modelled
    known: frozenset[str]
    options: Mapping[str, str]

    def compose(self, parts: Sequence[Lifted]) -> Composed:
        """`parts` as an overlay over the model."""
        return compose(self.tree, parts, self.known, self.model.functions, self.options)


def scene(question: Question, kernel: Kernel) -> Scene:
    """What lifting for `question` works with. Raises BadInput."""
    model = modelled(kernel, unit_of(question, kernel))
    options = configuration(kernel, question.defines)
    tree = KernelTree(question.tree or "", options, strict=question.tree is not None)
    users = (Path(each).read_text(errors="replace") for each in question.files)
    known = model.known.union(question.defines, {"NR_CPUS"}, *map(words_of, users))
    return Scene(tree, model, known, options)


def _model(question: Question) -> Kernel:
    kernel = kernel_of(question)
    if kernel is None:
        text = "real text takes the place of a model's: give --kernel too"
        raise BadInput([Diagnostic("option", Span("--lift", 0, 0), text)])
    return kernel


def asked_for(question: Question) -> tuple[Unit, Composed]:
    """The unit of `question` with the text that it asks for. Raises BadInput."""
    kernel = _model(question)
    if ALL in question.lift:
        composed = surveyed(question).composed
        return unit_of(question, kernel, composed.overlay), composed
    stage = scene(question, kernel)
    parts = requested(stage.tree, stage.model, question.lift)
    composed = stage.compose(parts)
    try:
        return unit_of(question, kernel, composed.overlay), composed
    except BadInput as error:
        raise BadInput(advised(stage.tree, parts, error.diagnostics)) from None


def surveyed(question: Question) -> Survey:
    """As much of `question.tree` as can take the place of the model's text. Raises BadInput for a
    tree, or a question, that cannot be used."""
    kernel = _model(question)
    stage = scene(question, kernel)
    plain = unit_of(question, kernel)
    traceable = set(plain.traceable())
    site = next((each for each in kernel.sites if each in traceable), "")

    def attempt(composed: Composed) -> Sequence[Diagnostic]:
        try:
            unit = unit_of(question, kernel, composed.overlay)
            Job(question, unit, question.recursion or kernel.recursion, required=False).prepare(
                site
            )
        except BadInput as error:
            return error.diagnostics
        return ()

    return survey(stage.tree, stage.model, stage.compose, attempt)


@dataclass(frozen=True, slots=True)
class Difference:
    """A site that modelled and lifted text do not agree about."""

    site: str
    code: str
    """Of the finding that only one has; empty where one has no such site or no complete answer."""
    modelled: Finding | None
    lifted: Finding | None
    reason: str = ""


def differences(model: Answer, real: Answer) -> tuple[Difference, ...]:
    """Where two answers to one question differ, by site and code."""
    found = []
    for site in dict.fromkeys([*model.sites, *real.sites]):
        ours, theirs = model.sites.get(site), real.sites.get(site)
        if ours is None or theirs is None:
            side = "lifted" if ours is None else "modelled"
            found.append(Difference(site, "", None, None, f"only the {side} text can be patched"))
            continue
        for side, each in (("modelled", ours), ("lifted", theirs)):
            if not each.complete:
                found.append(
                    Difference(site, "", None, None, f"{side}: the search is not complete")
                )
        first, second = _by_code(ours.findings), _by_code(theirs.findings)
        for code in dict.fromkeys([*first, *second]):
            if (code in first) != (code in second):
                found.append(Difference(site, code, first.get(code), second.get(code)))
    return tuple(found)


def _by_code(findings: Sequence[Finding]) -> dict[str, Finding]:
    return {each.code: each for each in reversed(findings)}
