"""A file becomes a `Livepatch`, or the reason why not."""

from klprove.lint.elf import AARCH64, LOONGARCH, PPC64, RELOCATABLE, S390, X86_64, Elf, refuse
from klprove.lint.livepatch import Livepatch, Plan
from klprove.lint.shapes import read_plan

_KNOWN = (X86_64, S390, PPC64, AARCH64, LOONGARCH)
_SIGNATURE = b"~Module signature appended~\n"


def read_livepatch(path: str) -> Livepatch:
    """The livepatch module in the file `path`.

    Raises BadInput where it is none: not ELF, truncated, of a machine without livepatching, not
    relocatable, without a symbol table, without a sign of a patch.
    """
    elf = Elf(path)
    if elf.machine not in _KNOWN:
        raise refuse(path, f"built for {elf.machine_name}: no kernel for it has livepatching")
    if elf.type != RELOCATABLE:
        hint = "give the .ko first and the kernel as --vmlinux FILE"
        raise refuse(path, "not a kernel module: the file is linked already", hint)
    if not elf.symbols:
        raise refuse(path, "no symbol table: the kernel would not load it either")
    info = _modinfo(elf)
    plan = read_plan(elf)
    if plan is None and "livepatch" not in info:
        raise refuse(
            path,
            "not a livepatch module: no klp_patch, no .kpatch.funcs, no .init.klp_objects, and no "
            "livepatch=Y in .modinfo",
            "a module of a patch is the one that calls klp_enable_patch()",
        )
    return Livepatch(path, elf, plan or _unreadable(), info, _compiler(elf), _build_id(elf),
                     elf.tail(len(_SIGNATURE)) == _SIGNATURE)  # fmt: skip


def _unreadable() -> Plan:
    missing = "no klp_patch is found in the data: it is filled in at run time, or data is missing"
    return Plan("unknown", (), None, "none", missing=(missing,))


def _modinfo(elf: Elf) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for each in elf.content(elf.by_name.get(".modinfo")).split(b"\0"):
        key, equals, value = each.decode("ascii", "backslashreplace").partition("=")
        if equals:
            found[key] = (*found.get(key, ()), value)
    return found


def _compiler(elf: Elf) -> str:
    """The first line of .comment; empty where the compiler left none."""
    lines = elf.content(elf.by_name.get(".comment")).split(b"\0")
    return next((each.decode("ascii", "backslashreplace") for each in lines if each), "")


def _build_id(elf: Elf) -> str:
    """Hex digits of the NT_GNU_BUILD_ID note; empty without one."""
    data = elf.content(elf.by_name.get(".note.gnu.build-id"))
    return data[16:36].hex() if data[12:16] == b"GNU\0" else ""
