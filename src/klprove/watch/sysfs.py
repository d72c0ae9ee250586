# SPDX-License-Identifier: GPL-2.0-or-later
"""Patches as sysfs lists them, and modules; Documentation/ABI/testing/sysfs-kernel-livepatch."""

from collections.abc import Mapping
from dataclasses import replace
from struct import Struct

from klprove.watch.numbers import whole
from klprove.watch.state import Function, Module, Patch, PatchedObject
from klprove.watch.trees import Tree

HOME = "/sys/kernel/livepatch"
_GNU_BUILD_ID = 3
_NOTE = Struct("<III")
"""Sizes of name and content, and the kind; livepatching has no big-endian machine but s390x."""


def supported(tree: Tree) -> bool:
    """Whether the kernel was built with CONFIG_LIVEPATCH."""
    return "livepatch" in tree.names("/sys/kernel")


def patches(tree: Tree, modules: Mapping[str, Module] | None) -> tuple[Patch, ...]:
    """All patches of the list, oldest first where the order is known.

    Raises FileNotFoundError where one of them goes while it is read.
    """
    found = [_patch(tree, name) for name in tree.names(HOME)]
    if modules is not None and any(each.order is None for each in found):
        # A module is put at the head of the kernel's list, and a patch is enabled as it is loaded.
        newest = list(modules)[::-1]
        places = {name: place for place, name in enumerate(newest)}
        found = [replace(each, order=places.get(each.name)) for each in found]
    return tuple(sorted(found, key=lambda each: -1 if each.order is None else each.order))


def _patch(tree: Tree, name: str) -> Patch:
    home = f"{HOME}/{name}"
    inside = tree.names(home)
    files = {each: _flag(tree, f"{home}/{each}", inside) for each in _FLAGS}
    order = value(tree, f"{home}/stack_order") if "stack_order" in inside else ""
    return Patch(
        name,
        files["enabled"],
        files["transition"],
        tuple(_object(tree, home, each) for each in inside if each not in _ATTRIBUTES),
        files["replace"],
        whole(order),
        "signal" in inside,
        value(tree, f"/sys/module/{name}/srcversion"),
        build_id(value(tree, f"/sys/module/{name}/notes/.note.gnu.build-id", raw=True)),
    )


_FLAGS = ("enabled", "transition", "replace")
_ATTRIBUTES = frozenset((*_FLAGS, "force", "signal", "stack_order", "replace_set"))
"""Files of a patch; what else is there is a folder, and an object."""


def _object(tree: Tree, home: str, name: str) -> PatchedObject:
    inside = tree.names(f"{home}/{name}")
    functions = []
    for each in inside:
        if each != "patched":
            function, _, position = each.rpartition(",")
            place = whole(position) or 0
            functions.append(Function(name, function or each, place))
    return PatchedObject(name, _flag(tree, f"{home}/{name}/patched", inside), tuple(functions))


def _flag(tree: Tree, path: str, inside: list[str]) -> bool | None:
    """The file as yes or no; None where there is none. One that goes raises, as the patch does."""
    if path.rpartition("/")[2] not in inside:
        return None
    text = tree.text(path).strip()
    return text == "1" if text in ("0", "1") else None


def value(tree: Tree, path: str, raw: bool = False) -> str:
    """The text of a file; empty where it cannot be read."""
    try:
        text = tree.text(path)
    except OSError:
        return ""
    return text if raw else text.strip()


def modules(tree: Tree) -> dict[str, Module]:
    """Loaded modules, the newest first. Raises OSError."""
    found = {}
    for line in tree.text("/proc/modules").splitlines():
        words = line.split()
        if len(words) > 2:
            references = whole(words[2]) or 0
            livepatch = words[-1].startswith("(") and "K" in words[-1] and "Live" in words
            found[words[0]] = Module(words[0], references, livepatch)
    return found


def build_id(notes: str) -> str:
    """The build-id in the text of an ELF note section, as hexadecimal digits; empty for none."""
    data = notes.encode(errors="surrogateescape")
    at = 0
    while at + _NOTE.size <= len(data):
        names, size, kind = _NOTE.unpack_from(data, at)
        start = at + _NOTE.size + (names + 3 & ~3)
        if kind == _GNU_BUILD_ID and data[at + _NOTE.size :][:4] == b"GNU\0":
            return data[start : start + size].hex()
        at = start + (size + 3 & ~3)
    return ""
