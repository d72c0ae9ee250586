# SPDX-License-Identifier: GPL-2.0-or-later
"""A file becomes a `Livepatch`, or the reason why not."""

from dataclasses import replace

from klprove.image import Image
from klprove.image.elf import damaged
from klprove.lint.livepatch import Livepatch, Plan
from klprove.lint.members import members
from klprove.lint.module import read_module
from klprove.lint.shapes import read_plan


def read_livepatch(path: str) -> Livepatch:
    """The livepatch module in the file `path`.

    Raises BadInput where it is no module (`read_module`), or has no sign of a patch.
    """
    module = read_module(path)
    plan = read_plan(module.elf)
    if plan is None and "livepatch" not in module.info:
        raise damaged(
            path,
            "not a livepatch module: no klp_patch, no .kpatch.funcs, no .init.klp_objects, and no "
            "livepatch=Y in .modinfo",
            "a module of a patch is the one that calls klp_enable_patch()",
        )
    return Livepatch(**vars(module), plan=plan or _unreadable())


def as_in(kernel: Image, patch: Livepatch) -> Livepatch:
    """`patch`, read again as `kernel` has the structures, where its BTF tells."""
    found = members(kernel)
    plan = read_plan(patch.elf, found) if found else None
    return replace(patch, plan=plan) if plan else patch


def _unreadable() -> Plan:
    missing = "no klp_patch is found in the data: it is filled in at run time, or data is missing"
    return Plan("unknown", (), None, "none", missing=(missing,))
