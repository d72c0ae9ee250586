# SPDX-License-Identifier: GPL-2.0-or-later
"""H11 and H23: the old body beside the new one."""

import re
from collections.abc import Callable, Iterator

from klprove.lint.code import JUMP, Body, Use
from klprove.lint.finding import UNKNOWN, WARNING, Case, Finding, Rule, several
from klprove.lint.livepatch import Function
from klprove.lint.target import Place
from klprove.lint.ways import callee


def both(case: Case, what: str, compare: Callable[..., Iterator[Finding]]) -> Iterator[Finding]:
    """What `compare` says of the functions whose old and new body are both there."""
    functions = list(case.patch.functions)
    if functions and not case.decodable:
        names = several([each.shown for each in functions])
        text = f"cannot tell {what}: no decoder for {case.patch.elf.machine}"
        yield Finding(UNKNOWN, names, text)
        return
    yield from case.unseen(what)
    for function, place in case.replaced:
        if function.new:
            yield from compare(case, function, place)


def check_data(case: Case) -> Iterator[Finding]:
    """Variables of the old body of which the new one has a copy."""
    yield from both(case, "whether static data is copied", _copies)


def _copies(case: Case, function: Function, place: Place) -> Iterator[Finding]:
    assert function.new is not None
    owner = case.owner(place)
    old = {_stem(owner.data_at(each)) for each in case.old_body(place).data} - {""}
    for name in sorted(own_data(case, case.body(function.new))):
        if _stem(name) in old:
            text = f"{name} is a new variable, and the old function's {_stem(name)} keeps its value"
            yield Finding(WARNING, function.shown, text)


def own_data(case: Case, body: Body) -> set[str]:
    """Writable variables of the module that a body refers to."""
    found = {case.patch.variable(each.at) for each in body.uses if each.at}
    return {name for name in found if name and not _noise(name)}


def _stem(name: str) -> str:
    stem, _, number = name.rpartition(".")
    return stem if stem and number.isdecimal() else name


def _noise(name: str) -> bool:
    """Variables that macros make, whose value does not matter to anybody."""
    return bool(_NOISE.match(name))


_NOISE = re.compile(r"__already_done|__warned|_rs\b|__key|descriptor|___done|__UNIQUE_ID_|__func__")


def check_tails(case: Case) -> Iterator[Finding]:
    """Tail jumps from one patched function to another."""
    if len(list(case.patch.functions)) < 2:
        return
    yield from both(case, "whether old functions end in jumps to others", _tails)


def _tails(case: Case, function: Function, place: Place) -> Iterator[Finding]:
    for chain in _jumps(case, place, _DEEP):
        jumps = chain[-1].at
        target = case.patched.get((place.object, jumps[1])) if jumps else None
        if target and target != function:
            through = "".join(f" through {each.name}" for each in chain[:-1])
            text = (
                f"ends in a jump to {target.shown}{through}, which is patched, too: while that "
                "runs, nothing on the stack says so, and a task can have one old and one new"
            )
            yield Finding(WARNING, function.shown, text, chain[0].offset)


_DEEP = 3


def _jumps(case: Case, place: Place, depth: int) -> Iterator[tuple[Use, ...]]:
    """Chains of jumps out of a function, each to the start of the next."""
    for use in case.old_body(place).uses:
        target = callee(case, place, use) if use.kind == JUMP else None
        if target and target.address != place.address:
            yield (use,)
            if depth > 1:
                yield from ((use, *rest) for rest in _jumps(case, target, depth - 1))


H11 = Rule("H11", check_data)
H23 = Rule("H23", check_tails)
