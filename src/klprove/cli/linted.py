# SPDX-License-Identifier: GPL-2.0-or-later
"""What `klprove lint` does; loaded when it is called, with its decoder."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import click

from klprove.cli.formats import Outputs
from klprove.cli.mapped import mapped
from klprove.cli.output import say, tell, write_file
from klprove.formats import Told
from klprove.image.dwarf import DebugSections, Inlines, debug_image
from klprove.image.elf import damaged
from klprove.lint import (
    RULES,
    VMLINUX,
    Case,
    Kernel,
    Livepatch,
    ModuleTarget,
    Report,
    Running,
    Stripped,
    as_in,
    find_objects,
    lint,
    read_baseline,
    read_livepatch,
    read_object,
    read_waivers,
)
from klprove.report.lint import (
    lint_document,
    lint_explanation,
    lint_list,
    lint_rules,
    lint_text,
)
from klprove.report.linted import lint_results
from klprove.scan import Map
from klprove.scan.inlining import inlines_in
from klprove.source import BadInput, near

_Aid = TypeVar("_Aid", Kernel, Livepatch, Map, ModuleTarget)
_BAD_INPUT, _INCOMPLETE = 2, 3
_INTERRUPTED = "interrupted before it was looked for"


def linted(
    module: str | None,
    vmlinux: str | None,
    names: str | None,
    debug: str | None,
    objects: tuple[str, ...],
    running: str | None,
    after: tuple[str, ...],
    listed: bool,
    rules: tuple[str, ...],
    explain: str | None,
    list_rules: bool,
    waivers: str | None,
    baseline: str | None,
    write_baseline: str | None,
    verbose: bool,
    outputs: Outputs,
) -> int:
    """Run the rules and write what they say; the exit status."""
    if explain or list_rules or listed:
        outputs.refuse("goes with findings, not with --list, --explain or --list-rules")
    if explain:
        return _explain(explain)
    if list_rules:
        say(lint_rules())
        return 0
    if module is None:
        raise click.UsageError("which module? klprove lint LIVEPATCH.ko")
    for each in rules:
        _known(each)
    patch = read_livepatch(module)
    accepted = read_waivers(waivers, RULES) if waivers else ()
    old = read_baseline(baseline) if baseline else frozenset()
    lost: list[BadInput] = []
    kernel = _aid(partial(_kernel, names), vmlinux, patch, lost)
    patch = as_in(kernel.image, patch) if kernel else patch
    if listed:
        say(lint_list(patch))
        return _BAD_INPUT if lost else 0
    stripped = _stripped(vmlinux, patch) if vmlinux and not kernel else None
    read = (_aid(partial(_other, kernel), each, patch, lost) for each in after)
    earlier = tuple(each for each in read if each)
    path = vmlinux if kernel else None
    contexts = _aid(partial(_map, names), path, patch, lost)
    found, builtin = _objects(objects, patch, lost)
    interrupted = contexts is not None and not contexts.complete
    copies, dwarf = (_INTERRUPTED, None) if interrupted else _dwarf(kernel, debug, lost)
    system = Running(running, patch.elf.little) if running else None
    case = Case(
        patch, kernel, earlier, contexts, found, builtin, copies, stripped, system, debug=dwarf
    )
    report = lint(case, rules, accepted, old)
    status = report.exit_status
    if copies == _INTERRUPTED:
        status = status or _INCOMPLETE
    status = _BAD_INPUT if lost else status
    outputs.write(
        Told(
            lambda: lint_text(report, verbose),
            lambda: lint_document(report),
            lambda: lint_results(report, rules or tuple(RULES), status),
        )
    )
    if write_baseline:
        write_file(write_baseline, "".join(f"{key}\n" for key in _keys(report, old)))
    return status


def _keys(report: Report, old: frozenset[str]) -> list[str]:
    found = {each.key for each in report.findings}
    return sorted(found | old)


def _aid(
    read: Callable[[str, Livepatch], _Aid], path: str | None, patch: Livepatch, lost: list[BadInput]
) -> _Aid | None:
    """A file that rules ask about; without it they say what they cannot tell."""
    if path is None:
        return None
    try:
        return read(path, patch)
    except BadInput as error:
        tell("\n".join(each.render() for each in error.diagnostics))
        lost.append(error)
        return None


def _kernel(names: str | None, path: str, patch: Livepatch) -> Kernel:
    kernel = Kernel(path, names)
    if kernel.machine != patch.elf.machine:
        text = f"a kernel for {kernel.machine}, and the module is for "
        raise damaged(path, text + patch.elf.machine)
    return kernel


def _objects(
    paths: tuple[str, ...], patch: Livepatch, lost: list[BadInput]
) -> tuple[dict[str, ModuleTarget], frozenset[str]]:
    """The modules that are patched, by name, and those that are built in."""
    names = [each.name for each in patch.plan.objects if each.name != VMLINUX]
    files, builtin = find_objects(paths, names)
    read = (_aid(_object, path, patch, lost) for path in files.values())
    return {each.name: each for each in read if each}, frozenset(builtin)


def _object(path: str, patch: Livepatch) -> ModuleTarget:
    found = read_object(path)
    if found.machine != patch.elf.machine:
        text = f"a module for {found.machine}, and the livepatch is for {patch.elf.machine}"
        raise damaged(path, text)
    return found


def _stripped(path: str, patch: Livepatch) -> Stripped | None:
    """What a kernel still says that cannot be used otherwise."""
    with suppress(BadInput):
        found = Stripped(path)
        if found.machine == patch.elf.machine:
            return found
    return None


def _map(names: str | None, path: str, patch: Livepatch) -> Map:
    return mapped(path, names)


def _dwarf(
    kernel: Kernel | None, debug: str | None, lost: list[BadInput]
) -> tuple[Inlines | str, DebugSections | None]:
    """What was inlined, or why that is not known; and the DWARF of the kernel."""
    if kernel is None:
        return "no --vmlinux", None
    try:
        found = debug_image(kernel.image, debug)
    except BadInput as error:
        tell("\n".join(each.render() for each in error.diagnostics))
        lost.append(error)
        return "the debug file cannot be used", None
    try:
        return inlines_in(found, say=_next), DebugSections(found) if found else None
    except KeyboardInterrupt:
        return _INTERRUPTED, None


def _next(what: str) -> None:
    tell(f"klprove: next: {what}")


def _other(kernel: Kernel | None, path: str, patch: Livepatch) -> Livepatch:
    found = read_livepatch(path)
    return as_in(kernel.image, found) if kernel else found


def _explain(rule: str) -> int:
    if rule == "all":
        say("\n\n".join(map(lint_explanation, RULES)))
    else:
        _known(rule)
        say(lint_explanation(rule))
    return 0


def _known(rule: str) -> None:
    if rule not in RULES:
        close = near(rule, RULES)
        hint = f"; near it: {', '.join(close)}" if close else ""
        raise click.UsageError(f"no rule {rule}{hint}; the rules are {', '.join(RULES)}")
