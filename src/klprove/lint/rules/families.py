# SPDX-License-Identifier: GPL-2.0-or-later
"""H22: entries of one system call, of which not all are patched."""

import re
from collections.abc import Iterator

from klprove.lint.finding import NOTE, WARNING, Case, Finding, Rule
from klprove.lint.kernel import Kernel
from klprove.lint.target import Place

_WRAPPER = re.compile(r"__(x64|ia32|s390x|s390|arm64|se|do|powerpc|riscv)_(compat_)?sys_(.+)")
_WRAPPERS = ("x64", "ia32", "s390x", "s390", "arm64", "powerpc", "riscv")
_INNER = ("do", "se")


def check_family(case: Case) -> Iterator[Finding]:
    """Entry points of one system call."""
    yield from case.unseen("whether all entries of a system call are patched")
    if case.kernel is None:
        return
    patched = {function.name for function, _ in case.of_vmlinux}
    for function, place in case.of_vmlinux:
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


H22 = Rule("H22", check_family)
