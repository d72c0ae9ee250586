# SPDX-License-Identifier: GPL-2.0-or-later
"""H08: who else may hook the function, as far as the kernel's own lists say."""

from collections.abc import Iterator, Mapping
from functools import cache

from klprove.lint.finding import NOTE, WARNING, Case, Finding, Rule
from klprove.lint.kernel import Kernel
from klprove.lint.livepatch import VMLINUX
from klprove.lint.target import Place

_LIVE = "; look at bpftool link and enabled_functions before and after loading (klprove watch)"


def check(case: Case) -> Iterator[Finding]:
    """Functions whose return value BPF may replace: kernel/bpf/verifier.c,
    check_attach_modify_return() (v5.7): the error-injection list, security_*, sets of fmod_ret."""
    yield from case.unseen("whether BPF may override the old functions")
    for function, place in case.replaced:
        if function.name.startswith("bpf_lsm_"):
            text = "is there for BPF programs of the LSM to hook: where one is, it wins"
            yield Finding(WARNING, function.shown, text + _LIVE)
        elif function.name.startswith("security_"):
            text = "calls the security modules, and BPF may replace what it returns"
            yield Finding(NOTE, function.shown, text + _LIVE)
        elif why := _listed(case, place):
            text = f"is {why}: a BPF program that replaces its return value wins"
            yield Finding(NOTE, function.shown, text + _LIVE)


def _listed(case: Case, place: Place) -> str:
    """The list of the kernel that has the function; empty for none, and for a module's."""
    if case.kernel is None or place.object != VMLINUX:
        return ""
    return overridable(case.kernel).get(place.address, "")


@cache
def overridable(kernel: Kernel) -> Mapping[int, str]:
    """Addresses of functions that the kernel itself lets BPF override, and by which list."""
    found = dict.fromkeys(kernel.injectable, "on the list for error injection")
    for name in kernel.fmod_ret:
        for place in kernel.named(name):
            found[place.address] = "in a set of functions for fmod_ret"
    return found


H08 = Rule("H08", check)
