# SPDX-License-Identifier: GPL-2.0-or-later
"""H04: code that the check of the stacks does not see."""

from collections.abc import Iterator

from klprove.image.relocatable import Symbol
from klprove.lint.code import CALL, JUMP, Body, Use
from klprove.lint.finding import ERROR, NOTE, UNKNOWN, WARNING, Case, Finding, Rule, several
from klprove.lint.livepatch import Function
from klprove.lint.reached import reached_from
from klprove.lint.rules.names import SLEEPERS, quiet, returns
from klprove.lint.target import Place
from klprove.lint.ways import told, way

_DEEP = 3
"""So many calls down it is said that a fragment may sleep. One of five kinds of code that is cold
can reach a sleeper somehow; of 2,862 fragments of Debian's 6.1, 143 do so in three calls."""


def check(case: Case) -> Iterator[Finding]:
    """The fragment `.cold` of each old and each new function."""
    functions = list(case.patch.functions)
    if functions and not case.decodable:
        text = f"cannot tell what .cold fragments call: no decoder for {case.patch.elf.machine}"
        yield Finding(UNKNOWN, several([each.shown for each in functions]), text)
        return
    yield from case.unseen("whether the old functions have .cold fragments")
    for function in functions:
        for fragment in case.fragments(function.new) if function.new else ():
            yield from _new(case, function, fragment)
    for function, place in case.replaced:
        for part in case.old_fragments(place):
            yield from _old(case, function, part)


def _new(case: Case, function: Function, fragment: Symbol) -> Iterator[Finding]:
    found = _sleeps(case, case.body(fragment), {fragment.name})
    if found:
        use, path = found
        text = (
            f"{fragment.name} sleeps in {path[-1]}: a task there is not seen when the patch is "
            "disabled, and the module goes away under it"
        )
        yield Finding(
            ERROR, fragment.name, text, use.offset, _path(function.shown, fragment.name, path)
        )
        return
    for inner, use in reached_from(case, [fragment.name]):
        chain = _kernels(case, use)
        if chain:
            text = (
                f"{fragment.name} calls {use.name}, which may sleep in {chain[-1].name}: a task "
                "there is not seen when the patch is disabled"
            )
            evidence = (told(f"{function.shown} -> {inner.name} -> {use.name}", chain),)
            yield Finding(WARNING, fragment.name, text, evidence=evidence)
            return


def _kernels(case: Case, use: Use) -> tuple[Use, ...]:
    """The way from a function of the kernel that the module calls to one that sleeps."""
    if case.kernel is None or use.kind not in (CALL, JUMP) or use.at or not returns(use.name):
        return ()
    places = case.kernel.named(use.name)
    if len(places) != 1:
        return ()
    return way(case, places[0], SLEEPERS.__contains__, _DEEP - 1, returns)


def _sleeps(case: Case, body: Body, seen: set[str]) -> tuple[Use, list[str]] | None:
    """The first use in `body` that leads to a sleeper, inside the module, and the way there."""
    for use in body.uses:
        if use.kind not in ("call", "jump", "branch") or use.name in seen:
            continue
        if use.name in SLEEPERS:
            return use, [use.name]
        target = case.patch.at.get(use.at) if use.at else None
        if target and use.kind == "call":  # a jump goes back into the function itself
            deeper = _sleeps(case, case.body(target), seen | {use.name})
            if deeper:
                return use, [use.name, *deeper[1]]
    return None


def _old(case: Case, function: Function, fragment: Place) -> Iterator[Finding]:
    body = case.old_body(fragment)
    use = next(body.calls(*SLEEPERS), None)
    if use:
        text = (
            f"the old function sleeps in {use.name} in {fragment.name}: a task there counts as "
            "switched and goes on in the old code"
        )
        path = _path(function.shown, fragment.name, [use.name])
        yield Finding(ERROR, fragment.name, text, use.offset, path)
        return
    found = way(case, fragment, SLEEPERS.__contains__, _DEEP, returns)
    if found:
        text = (
            f"the old function may sleep below {fragment.name}, in {found[-1].name}: a task there "
            "counts as switched and goes on in the old code"
        )
        evidence = (told(f"{function.shown} -> {fragment.name}", found),)
        yield Finding(WARNING, fragment.name, text, found[0].offset, evidence)
        return
    others = sorted({each.name for each in body.calls(*body.callees) if not quiet(each.name)})
    others = [name for name in others if not name.startswith(function.name)]
    if others:
        text = (
            f"{fragment.size} bytes of it are not seen on stacks; they call {', '.join(others[:4])}"
        )
        yield Finding(NOTE, fragment.name, text)


def _path(*parts: str | list[str]) -> tuple[str, ...]:
    flat = [name for part in parts for name in ([part] if isinstance(part, str) else part)]
    return (" -> ".join(flat),)


H04 = Rule("H04", check)
