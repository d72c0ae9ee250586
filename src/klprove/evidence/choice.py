# SPDX-License-Identifier: GPL-2.0-or-later
"""The evidence in an image or a tree, for and against each generation."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from klprove.evidence.calls import CallSite
from klprove.evidence.image import named
from klprove.kernels import HANDLER, names
from klprove.source import BadInput, Diagnostic, Span

IMAGE, TREE = "image", "tree"
_MOST_BYTES = 4_000_000
"""Of a file of a tree."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One sign, and whether it is there."""

    since: str
    what: str
    cite: str
    there: bool
    by: str
    """What was seen: `klp_sync`, `no ist_enter`."""
    file: str
    """In which file of a tree; empty for an image."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A generation, with what speaks for it and against it."""

    name: str
    """That of the model."""
    generation: str
    """The generation that the signs are of; the model is the newest up to it."""
    speaks_for: tuple[Seen, ...]
    against: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a generation was taken for what is at `path`."""

    path: str
    kind: str
    """IMAGE or TREE."""
    candidates: tuple[Candidate, ...]
    """The one that was taken, then those that as many signs speak against; where there are such
    signs, also those with one more."""
    calls: tuple[CallSite, ...] = ()
    """Calls of the model, held against an image, where something is patched."""
    untold: str = ""
    """Why it is not known which of them are inlined; empty where it is, or does not matter."""

    @property
    def taken(self) -> Candidate:
        """The best."""
        return self.candidates[0]


def resolve(
    kernel: str, scene: str = HANDLER, offered: Sequence[str] | None = None
) -> tuple[str, Evidence | None]:
    """The generation that `kernel` names, or that fits the image or the tree at that path, and why.

    offered: generations that there are models of; None is all that have `scene`. Raises BadInput
    "kernel" where nothing fits, or what does is older than every model.
    """
    known = names(scene=scene) if offered is None else tuple(offered)
    path = Path(kernel)
    if kernel in known or not ("/" in kernel or _exists(path)):
        return kernel, None
    if not _exists(path):
        raise _wrong(kernel, "no such file or folder, and no kernel generation")
    seen, kind = _look(path)
    base = [each for each in seen if each.since == _table()["generations"][0]]
    if not all(each.there for each in base):
        text = "no livepatch consistency model in it: " + ", ".join(each.by for each in base)
        raise _wrong(kernel, text, "the models begin at v4.12-rc; --kernel GENERATION overrules")
    every = _candidates(seen)
    found: dict[str, Candidate] = {}
    for each in every:
        model = _model(each.generation, known)
        if model is not None:
            found.setdefault(model, replace(each, name=model))
    if _model(every[0].generation, known) is None:
        text = f"this is {every[0].generation} by {_signs(every[0].speaks_for)}"
        have = f"there is no model of it, only {', '.join(known)}; --kernel takes one of them"
        raise _wrong(kernel, text, have)
    evidence = Evidence(kernel, kind, tuple(found.values()))
    return evidence.taken.name, evidence


def _model(generation: str, known: Sequence[str]) -> str | None:
    """The newest of `known` that is not newer than `generation`: where nothing that it models has
    changed since, a generation has no model of its own."""
    order: Sequence[str] = _table()["generations"]
    older = order[: order.index(generation) + 1]
    return next((each for each in reversed(older) if each in known), None)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _wrong(path: str, text: str, hint: str = "") -> BadInput:
    return BadInput([Diagnostic("kernel", Span(path, 0, 0), text, hint)])


def _signs(seen: Sequence[Seen]) -> str:
    return ", ".join(each.by for each in seen)


@cache
def _table() -> Mapping[str, Any]:
    import tomllib  # whoever names a generation does not wait for it

    path = Path(__file__).parent / "generations.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _look(path: Path) -> tuple[list[Seen], str]:
    """Every sign that can be seen in what is at `path`."""
    if path.is_dir():
        if not (path / "kernel" / "livepatch").is_dir():
            raise _wrong(str(path), "no kernel's source: it has no kernel/livepatch")
        return _seen(TREE, lambda rule: _in_tree(rule, path)), TREE
    if not path.is_file():
        raise _wrong(str(path), "no ordinary file")
    there = named(str(path))
    return _seen(IMAGE, lambda rule: _in_image(rule, there)), IMAGE


def _seen(kind: str, ask: Callable[[Mapping[str, Any]], tuple[bool | None, str]]) -> list[Seen]:
    found = []
    for sign in _table()["sign"]:
        if kind in sign:
            there, by = ask(sign[kind])
            if there is not None:
                found.append(
                    Seen(
                        sign["since"],
                        sign["what"],
                        sign["cite"],
                        there,
                        by,
                        sign[kind].get("file", ""),
                    )
                )
    return found


def _in_image(rule: Mapping[str, Any], there: Mapping[str, int]) -> tuple[bool | None, str]:
    if "within" in rule:
        name, start, end = rule["within"]
        if not all(each in there for each in rule["within"]):
            return None, ""
        inside = there[start] <= there[name] < there[end]
        return inside, f"{name} {'behind' if inside else 'not behind'} {start}"
    return _judged(rule, lambda name: name in there)


def _in_tree(rule: Mapping[str, Any], top: Path) -> tuple[bool | None, str]:
    text = _text(top / rule["file"])
    found: bool | None
    pattern, told = rule.get("pattern", ("", ""))
    if pattern and re.search(pattern, text):
        found, by = True, told
    else:
        found, by = _judged(
            rule, lambda word: bool(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text))
        )
    return found, by if by != "no " else f"no {told}"


def _judged(rule: Mapping[str, Any], there: Callable[[str], bool]) -> tuple[bool | None, str]:
    """Whether a sign is there, and by what."""
    for each in rule.get("has", ()):
        if all(there(part) for part in each.split("+")):
            return True, each
    for each in rule.get("gone", ()):
        if there(each):
            return False, each
    missing = " or ".join([*rule.get("has", ()), *rule.get("gone", ())])
    return {"yes": True, "no": False}.get(rule.get("else", "")), f"no {missing}"


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        with open(path, "rb") as file:
            return file.read(_MOST_BYTES).decode(errors="replace")
    except OSError:
        return ""


def _candidates(seen: Sequence[Seen]) -> tuple[Candidate, ...]:
    """Generations with the fewest signs against them first.

    Of equals with none against them the newest first: nothing says that it is older. Where signs
    contradict each other the oldest first: changes are carried back, to an older kernel.
    """
    order: Sequence[str] = _table()["generations"]
    every = []
    for place, name in enumerate(order):
        fits = {each: each.there == (order.index(each.since) <= place) for each in seen}
        candidate = Candidate(
            name,
            name,
            tuple(each for each in seen if fits[each]),
            tuple(each for each in seen if not fits[each]),
        )
        every.append(candidate)
    every.sort(key=lambda each: len(each.against))
    fewest = len(every[0].against)
    if not fewest:
        return tuple(each for each in reversed(every) if not each.against)
    # Whoever has not many more against it may be meant.
    return tuple(each for each in every if len(each.against) <= fewest + 1)
