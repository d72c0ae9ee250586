# SPDX-License-Identifier: GPL-2.0-or-later
"""H21 and H10: what callers expect of a function, and others of what lies in memory."""

import re
from collections.abc import Iterator, Mapping, Sequence

from klprove.image.elf import text_at
from klprove.image.types import (
    AGGREGATE,
    NUMBER,
    POINTER,
    VOID,
    Layout,
    Prototype,
    TypeSource,
    Value,
)
from klprove.image.types import UNKNOWN as NOT_KNOWN
from klprove.lint.finding import ERROR, NOTE, UNKNOWN, WARNING, Case, Finding, Rule, several
from klprove.lint.livepatch import VMLINUX, Function
from klprove.lint.target import Place

_CLONE = re.compile(r"\.(isra|constprop|part)\.\d+")
_MOST = 10
"""Types that get a line of their own; with other headers hundreds differ."""
_MEMBERS = 20


def check_exports(case: Case) -> Iterator[Finding]:
    """Types of what the module uses, and callers of what it replaces."""
    targets = [each for each in (case.kernel, *case.objects.values()) if each]
    versions = case.patch.elf.content(case.patch.elf.section("__versions"))
    for crc, raw in case.patch.elf.numbers("Q56s", versions):
        name = text_at(bytes(raw), 0) if isinstance(raw, bytes) else ""
        found = ((each, each.crc(name)) for each in targets)
        for owner, theirs in ((each, known) for each, known in found if known is not None):
            if theirs != crc:
                text = f"checksum {crc:#x}, and {owner.name} has {theirs:#x}: the module is refused"
                yield Finding(ERROR, name, text)
    for function, place in case.replaced:
        if case.owner(place).exports(function.name):
            text = "is exported: modules call it, and expect the parameters and locks it has now"
            yield Finding(NOTE, function.shown, text)
    yield from _prototypes(case)


# -- prototypes ------------------------------------------------------------------------


def _prototypes(case: Case) -> Iterator[Finding]:
    yield from case.unseen("whether callers find the parameters they pass")
    hidden: dict[str, list[str]] = {}
    for function, place in case.replaced:
        old, new, why = _both(case, function, place)
        if old and new:
            yield from _compared(function.shown, old, new)
        else:
            hidden.setdefault(why, []).append(function.shown)
    for why, names in hidden.items():
        text = f"cannot tell whether callers find the parameters they pass: {why}"
        yield Finding(UNKNOWN, several(names), text)


def _both(
    case: Case, function: Function, place: Place
) -> tuple[Prototype | None, Prototype | None, str]:
    """The old and the new prototype, or why one is not known."""
    if _CLONE.search(place.name):
        return None, None, "a clone takes what the compiler chose"
    if not case.module_types.known:
        return None, None, "no types in the module (DWARF; BTF of its own)"
    new = case.module_types.prototype(function.new) if function.new else None
    if new is None:
        return None, None, "the types of the module do not have the new function"
    types = case.types(place.object)
    old = types.prototype(place) if types else None
    return old, new, f"the types of {place.object} (BTF, DWARF) do not have the old function"


def _compared(shown: str, old: Prototype, new: Prototype) -> Iterator[Finding]:
    evidence = (f"old: {old.text}", f"new: {new.text}")
    if len(old.parameters) != len(new.parameters) or old.variadic != new.variadic:
        text = f"takes ({_listed(new)}), and callers pass ({_listed(old)})"
        yield Finding(ERROR, shown, text, evidence=evidence)
    else:
        for number, (mine, theirs) in enumerate(
            zip(new.parameters, old.parameters, strict=True), 1
        ):
            severity = _difference(mine, theirs)
            if severity:
                text = f"parameter {number} is {mine.text}, and callers pass {theirs.text}"
                yield Finding(severity, shown, text, evidence=evidence)
    severity = _difference(new.result, old.result)
    if severity:
        text = f"returns {new.result.text}, and callers expect {old.result.text}"
        severity = NOTE if old.result.kind == VOID else severity
        yield Finding(severity, shown, text, evidence=evidence)


def _listed(prototype: Prototype) -> str:
    told = [each.text for each in prototype.parameters] + ["..."] * prototype.variadic
    return ", ".join(told) or "nothing"


def _difference(mine: Value, theirs: Value) -> str:
    """How bad it is that one is taken for the other; empty: not at all."""
    if NOT_KNOWN in (mine.kind, theirs.kind):
        return ""
    if mine.size != theirs.size:
        return ERROR
    if mine.kind != theirs.kind:
        return WARNING if {mine.kind, theirs.kind} == {NUMBER, POINTER} else ERROR
    if mine.kind == NUMBER:
        return WARNING if mine.signed != theirs.signed and "enum" not in mine.text else ""
    if mine.kind == POINTER and "void" not in (mine.target, theirs.target):
        return WARNING if mine.target != theirs.target else ""
    return ERROR if mine.kind == AGGREGATE and mine.text != theirs.text else ""


# -- layouts ---------------------------------------------------------------------------


def check_layouts(case: Case) -> Iterator[Finding]:
    """Types that module and kernel both have, and lay out differently."""
    if not any(case.patch.functions):
        return
    name, what = case.patch.name, "whether the module has the kernel's layouts"
    sources = _sources(case)
    if case.kernel is None:
        yield Finding(UNKNOWN, name, f"cannot tell {what}: no --vmlinux")
    elif not case.module_types.units:
        yield Finding(UNKNOWN, name, f"cannot tell {what}: no DWARF in the module")
    elif not sources:
        yield Finding(UNKNOWN, name, f"cannot tell {what}: no BTF and no DWARF in the kernel")
    else:
        found = sorted(_differing(case, sources), key=_rank)
        most = 0 if _foreign(case) else _MOST
        for type_name, mine, theirs in found[:most]:
            severity = WARNING if mine.own else ERROR
            text, evidence = _told(mine, theirs)
            yield Finding(severity, type_name, text, evidence=evidence)
        if found[most:]:
            count = f"{len(found) - most} more types are" if most else f"types ({len(found)}) are"
            text = f"{count} laid out otherwise in the kernel: built with other headers?"
            yield Finding(ERROR, name, text, evidence=tuple(each[0] for each in found[most:]))
    if case.module_types.wrong:
        why = "; ".join(case.module_types.wrong)
        yield Finding(UNKNOWN, name, f"cannot tell {what} to the end: {why}")


def _foreign(case: Case) -> bool:
    """The module is for another release, which H12 says: no type is worth a line of its own."""
    ours = case.kernel.release if case.kernel else ""
    return bool(case.patch.release and ours and case.patch.release != ours)


def _sources(case: Case) -> Sequence[TypeSource]:
    """The types of the kernel, and of the modules that are patched."""
    found = (case.types(name) for name in (VMLINUX, *case.objects))
    return [source for each in found if each for source in each.sources]


def _differing(case: Case, sources: Sequence[TypeSource]) -> Iterator[tuple[str, Layout, Layout]]:
    """Name, layout here, layout in the kernel (the nearest of several)."""
    told: set[str] = set()
    for unit in case.module_types.units:
        for word, name in unit.names():
            theirs = [e for each in sources for e in each.layouts(word, name)]
            for mine in unit.layouts(word, name):
                shown = f"{word} {name}"
                if theirs and shown not in told and not any(_same(mine, e) for e in theirs):
                    told.add(shown)
                    yield shown, mine, min(theirs, key=lambda e: len(_apart(mine, e)))


def _same(mine: Layout, theirs: Layout) -> bool:
    return mine.size == theirs.size and not _apart(mine, theirs)


def _apart(mine: Layout, theirs: Layout) -> Sequence[str]:
    """Names of the members that are not the same here and there. Of an enumeration further values
    do no harm."""
    both = mine.members.keys() & theirs.members.keys()
    names = both if mine.word == "enum" else mine.members.keys() | theirs.members.keys()
    found = [each for each in names if mine.members.get(each) != theirs.members.get(each)]
    return sorted(found, key=lambda each: (_place(mine.members, theirs.members, each), each))


def _place(
    mine: Mapping[str, tuple[int, int]], theirs: Mapping[str, tuple[int, int]], name: str
) -> int:
    return (mine.get(name) or theirs[name])[0]


def _rank(found: tuple[str, Layout, Layout]) -> tuple[bool, bool, str]:
    """Causes first: what has other members, then what has another size."""
    name, mine, theirs = found
    return mine.members.keys() == theirs.members.keys(), mine.size == theirs.size, name


def _told(mine: Layout, theirs: Layout) -> tuple[str, tuple[str, ...]]:
    names = _apart(mine, theirs)
    evidence = tuple(
        f"{each or 'a part without a name'}: {_at(mine, each)}, in the kernel {_at(theirs, each)}"
        for each in names[:_MEMBERS]
    )
    more = (f"and {len(names) - _MEMBERS} more",) if len(names) > _MEMBERS else ()
    first = f"; first: {evidence[0]}" if evidence else ""
    if mine.word == "enum":
        return f"{len(names)} values differ from the kernel's{first}", evidence + more
    size = (
        f"{mine.size} bytes"
        if mine.size == theirs.size
        else (f"{mine.size} bytes here and {theirs.size} in the kernel")
    )
    return f"is laid out otherwise in the kernel: {size}{first}", evidence + more


def _at(layout: Layout, name: str) -> str:
    found = layout.members.get(name)
    if found is None:
        return "none"
    if layout.word == "enum":
        return str(found[0])
    first, bits = found
    if first % 8 or bits % 8:
        return f"bit {first}, {bits} bits"
    return f"offset {first // 8}, {bits // 8} bytes"


H21 = Rule("H21", check_exports)
H10 = Rule("H10", check_layouts)
