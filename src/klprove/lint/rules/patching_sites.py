"""H09: code that the kernel rewrites: jump labels, static calls, tracepoints, alternatives."""

from collections.abc import Iterator

from klprove.image import Section
from klprove.image.relocatable import UNDEFINED, Relocation
from klprove.lint.finding import ERROR, UNKNOWN, WARNING, Case, Finding, Rule
from klprove.lint.livepatch import VMLINUX, klp_symbol

_TABLES = {"__jump_table": "static key", ".static_call_sites": "static call"}
_LATE = (".altinstructions", ".parainstructions", "__jump_table", ".static_call_sites")
_PREFIXES = {
    "__tracepoint_": "tracepoint",
    "__SCK__": "static call",
    "__SCT__": "static call",
}


def check(case: Case) -> Iterator[Finding]:
    """Who owns the keys of the module's sites, and tables that are relocated late."""
    seen: set[str] = set()
    for section in case.patch.elf.sections:
        if section.name in _TABLES:
            for each in case.patch.elf.relocations(section):
                if each.symbol.name and each.symbol.name not in seen:
                    seen.add(each.symbol.name)
                    yield from _key(case, section, each)
        yield from _late(section)


def _key(case: Case, table: Section, relocation: Relocation) -> Iterator[Finding]:
    symbol = relocation.symbol
    named = klp_symbol(symbol.name)
    name = named[1] if named else symbol.name
    kind = next(
        (kind for start, kind in _PREFIXES.items() if name.startswith(start)), _TABLES[table.name]
    )
    if named and named[0] != VMLINUX:
        text = f"the {kind} {name} belongs to the module {named[0]}: a livepatch cannot use it"
        yield Finding(ERROR, name, text)
    elif symbol.section == UNDEFINED and not named:
        if case.kernel is None:
            yield Finding(UNKNOWN, name, f"cannot tell whose {kind} it is: no --vmlinux")
        elif not case.kernel.named(name):
            text = f"the {kind} {name} is not the kernel's: a livepatch cannot use a module's"
            yield Finding(ERROR, name, text)
    elif not named and case.kernel and symbol.kind == 1 and case.kernel.data_named(symbol.name):
        text = f"the {kind} {name} is a copy: switching the kernel's does not switch this one"
        yield Finding(WARNING, name, text)


def _late(section: Section) -> Iterator[Finding]:
    """Sections `.klp.rela.OBJECT.TABLE` for a module: it is relocated after the kernel has read
    the table."""
    if not section.name.startswith(".klp.rela."):
        return
    owner, _, table = section.name[len(".klp.rela.") :].partition(".")
    if owner != VMLINUX and table in _LATE:
        text = f"{table} is relocated when {owner} is loaded, after the kernel has used it"
        yield Finding(ERROR, section.name, text)


H09 = Rule("H09", check)
