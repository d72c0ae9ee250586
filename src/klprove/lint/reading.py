"""A file becomes a `Livepatch`, or the reason why not."""

from klprove.image import open_image
from klprove.image.elf import damaged
from klprove.image.relocatable import Relocatable
from klprove.lint.livepatch import Livepatch, Plan
from klprove.lint.shapes import read_plan

_SIGNATURE = b"~Module signature appended~\n"


def read_livepatch(path: str) -> Livepatch:
    """The livepatch module in the file `path`.

    Raises BadInput where it is none: not ELF, truncated, of a machine without livepatching, not
    relocatable, without a symbol table, without a sign of a patch.
    """
    image = open_image(path)
    if image.kind != "ET_REL":
        hint = "give the .ko first and the kernel as --vmlinux FILE"
        raise damaged(path, "not a kernel module: the file is linked already", hint)
    if not image.sections:
        raise damaged(path, "no section headers: the kernel would not load it either")
    elf = Relocatable(image)
    if not elf.symbols:
        raise damaged(path, "no symbol table: the kernel would not load it either")
    info = _modinfo(elf)
    plan = read_plan(elf)
    if plan is None and "livepatch" not in info:
        raise damaged(
            path,
            "not a livepatch module: no klp_patch, no .kpatch.funcs, no .init.klp_objects, and no "
            "livepatch=Y in .modinfo",
            "a module of a patch is the one that calls klp_enable_patch()",
        )
    signed = bytes(image.bytes[-len(_SIGNATURE) :]) == _SIGNATURE
    return Livepatch(path, elf, plan or _unreadable(), info, _compiler(elf), image.build_id, signed)


def _unreadable() -> Plan:
    missing = "no klp_patch is found in the data: it is filled in at run time, or data is missing"
    return Plan("unknown", (), None, "none", missing=(missing,))


def _modinfo(elf: Relocatable) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for each in elf.content(elf.section(".modinfo")).split(b"\0"):
        key, equals, value = each.decode("ascii", "backslashreplace").partition("=")
        if equals:
            found[key] = (*found.get(key, ()), value)
    return found


def _compiler(elf: Relocatable) -> str:
    """The first line of .comment; empty where the compiler left none."""
    lines = elf.content(elf.section(".comment")).split(b"\0")
    return next((each.decode("ascii", "backslashreplace") for each in lines if each), "")
