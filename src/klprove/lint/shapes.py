# SPDX-License-Identifier: GPL-2.0-or-later
"""The shapes in which a module says what it patches: sections of builders, or structures in C."""

from collections.abc import Callable
from dataclasses import replace

from iced_x86 import Decoder, Mnemonic, OpKind

from klprove.image.relocatable import Relocatable
from klprove.lint.livepatch import CALLBACKS, VMLINUX, Function, Object, Plan
from klprove.lint.members import Members
from klprove.lint.pointers import Place, Pointers
from klprove.lint.structures import Structures

_EXTERNAL = Members()
"""Of klp_object_ext and klp_func_ext, whose first members are those of klp_object and klp_func."""
_INIT = ("livepatch_mod_init", "init_module")  # of scripts/livepatch/init.c
_REPLACE = 24
"""Of struct klp_patch of v6.19, which is the first that klp-build is part of."""


def read_plan(elf: Relocatable, kernel: Members | None = None) -> Plan | None:
    """What the module patches, structures being as in `kernel` where that fits; None where it has
    none of the shapes."""
    pointers = Pointers(elf)
    builders: tuple[Callable[[Pointers], Plan | None], ...] = (_kpatch, _objtool)
    built = next((found for reader in builders if (found := reader(pointers))), None)
    return built or _in_c(pointers, kernel)


def _in_c(pointers: Pointers, kernel: Members | None) -> Plan | None:
    usual = Structures(pointers, Members()).plan()
    if kernel is None:
        return usual
    found = Structures(pointers, kernel).plan()
    if found and (usual is None or _count(found) >= _count(usual)):
        return found
    return (
        replace(usual, layout=f"{usual.layout}; the kernel's BTF does not fit") if usual else None
    )


def _count(plan: Plan) -> int:
    return sum(len(each.functions) for each in plan.objects)


def _objtool(pointers: Pointers) -> Plan | None:
    """klp-build, Linux v6.19: klp_object_ext and klp_func_ext, without internal members
    (include/linux/livepatch_external.h, scripts/livepatch/init.c)."""
    elf = pointers.elf
    section = elf.section(".init.klp_objects") or elf.section("__klp_objects")
    if section is None:
        return None
    size, length = 64, 24
    found = []
    for offset in range(0, len(pointers.elf.content(section)) - size + 1, size):
        place = Place(section.index, offset)
        first = pointers.follow(place, _EXTERNAL.funcs)
        name = pointers.text(pointers.follow(place)) or VMLINUX
        places = []
        if first:
            data = pointers.elf.content(pointers.section(first))
            held = max(len(data) - first.offset, 0) // length
            count = min(pointers.number(place, 56, 4), held)
            places = [Place(first.section, first.offset + length * each) for each in range(count)]
        found.append(Structures(pointers, _EXTERNAL).object(place, name, places))
    layout = f"{size} and {length} bytes, fixed"
    return Plan("klp-build (objtool)", tuple(found), _set_by_init(pointers.elf), layout)


def _set_by_init(elf: Relocatable) -> bool | None:
    """Whether the init function that klp-build adds stores 1 to klp_patch.replace, which is zero
    before; it is compiled in or out (KLP_NO_REPLACE). None where that cannot be read."""
    init = next((each for each in elf.symbols if each.name in _INIT and elf.home(each)), None)
    home = elf.home(init) if init else None
    data = elf.piece(home, init.value, init.size) if init and home else b""
    if elf.machine != "x86_64" or not data:
        return None
    return any(
        each.mnemonic == Mnemonic.MOV
        and each.op_kind(0) == OpKind.MEMORY
        and each.op_kind(1) == OpKind.IMMEDIATE8
        and (each.memory_displacement, each.immediate8) == (_REPLACE, 1)
        for each in Decoder(64, data)
    )


def _kpatch(pointers: Pointers) -> Plan | None:
    """kpatch-build: records in .kpatch.funcs, callbacks in sections of their own
    (kpatch-patch.h of dynup/kpatch); the klp structures are made when the module is loaded."""
    section = pointers.elf.section(".kpatch.funcs")
    if section is None:
        return None
    size, name_at, object_at, sympos_at = 56, 40, 48, 32
    found: dict[str, list[Function]] = {}
    for offset in range(0, len(pointers.elf.content(section)) - size + 1, size):
        place = Place(section.index, offset)
        owner = pointers.text(pointers.follow(place, object_at)) or VMLINUX
        new = pointers.function(pointers.follow(place))
        name = pointers.text(pointers.follow(place, name_at)) or (new.name if new else "")
        sympos = pointers.number(place, sympos_at, 8)
        found.setdefault(owner, []).append(Function(owner, name, sympos, new))
    callbacks: dict[str, dict[str, str]] = {}
    for kind in CALLBACKS:
        _kpatch_callbacks(pointers, kind, callbacks)
    owners = dict.fromkeys([*found, *callbacks])
    return Plan(
        "kpatch-build",
        tuple(Object(each, tuple(found.get(each, ())), callbacks.get(each, {})) for each in owners),
        None,
        f"records of {size} bytes in .kpatch.funcs",
    )


def _kpatch_callbacks(pointers: Pointers, kind: str, into: dict[str, dict[str, str]]) -> None:
    section = pointers.elf.section(f".kpatch.callbacks.{kind}")
    if section is None:
        return
    for offset in range(0, len(pointers.elf.content(section)), 16):
        place = Place(section.index, offset)
        function = pointers.function(pointers.follow(place))
        if function:
            owner = pointers.text(pointers.follow(place, 8)) or VMLINUX
            into.setdefault(owner, {})[kind] = function.name
