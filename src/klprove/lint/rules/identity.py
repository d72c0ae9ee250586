"""H12: the patch names something else than was meant."""

from collections.abc import Iterator

from klprove.image.relocatable import UNDEFINED
from klprove.lint.finding import ERROR, UNKNOWN, WARNING, Case, Finding, Rule
from klprove.lint.kernel import Kernel
from klprove.lint.livepatch import VMLINUX, Function, klp_symbol
from klprove.lint.target import Place
from klprove.source import near


def check(case: Case) -> Iterator[Finding]:
    """Names, positions, the release that the module was built for, and symbols it needs."""
    for missing in case.patch.plan.missing:
        yield Finding(UNKNOWN, case.patch.name, f"cannot tell what is patched: {missing}")
    yield from case.unseen("whether the names exist and are unique")
    kernel = case.kernel
    if kernel is None:
        return
    yield from _release(case, kernel)
    named = 0
    for function in case.patch.functions:
        if function.object == VMLINUX:
            for each in _named(kernel, function, named < _NEAR):
                named += 1
                yield each
    yield from _twice(case)
    yield from _used(case, kernel)


def _release(case: Case, kernel: Kernel) -> Iterator[Finding]:
    wanted = case.patch.first("vermagic").partition(" ")[0]
    if wanted and kernel.release and wanted != kernel.release:
        text = f"built for {wanted}, and this kernel is {kernel.release}: it is refused"
        yield Finding(ERROR, case.patch.name, text, evidence=(f"vermagic: {wanted}",))
    if not wanted or not kernel.release:
        missing = "the module has no vermagic" if not wanted else "the kernel has no banner"
        yield Finding(UNKNOWN, case.patch.name, f"cannot tell which release it is for: {missing}")


_NEAR = 3
"""So many wrong names are compared with all of the kernel's, which takes long."""


def _named(kernel: Kernel, function: Function, compared: bool) -> Iterator[Finding]:
    found = kernel.named(function.name)
    shown, sympos = function.shown, function.sympos
    evidence = tuple(f"{index}: {_told(each)}" for index, each in enumerate(found, 1))
    if not found:
        text = (
            f"no symbol {function.name} in this kernel{_instead(kernel, function.name, compared)}"
        )
        yield Finding(ERROR, shown, text)
    elif not sympos and len(found) > 1:
        text = f"{len(found)} symbols have this name and old_sympos is 0: the patch is refused"
        yield Finding(ERROR, shown, text, evidence=evidence)
    elif sympos > len(found):
        text = f"old_sympos {sympos}, and only {len(found)} of this name: the patch is refused"
        yield Finding(ERROR, shown, text, evidence=evidence)
    elif not found[max(sympos, 1) - 1].code:
        text = f"{_told(found[max(sympos, 1) - 1])} is data, not a function"
        yield Finding(ERROR, shown, text, evidence=evidence)


def _told(place: Place) -> str:
    return f"{place.address:#x} {place.size} bytes in {place.section or 'no section'}"


def _instead(kernel: Kernel, name: str, compared: bool) -> str:
    clones = kernel.stems.get(name, ())
    if clones:
        return f", only {', '.join(sorted(clones)[:3])}: the compiler changed or split it"
    close = near(name, kernel.code_names(), 0.85) if compared else []
    return f"; near it: {', '.join(close)}" if close else ""


def _twice(case: Case) -> Iterator[Finding]:
    seen: dict[int, Function] = {}
    for function, place in case.replaced:
        if place.address in seen:
            text = f"the same function as {seen[place.address].shown}: it is patched twice"
            yield Finding(ERROR, function.shown, text)
        seen[place.address] = function


def _used(case: Case, kernel: Kernel) -> Iterator[Finding]:
    """Symbols that the module needs and the kernel cannot give."""
    elsewhere = [each for each in case.patch.first("depends").split(",") if each]
    for each in case.patch.elf.symbols:
        named = klp_symbol(each.name)
        if named and named[0] == VMLINUX:
            yield from _needed(kernel, named[1], named[2])
        elif each.section == UNDEFINED and each.name and not named and each.binding == 1:
            if kernel.exports(each.name) or elsewhere or _linker(each.name):
                continue
            text = "is used and not exported by this kernel: the module does not load"
            yield Finding(ERROR, each.name, text)


def _linker(name: str) -> bool:
    """Names that the module loader or the kernel's build makes."""
    return name in ("__this_module", "_GLOBAL_OFFSET_TABLE_") or name.startswith("__start_klp_")


def _needed(kernel: Kernel, name: str, sympos: int) -> Iterator[Finding]:
    found = kernel.named(name)
    if not found:
        yield Finding(ERROR, name, "is used through .klp.sym and is not in this kernel")
    elif (not sympos and len(found) > 1) or sympos > len(found):
        text = f"is used through .klp.sym at position {sympos}, and there are {len(found)}"
        yield Finding(WARNING if sympos == 0 else ERROR, name, text)


H12 = Rule("H12", check)
