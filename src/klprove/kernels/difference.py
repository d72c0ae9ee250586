# SPDX-License-Identifier: GPL-2.0-or-later
"""How two generations differ: a unified diff of every file, and of what their manifests list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from klprove.kernels.loader import SCENES, Kernel


@dataclass(frozen=True, slots=True)
class Difference:
    """One file of two generations, each put together from its own files and its bases'."""

    name: str
    old: str | None
    """The generation whose folder the first one has it from; None: it has no such file."""
    new: str | None
    lines: tuple[str, ...]
    """Of a unified diff, without newlines."""

    @property
    def added(self) -> int:
        """Lines that only the second generation has."""
        return sum(line.startswith("+") for line in self.lines[2:])

    @property
    def removed(self) -> int:
        """Lines that only the first generation has."""
        return sum(line.startswith("-") for line in self.lines[2:])


def origin(path: Path) -> str:
    """The generation whose folder holds `path`."""
    return path.parent.name


def differences(old: Kernel, new: Kernel) -> tuple[Difference, ...]:
    """Every file that is not the same in both, in the order of `new`, then what only `old` has.

    The first is the manifest: sites, options and assumptions, where these are not the same.
    """
    before = {path.name: path for path in old.files}
    after = {path.name: path for path in new.files}
    found = [_difference(SCENES[new.scene], old.name, new.name, _listed(old), _listed(new))]
    for name in dict.fromkeys([*after, *before]):
        one, other = before.get(name), after.get(name)
        found.append(_difference(name, _from(one), _from(other), _text(one), _text(other)))
    return tuple(each for each in found if each.lines)


def _from(path: Path | None) -> str | None:
    return origin(path) if path else None


def _text(path: Path | None) -> Sequence[str]:
    return path.read_text(encoding="utf-8").splitlines() if path else ()


def _listed(kernel: Kernel) -> Sequence[str]:
    return list(_entries(kernel))


def _entries(kernel: Kernel) -> Iterator[str]:
    yield f"title: {kernel.title}"
    yield from (f"file: {path.name}" for path in kernel.files)
    yield from (
        f"site: {site}" + (", static" if site in kernel.static else "") for site in kernel.sites
    )
    yield from (f"option: {option}" for option in kernel.options)
    yield from (f"assumption: {text}" for text in kernel.assumptions)
    yield f"recursion: {kernel.recursion}"


def _difference(
    name: str, old: str | None, new: str | None, before: Sequence[str], after: Sequence[str]
) -> Difference:
    from difflib import unified_diff  # not needed to load a model

    one, other = (f"{each}/{name}" if each else "/dev/null" for each in (old, new))
    return Difference(name, old, new, tuple(unified_diff(before, after, one, other, lineterm="")))
