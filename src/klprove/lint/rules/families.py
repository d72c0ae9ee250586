"""H22 and H03: the same code under other names, of which not all are patched."""

import re
from collections.abc import Iterator

from klprove.lint.finding import NOTE, UNKNOWN, WARNING, Case, Finding, Rule
from klprove.lint.kernel import Kernel
from klprove.lint.livepatch import VMLINUX
from klprove.lint.target import Place

_WRAPPER = re.compile(r"__(x64|ia32|s390x|s390|arm64|se|do|powerpc|riscv)_(compat_)?sys_(.+)")
_WRAPPERS = ("x64", "ia32", "s390x", "s390", "arm64", "powerpc", "riscv")
_INNER = ("do", "se")
_CLONE = re.compile(r"\.(isra|constprop|part|llvm)\.\d+")


def check_family(case: Case) -> Iterator[Finding]:
    """Entry points of one system call."""
    yield from case.unseen("whether all entries of a system call are patched")
    if case.kernel is None:
        return
    patched = {function.name for function, _ in case.replaced}
    for function, place in case.replaced:
        match = _WRAPPER.fullmatch(function.name)
        if match is None or match[1] in _INNER:
            continue
        inner = [f"__{kind}_{match[2] or ''}sys_{match[3]}" for kind in _INNER]
        if patched.intersection(inner):
            continue
        others = [f"__{kind}_{match[2] or ''}sys_{match[3]}" for kind in _WRAPPERS]
        left = [name for name in others if name not in patched and _other(case.kernel, name, place)]
        if left:
            text = f"{', '.join(left)} enters the same system call and is not patched"
            evidence = tuple(f"{name}: {case.kernel.named(name)[0].address:#x}" for name in left)
            yield Finding(WARNING, function.shown, text, evidence=evidence)
        yield from _compat(case.kernel, function.shown, match, patched)


def _compat(
    kernel: Kernel, shown: str, match: re.Match[str], patched: set[str]
) -> Iterator[Finding]:
    names = [f"__{kind}_compat_sys_{match[3]}" for kind in _WRAPPERS]
    left = [name for name in names if name not in patched and kernel.named(name)]
    if left and not match[2]:
        yield Finding(NOTE, shown, f"{', '.join(left)} has a body of its own: look at it, too")


def _other(kernel: Kernel, name: str, place: Place) -> bool:
    return any(each.address != place.address for each in kernel.named(name))


def check_clones(case: Case) -> Iterator[Finding]:
    """Copies that the compiler made."""
    yield from case.unseen("whether copies of the old functions exist")
    for function, place in case.replaced:
        assert case.kernel is not None
        clones = [name for name in case.kernel.stems.get(function.name, ()) if _CLONE.search(name)]
        left = [name for name in clones if not _covered(case, name) and not name.endswith(".cold")]
        split = [name for name in left if ".part." in name]
        copies = [name for name in left if name not in split]
        if copies:
            text = f"{', '.join(copies)} is a copy of it and is not patched"
            yield Finding(WARNING, function.shown, text, evidence=_told(case.kernel, copies))
        if split and not _calls(case, place, split):
            text = f"{', '.join(split)} holds a part of it that others call"
            yield Finding(WARNING, function.shown, text, evidence=_told(case.kernel, split))
        if _CLONE.search(function.name):
            text = "is a clone that the compiler made: its parameters may differ from the source's"
            yield Finding(NOTE, function.shown, text)
    names = [function.shown for function, _ in case.replaced]
    if names:
        first = names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")
        text = "cannot tell whether inlined copies exist: inlining is not read from DWARF"
        yield Finding(UNKNOWN, first, text)


def _calls(case: Case, place: Place, parts: list[str]) -> bool:
    """Only the function itself reaches its parts, as far as it does so directly."""
    return case.decodable and not set(parts) - case.old_body(place).callees


def _covered(case: Case, name: str) -> bool:
    return any(each.name == name and each.object == VMLINUX for each in case.patch.functions)


def _told(kernel: Kernel, names: list[str]) -> tuple[str, ...]:
    found = (each for name in names for each in kernel.named(name))
    return tuple(f"{each.name}: {each.address:#x}, {each.size} bytes" for each in found)


H22 = Rule("H22", check_family)
H03 = Rule("H03", check_clones)
