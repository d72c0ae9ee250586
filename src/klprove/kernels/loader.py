# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds kernel models and puts a generation together from its own files and its base's.

A generation may have several scenes: each is a manifest in its folder, and a chain of its own.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from klprove.source import BadInput, Diagnostic, Span, near

HOME = Path(__file__).parent
"""The folder that holds a folder a generation."""

HANDLER, TRANSITION = "handler", "transition"

SCENES: Mapping[str, str] = {HANDLER: "kernel.toml", TRANSITION: "transition.toml"}
"""Scene to manifest: what nests around a handler; tasks that a transition switches."""

_LISTS = ("files", "sites", "static", "assumptions", "options", "differs", "actions")
_TYPES: Mapping[str, type] = {
    "title": str,
    "base": str,
    "recursion": int,
    **dict.fromkeys(_LISTS, list),
}


@dataclass(frozen=True, slots=True)
class Kernel:
    """One generation of the kernel, as text in the model language."""

    name: str
    title: str
    bases: tuple[str, ...]
    """Generations it builds on, nearest first."""
    files: tuple[Path, ...]
    """In the order of one translation unit; each from the nearest generation that has it."""
    sites: tuple[str, ...]
    """Functions that `--patch each` patches, in the order of the report."""
    static: frozenset[str]
    """Sites that a compiler may have inlined."""
    options: tuple[str, ...]
    """Macros that the model looks at."""
    assumptions: tuple[str, ...]
    differs: tuple[str, ...]
    """What this generation does otherwise than its base: commit, title and effect."""
    recursion: int
    """How often a function may stand in one call chain."""
    digest: str
    """SHA-256 over names and text of all files, in order."""
    actions: tuple[str, ...] = ()
    """What the scene's administrator can do, the default first."""
    scene: str = HANDLER

    def defines(self, action: str | None) -> Mapping[str, str]:
        """The macros that choose `action`, or the default one. Raises BadInput where there is no
        such action."""
        if action is None:
            return {"KLP_ACTION": self.actions[0]} if self.actions else {}
        if action not in self.actions:
            known = near(action, self.actions, 0.4) or self.actions
            hint = f"there is {', '.join(known)}" if known else "leave it out"
            text = f"nobody can {action!r} in this scene of {self.name}"
            raise BadInput([Diagnostic("kernel", Span("--action", 0, 0), text, hint)])
        return {"KLP_ACTION": action}


def names(home: Path = HOME, scene: str = HANDLER) -> tuple[str, ...]:
    """Every generation under `home` that has `scene`, oldest first."""
    found = (each.parent.name for each in home.glob(f"*/{SCENES[scene]}"))
    return tuple(sorted(found, key=_age))


def load(name: str, home: Path = HOME, scene: str = HANDLER) -> Kernel:
    """The generation `name`. Raises BadInput "kernel" where there is none, or no good one.

    A generation without a transition of its own has that of the newest one before it.
    """
    known = names(home, scene)
    before = [each for each in known if _age(each) < _age(name)]
    if scene == TRANSITION and name not in known and name in names(home) and before:
        earlier = load(before[-1], home, scene)
        text = f"the livepatch core of {name} is that of {before[-1]}"
        return replace(earlier, name=name, assumptions=(*earlier.assumptions, text))
    if name not in known:
        hint = _older(name, known) or "there is " + ", ".join(near(name, known, 0.4) or known)
        text = f"no kernel generation is called {name!r}"
        if any(name in names(home, other) for other in SCENES):
            text = f"kernel generation {name} has no scene {scene!r}"
        raise BadInput([Diagnostic("kernel", Span("--kernel", 0, 0), text, hint)])
    try:
        return _load(name, home, scene)
    except (ValueError, KeyError, OSError, RecursionError) as error:
        said = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        text = f"kernel generation {name} cannot be used: {said}"
        raise BadInput([Diagnostic("kernel", Span(str(home / name), 0, 0), text)]) from None


def _load(name: str, home: Path, scene: str) -> Kernel:
    file = SCENES[scene]
    chain = _chain(name, home, file)
    manifest: dict[str, Any] = {}
    for each in reversed(chain):
        manifest |= {"differs": [], **_manifest(home / each / file)}
    # A scene may use files of the handler's scene: those that its oldest generation has.
    lenders = _chain(chain[-1], home, SCENES[HANDLER])[1:] if file != SCENES[HANDLER] else ()
    files = tuple(_nearest(each, (*chain, *lenders), home) for each in manifest["files"])
    return Kernel(
        name=name,
        title=manifest["title"],
        bases=chain[1:],
        files=files,
        sites=tuple(manifest["sites"]),
        static=frozenset(manifest["static"]),
        options=tuple(manifest["options"]),
        assumptions=tuple(manifest["assumptions"]),
        differs=tuple(manifest["differs"]),
        recursion=manifest["recursion"],
        digest=_digest(files),
        actions=tuple(manifest.get("actions", ())),
        scene=scene,
    )


def _age(name: str) -> tuple[list[int], bool, str]:
    """Sort key: v4.9 before v4.12rc before v4.12."""
    version = name.removeprefix("v").partition("rc")[0]
    numbers = [int(part) for part in version.split(".") if part.isdigit()]
    return numbers, "rc" not in name, name


_RELEASE = re.compile(r"v?\d+\.\d+(\.\d.*|-.*)?")
"""What people call a kernel: `6.1`, `v6.1.176`, `6.1.0-56-amd64`."""


def _older(release: str, known: Sequence[str]) -> str:
    """The newest of `known` that is not newer than `release`, else the oldest, in words; empty
    for no release."""
    if not _RELEASE.fullmatch(release) or "-rc" in release:
        return ""
    plain_release = release.partition("-")[0]
    older = [each for each in known if _age(each)[0] <= _age(plain_release)[0]]
    if not older:
        return f"the oldest is {known[0]}; `klprove kernels list` has them all"
    return f"the newest that is not newer is {older[-1]}; `klprove kernels list` has them all"


def _manifest(path: Path) -> Mapping[str, Any]:
    import tomllib  # not needed without a kernel

    with open(path, "rb") as file:
        manifest = tomllib.load(file)
    where = f"{path.parent.name}/{path.name}"
    for key, value in manifest.items():
        if key not in _TYPES:
            raise ValueError(f"{where}: unknown key {key!r}")
        if not isinstance(value, _TYPES[key]) or isinstance(value, bool):
            raise ValueError(f"{where}: {key} is no {_TYPES[key].__name__}")
        if key in _LISTS and not all(isinstance(each, str) for each in manifest[key]):
            raise ValueError(f"{where}: {key} is to hold strings")
    outside = [each for each in manifest.get("files", ()) if Path(each).name != each]
    if outside:
        raise ValueError(f"{where}: {outside[0]!r} is no name of a file in a generation's folder")
    return manifest


def _chain(name: str, home: Path, file: str) -> tuple[str, ...]:
    """`name`, its base, the base of that, and so on."""
    chain = [name]
    while base := _manifest(home / chain[-1] / file).get("base"):
        if Path(base).name != base:
            raise ValueError(f"{chain[-1]}/{file}: {base!r} is no name of a generation")
        if base in chain:
            raise ValueError(f"{chain[-1]}/{file}: {base} is its own base")
        chain.append(base)
    return tuple(chain)


def _nearest(file: str, chain: tuple[str, ...], home: Path) -> Path:
    for generation in chain:
        if (path := home / generation / file).is_file():
            return path
    raise FileNotFoundError(f"{file}: in none of {', '.join(chain)}")


def _digest(files: tuple[Path, ...]) -> str:
    whole = hashlib.sha256()
    for path in files:
        text = path.read_bytes()
        whole.update(f"{path.name} {len(text)}\n".encode() + text)
    return whole.hexdigest()
