# SPDX-License-Identifier: GPL-2.0-or-later
"""H12: the patch names something else than was meant."""

from collections.abc import Iterator

from klprove.image.relocatable import UNDEFINED
from klprove.lint.finding import ERROR, NOTE, UNKNOWN, WARNING, Case, Finding, Rule
from klprove.lint.kernel import Kernel, Stripped
from klprove.lint.livepatch import VMLINUX, Function, klp_symbol
from klprove.lint.module import Module
from klprove.lint.target import Target
from klprove.source import near


def check(case: Case) -> Iterator[Finding]:
    """Names, positions, the release that the module was built for, and symbols it needs."""
    for missing in case.patch.plan.missing:
        yield Finding(UNKNOWN, case.patch.name, f"cannot tell what is patched: {missing}")
    yield from case.unseen("whether the names exist and are unique")
    if kernel := case.kernel or case.stripped:
        yield from _release(case, kernel)
        if case.running:
            yield from _build(kernel.image.build_id, case.running.kernel(), VMLINUX)
    yield from _objects(case)
    named = 0
    for function in case.patch.functions:
        target = case.target(function.object)
        for each in _named(case, target, function, named < _NEAR) if target else ():
            named += 1
            yield each
    yield from _twice(case)
    if case.kernel:
        yield from _used(case, case.kernel)


def _release(case: Case, kernel: Kernel | Stripped) -> Iterator[Finding]:
    wanted = case.patch.release
    if wanted and kernel.release and wanted != kernel.release:
        text = f"built for {wanted}, and this kernel is {kernel.release}: it is refused"
        yield Finding(ERROR, case.patch.name, text, evidence=(f"vermagic: {wanted}",))
    if not wanted or not kernel.release:
        missing = "the module has no vermagic" if not wanted else "the kernel has no banner"
        yield Finding(UNKNOWN, case.patch.name, f"cannot tell which release it is for: {missing}")


def _objects(case: Case) -> Iterator[Finding]:
    """Which build of each module was looked at, and whether it is of the same kernel."""
    for each in case.patch.plan.objects:
        if "-" in each.name:
            text = "no module is called so: its name has underscores, and this is never patched"
            yield Finding(ERROR, each.name, text)
        elif each.name in case.builtin:
            text = "is built into this kernel: no such module is ever loaded, and nothing patched"
            yield Finding(ERROR, each.name, text)
    for name, target in case.objects.items():
        module = target.module
        facts = (
            f"file: {module.path}",
            f"srcversion: {module.first('srcversion') or 'none'}",
            f"build-id: {module.build_id or 'none'}",
        )
        ours, theirs = case.patch.release, module.release
        if name not in {each.name for each in case.patch.plan.objects}:
            yield Finding(NOTE, name, "is given as --object, and not patched", evidence=facts)
        elif ours and theirs and ours != theirs:
            text = f"{target.path} is for {theirs}, and the patch for {ours}: not the module meant"
            yield Finding(ERROR, name, text, evidence=facts)
        else:
            yield from _loaded(case, name, module, facts)


def _loaded(case: Case, name: str, module: Module, facts: tuple[str, ...]) -> Iterator[Finding]:
    running = case.running
    if running and running.module(name):
        yield from _build(module.build_id, running.module(name), name)
        return
    version = module.first("srcversion")
    build = f"srcversion {version}" if version else f"build-id {module.build_id or 'none'}"
    text = f"judged by the build of {build}; nothing checks that it is the one loaded"
    if running and not running.loaded(name):
        text = f"judged by the build of {build}; it is not loaded there"
    yield Finding(NOTE, name, text, evidence=facts)


def _build(ours: str, theirs: str, name: str) -> Iterator[Finding]:
    """Whether the file is the build that runs, by build-ids."""
    if not ours or not theirs:
        where = "the file" if not ours else "the running system"
        text = f"cannot tell whether this build runs: no build-id in {where}"
        yield Finding(UNKNOWN, name, text)
    elif ours != theirs:
        text = "another build runs: what is said about this one does not hold there"
        facts = (f"file: build-id {ours}", f"running: build-id {theirs}")
        yield Finding(ERROR, name, text, evidence=facts)


_NEAR = 3
"""So many wrong names are compared with all of the kernel's, which takes long."""


def _named(case: Case, target: Target, function: Function, compared: bool) -> Iterator[Finding]:
    found = target.named(function.name)
    shown, sympos = function.shown, function.sympos
    evidence = tuple(f"{index}: {target.told(each)}" for index, each in enumerate(found, 1))
    if not found:
        where = "this kernel" if target.name == VMLINUX else target.name
        other = _instead(case, target, function.name, compared)
        text = f"no symbol {function.name} in {where}{other}"
        yield Finding(ERROR, shown, text)
    elif not sympos and len(found) > 1:
        text = f"{len(found)} symbols have this name and old_sympos is 0: the patch is refused"
        yield Finding(ERROR, shown, text, evidence=evidence)
    elif sympos > len(found):
        text = f"old_sympos {sympos}, and only {len(found)} of this name: the patch is refused"
        yield Finding(ERROR, shown, text, evidence=evidence)
    elif not found[max(sympos, 1) - 1].code:
        text = f"{target.told(found[max(sympos, 1) - 1])} is data, not a function"
        yield Finding(ERROR, shown, text, evidence=evidence)


def _instead(case: Case, target: Target, name: str, compared: bool) -> str:
    clones = target.stems.get(name, ())
    if clones:
        return f", only {', '.join(sorted(clones)[:3])}: the compiler changed or split it"
    dwarf = case.dwarf(target.name)
    inside = map(target.at, dwarf.hosts(name) if dwarf else ())
    hosts = [found[0] for found in inside if found]
    if hosts:
        more = f" and {len(hosts) - 3} more" if len(hosts) > 3 else ""
        return f": it is inlined into {', '.join(hosts[:3])}{more}"
    close = near(name, target.code_names(), 0.85) if compared else []
    return f"; near it: {', '.join(close)}" if close else ""


def _twice(case: Case) -> Iterator[Finding]:
    seen: dict[tuple[str, int], Function] = {}
    for function, place in case.replaced:
        at = (place.object, place.address)
        if at in seen:
            text = f"the same function as {seen[at].shown}: it is patched twice"
            yield Finding(ERROR, function.shown, text)
        seen[at] = function


def _used(case: Case, kernel: Kernel) -> Iterator[Finding]:
    """Symbols that the module needs and the kernel cannot give."""
    needs = {each for each in case.patch.first("depends").split(",") if each}
    elsewhere = needs - case.objects.keys()
    given = [kernel, *(case.objects[each] for each in needs & case.objects.keys())]
    for each in case.patch.elf.symbols:
        named = klp_symbol(each.name)
        target = case.target(named[0]) if named else None
        if named and target:
            yield from _needed(target, named[1], named[2])
        elif each.section == UNDEFINED and each.name and not named and each.binding == 1:
            exported = any(target.exports(each.name) for target in given)
            if exported or elsewhere or _linker(each.name):
                continue
            text = "is used and not exported by this kernel: the module does not load"
            yield Finding(ERROR, each.name, text)


def _linker(name: str) -> bool:
    """Names that the module loader or the kernel's build makes."""
    return name in ("__this_module", "_GLOBAL_OFFSET_TABLE_") or name.startswith("__start_klp_")


def _needed(target: Target, name: str, sympos: int) -> Iterator[Finding]:
    found = target.named(name)
    if not found:
        where = "this kernel" if target.name == VMLINUX else target.name
        yield Finding(ERROR, name, f"is used through .klp.sym and is not in {where}")
    elif (not sympos and len(found) > 1) or sympos > len(found):
        text = f"is used through .klp.sym at position {sympos}, and there are {len(found)}"
        yield Finding(WARNING if sympos == 0 else ERROR, name, text)


H12 = Rule("H12", check)
