# SPDX-License-Identifier: GPL-2.0-or-later
"""H25, H26, H28 and H30: how the module was built, and for which machine."""

from collections.abc import Iterator

from klprove.lint.finding import ERROR, NOTE, UNKNOWN, WARNING, Case, Finding, Rule
from klprove.lint.kernel import Kernel, Stripped

_UNRELIABLE = {
    "arm64": "reliable stack traces came late to arm64 (v6.17): on older kernels every task has "
    "to pass by user space",
}


def check_build(case: Case) -> Iterator[Finding]:
    """Compiler, options and configuration of module and kernel."""
    kernel, patch = case.kernel or case.stripped, case.patch
    if kernel is None:
        yield Finding(UNKNOWN, patch.name, "cannot tell what the kernel was built by: no --vmlinux")
        return
    if patch.compiler and kernel.compiler and patch.compiler != kernel.compiler:
        text = "another compiler than the kernel's: what is inlined and cloned differs"
        facts = (f"module: {patch.compiler}", f"kernel: {kernel.compiler}")
        yield Finding(WARNING, patch.name, text, evidence=facts)
    if not patch.compiler or not kernel.compiler:
        lacking = "module" if not patch.compiler else "kernel"
        yield Finding(
            UNKNOWN, patch.name, f"cannot tell the compiler: no .comment in the {lacking}"
        )
    if isinstance(kernel, Stripped):
        text = "cannot tell the kernel's configuration: that vmlinux has no symbols"
        yield Finding(UNKNOWN, patch.name, text)
        return
    yield from _flags(patch.first("vermagic"), kernel, patch.name)
    if kernel.named("__x86_return_thunk") and patch.first("retpoline") != "Y":
        text = "built without retpolines for a kernel with them"
        yield Finding(WARNING, patch.name, text)


def _flags(vermagic: str, kernel: Kernel, name: str) -> Iterator[Finding]:
    ours, theirs = vermagic.split()[1:], kernel.vermagic.split()[1:]
    if vermagic and theirs and ours != theirs:
        facts = (f"module: {' '.join(ours)}", f"kernel: {' '.join(theirs)}")
        text = "another configuration than the kernel's (vermagic): it is refused"
        yield Finding(ERROR, name, text, evidence=facts)


def check_machine(case: Case) -> Iterator[Finding]:
    """Limits of the machine."""
    machine = case.patch.elf.machine
    if machine in _UNRELIABLE:
        yield Finding(WARNING, case.patch.elf.machine, _UNRELIABLE[machine])
    if machine == "loongarch64":
        text = "cannot tell whether this kernel has reliable stack traces (from v6.15)"
        yield Finding(UNKNOWN, case.patch.elf.machine, text)


def check_unwinding(case: Case) -> Iterator[Finding]:
    """Tables from which stacks of the new functions are read."""
    if case.kernel is None:
        yield Finding(UNKNOWN, case.patch.name, "cannot tell how stacks are read: no --vmlinux")
        return
    if case.kernel.unwinder == "orc" and any(case.patch.functions):
        elf = case.patch.elf
        if elf.section(".orc_unwind") is None or elf.section(".orc_unwind_ip") is None:
            text = "no ORC tables: a stack with a new function on it is unreliable for ever"
            yield Finding(ERROR, case.patch.name, text)


def check_policy(case: Case) -> Iterator[Finding]:
    """What the loader asks of every module, and of a livepatch."""
    patch = case.patch
    if patch.first("livepatch") != "Y":
        text = 'no MODULE_INFO(livepatch, "Y"): klp_enable_patch() refuses it'
        yield Finding(ERROR, patch.name, text)
    if "GPL" not in patch.first("license"):
        text = (
            f"licence {patch.first('license') or 'none'!r}: klp_enable_patch() is for GPL modules"
        )
        yield Finding(ERROR, patch.name, text)
    if not patch.signed:
        text = "not signed: it taints, and a site with lockdown or enforced signatures refuses it"
        yield Finding(NOTE, patch.name, text)


H25 = Rule("H25", check_build)
H26 = Rule("H26", check_machine)
H28 = Rule("H28", check_unwinding)
H30 = Rule("H30", check_policy)
