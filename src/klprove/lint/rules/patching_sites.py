# SPDX-License-Identifier: GPL-2.0-or-later
"""H09: code that the kernel rewrites: jump labels, static calls, tracepoints, alternatives."""

from collections.abc import Iterator

from klprove.image import Section
from klprove.image.relocatable import OBJECT, SECTION, UNDEFINED, Relocation, Symbol
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
                name = each.symbol.name or _own(case, each)
                if name and name not in seen:
                    seen.add(name)
                    yield from _key(case, section, each.symbol, name)
        yield from _late(section)


def _own(case: Case, relocation: Relocation) -> str:
    """The variable of the module that a relocation against its section means."""
    symbol = relocation.symbol
    return case.patch.variable((symbol.section, symbol.value + relocation.addend))


def _key(case: Case, table: Section, symbol: Symbol, name: str) -> Iterator[Finding]:
    named = klp_symbol(name)
    name = named[1] if named else name
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
    elif (
        not named
        and case.kernel
        and symbol.kind in (OBJECT, SECTION)
        and case.kernel.data_named(name)
    ):
        text = f"the {kind} {name} is a copy: switching the kernel's does not switch this one"
        yield Finding(WARNING, name, text)


def _kernels(case: Case, name: str) -> bool:
    return case.kernel is not None and case.kernel.data_named(name)


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
