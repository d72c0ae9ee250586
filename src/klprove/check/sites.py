# SPDX-License-Identifier: GPL-2.0-or-later
"""Which functions a question patches."""

from collections.abc import Collection, Iterable, Sequence

from klprove.check.question import EACH
from klprove.ir.program import Program
from klprove.source import BadInput, Diagnostic, Span, near

_OPTION = Span("--patch", 0, 0)


def sites(
    patch: Sequence[str],
    known: Sequence[str],
    traceable: Iterable[str],
    unentered: Collection[str] = (),
) -> tuple[str, ...]:
    """The sites of a question, in order; `("",)` where nothing is patched.

    `known`: the kernel model's own list, in its order. `traceable`: what the text as a whole would
    let a livepatch patch. `unentered`: what `each` passes over, since no call of it enters a
    livepatch. Raises BadInput with one diagnostic for each name that is neither known nor
    traceable.
    """
    if not patch:
        return ("",)
    possible = list(dict.fromkeys(traceable))
    every = tuple(each for each in known if each in possible) if known else tuple(possible)
    every = tuple(each for each in every if each not in unentered)
    if EACH in patch and not every:
        raise BadInput([Diagnostic("patch", _OPTION, "the text has no function to patch")])
    chosen = [site for named in patch for site in (every if named == EACH else (named,))]
    names = [name for site in chosen for name in site.split("+")]
    refused = [
        _refuse(name, known, possible) for name in dict.fromkeys(names) if name not in possible
    ]
    if refused:
        raise BadInput(refused)
    return tuple(dict.fromkeys(chosen))


def _refuse(name: str, known: Sequence[str], possible: Sequence[str]) -> Diagnostic:
    offered = list(dict.fromkeys([*known, *possible]))
    meant = near(name, offered)
    if name in known:
        return Diagnostic(
            "patch",
            _OPTION,
            f"{name}() cannot be patched: the text makes it notrace or inline",
        )
    hint = f"near it: {', '.join(meant)}" if meant else "`--patch each` patches one after the other"
    if not offered:
        hint = "give --kernel, or define the function in the file"
    return Diagnostic("patch", _OPTION, f"no function {name}() that can be patched", hint)


def called(program: Program) -> frozenset[str]:
    """Every function that some context of `program` runs."""
    return frozenset(
        name
        for context in program.contexts
        for instr in context.code.instrs
        for name in instr.at.calls
    )


def require_called(site: str, program: Program) -> None:
    """Raise BadInput if patching `site` cannot change anything because nothing calls it."""
    missing = [name for name in site.split("+") if name and name not in called(program)]
    if missing:
        raise BadInput(
            Diagnostic(
                "patch",
                _OPTION,
                f"no context calls {name}(), so patching it changes nothing",
                "call it from a function marked __task, __irq, __nmi or __exception",
            )
            for name in missing
        )


def refuse_unknown(inlined: Iterable[str], functions: Iterable[str]) -> None:
    """Raise BadInput for functions named to `--inline` that the text does not have."""
    known = sorted(functions)
    refused = []
    parts = {part for each in inlined for part in each.split(":", 1)}
    for name in sorted(parts - set(known)):
        meant = near(name, known)
        hint = f"near it: {', '.join(meant)}" if meant else ""
        span = Span("--inline", 0, 0)
        refused.append(Diagnostic("option", span, f"no function {name}() in the text", hint))
    if refused:
        raise BadInput(refused)
