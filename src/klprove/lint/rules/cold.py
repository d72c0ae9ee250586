"""H04: code that the check of the stacks does not see."""

from collections.abc import Iterator

from klprove.image.relocatable import Symbol
from klprove.lint.code import Body, Use
from klprove.lint.finding import ERROR, NOTE, UNKNOWN, Case, Finding, Rule, several
from klprove.lint.livepatch import Function
from klprove.lint.rules.names import SLEEPERS, quiet
from klprove.lint.target import Place


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
