# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove.check`: what the command line asks, asked from Python.

Values are those of the options of `klprove check`; docs/api.md lists them with examples.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from klprove.check import MEMORY_MODELS, SC, Answer, Progress, Question
from klprove.check import check as _answer
from klprove.check.checking import calls_of
from klprove.engine import ENGINES, REDUCTIONS
from klprove.ir.program import KINDS
from klprove.kernels import HANDLER, SCENES
from klprove.source import BadInput, Diagnostic, Span

if TYPE_CHECKING:
    from klprove.cluster import Cluster

INTERRUPTS = tuple(kind for kind in KINDS if kind != "task")
"""Kinds of contexts that arrive, and can be bounded."""

_MOST = {"cpus": 8, "recursion": 64, "store_buffer": 16, "memory": 1 << 63}
_MOST_BOUND = 200


class Options(TypedDict, total=False):
    """What can be asked besides the files; each as the field of `Question` of that name says."""

    kernel: str | os.PathLike[str] | None
    """Name of a kernel model, or the path of a vmlinux or of a source tree (docs/evidence.md)."""
    patch: str | Sequence[str] | None
    """Functions, or `F,G+H` as on the command line, or `each`."""
    cpus: int | None
    arrivals: int | Mapping[str, int] | None
    """One number is for every kind."""
    nest: int | Mapping[str, int] | None
    recursion: int | None
    defines: Mapping[str, str] | None
    inlined: Iterable[str]
    memory_model: str
    store_buffer: int | None
    werror: bool
    seconds: float | None
    memory: int | None
    engine: str
    no_reduce: Iterable[str]
    """Names of reductions; `all` is every one."""
    compact: bool
    checkpoint: str | os.PathLike[str] | None
    checkpoint_seconds: float
    resume: bool
    tree: str | os.PathLike[str] | None
    lift: Iterable[str]
    """FILE:FUNCTION each, or `all`."""
    scene: str
    action: str | None


def check(
    files: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    *,
    progress: Callable[[Progress], None] | None = None,
    jobs: int | None = None,
    cluster: "Cluster | None" = None,
    **options: Unpack[Options],
) -> Answer:
    """Search every interleaving of the contexts in `files`, as `klprove check` does.

    files: in order; none, where `kernel` says what to check.
    progress: called from this thread, several times a second, with figures of the search.
    jobs: processes; None is one a core. The answer does not depend on it.
    cluster: whose workers search instead.

    Nothing is printed. Raises BadInput, with a diagnostic for each thing that is wrong, for text
    or options that cannot be used; TypeError for an option that does not exist. KeyboardInterrupt
    during the search ends it, and the answer is incomplete and says so.
    """
    asked = question(files, **options)
    if jobs is not None:
        _number("jobs", jobs, 1, 1024)
    return _answer(asked, progress, jobs, cluster)


def question(
    files: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], **options: Unpack[Options]
) -> Question:
    """The question that `check` would answer.

    Raises BadInput for values that cannot be used, and where `kernel` is an image also for a text
    that cannot be read: its calls are held against the image.
    """
    given: dict[str, Any] = {key: value for key, value in options.items() if value is not None}
    if isinstance(files, str | os.PathLike):
        files = (files,)
    if not files and "kernel" not in given:
        raise _wrong("files", "no file to check, and no kernel model")
    _place(given)
    _bound(given)
    _search(given)
    _lift(given)
    return held(Question(files=tuple(os.fspath(each) for each in files), **given))


def held(asked: Question) -> Question:
    """`asked` with its calls of what is patched held against the image that its evidence is of:
    where that has no call, a livepatch is not entered. Raises BadInput where the text cannot be
    read."""
    evidence = asked.evidence
    if evidence is None or not asked.patch or asked.scene != HANDLER:
        return asked
    from klprove.evidence import IMAGE

    if evidence.kind != IMAGE:
        return asked
    from klprove.scan.callsites import call_sites  # who names a generation does not wait for it

    calls, untold = call_sites(evidence.path, calls_of(asked))
    inlined = asked.inlined.union(each.key for each in calls if not each.enters)
    evidence = replace(evidence, calls=calls, untold=untold)
    return replace(asked, evidence=evidence, inlined=inlined)


def _place(given: dict[str, Any]) -> None:
    """Which kernel model, which scene of it, what is patched."""
    scene = given.get("scene", HANDLER)
    _known("scene", [scene], tuple(SCENES))
    for key in ("scene", "action"):
        if given.get(key, HANDLER) != HANDLER and "kernel" not in given:
            raise _wrong(key, "of which kernel model?")
    if "kernel" in given:
        from klprove.evidence import resolve  # a text of its own does not wait for it

        given["kernel"], given["evidence"] = resolve(os.fspath(given["kernel"]), scene)
    given["patch"] = _sites(given.get("patch", ()))
    given["inlined"] = frozenset(given.get("inlined", ()))


def _bound(given: dict[str, Any]) -> None:
    """What may happen, and how much is searched."""
    for key, least in (("arrivals", 0), ("nest", 1)):
        given[key] = _bounds(key, given.get(key, {}), least)
    for key, most in _MOST.items():
        if key in given:
            _number(key, given[key], 1, most)
    for key in ("seconds", "checkpoint_seconds"):
        if key in given and not given[key] > 0:
            raise _wrong(key, f"{given[key]!r} is no time to search in")


def _search(given: dict[str, Any]) -> None:
    """How it is searched, and where states are kept."""
    _known("memory_model", [given.get("memory_model", SC)], MEMORY_MODELS)
    _known("engine", [given.get("engine", "auto")], ENGINES)
    given["no_reduce"] = _reductions(given.get("no_reduce", ()))
    if "store_buffer" in given and given.get("memory_model", SC) == SC:
        raise _wrong("store_buffer", "only memory model tso has store buffers")
    if "checkpoint" in given:
        given["checkpoint"] = os.fspath(given["checkpoint"])
    elif given.get("resume"):
        raise _wrong("resume", "from where? `checkpoint` names the folder")


def _lift(given: dict[str, Any]) -> None:
    """What is taken from kernel source, and from which tree."""
    given["lift"] = tuple(given.get("lift", ()))
    if given["lift"] and "kernel" not in given:
        raise _wrong("lift", "of which kernel model should it take the text's place?")
    evidence = given.get("evidence")
    if given["lift"] and "tree" not in given and evidence and evidence.kind == "tree":
        given["tree"] = evidence.path
    if "tree" in given:
        given["tree"] = os.fspath(given["tree"])
        if not given["lift"]:
            raise _wrong("tree", "`lift` says what of it to take")


def _sites(value: str | Sequence[str]) -> tuple[str, ...]:
    if value == "none":
        return ()
    each = value.split(",") if isinstance(value, str) else value
    return tuple(name.strip() for name in each if name.strip())


def _reductions(value: Iterable[str]) -> frozenset[str]:
    names = frozenset([value] if isinstance(value, str) else value)
    _known("no_reduce", names, (*REDUCTIONS, "all"))
    return frozenset(REDUCTIONS) if "all" in names else names


def _bounds(key: str, value: int | Mapping[str, int], least: int) -> Mapping[str, int]:
    bounds = dict.fromkeys(INTERRUPTS, value) if isinstance(value, int) else dict(value)
    _known(key, bounds, INTERRUPTS)
    for number in bounds.values():
        _number(key, number, least, _MOST_BOUND)
    return bounds


def _number(key: str, value: object, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _wrong(key, f"{value!r} is not a number of {least} .. {most}")


def _known(key: str, values: Iterable[str], known: Sequence[str]) -> None:
    for each in values:
        if each not in known:
            raise _wrong(key, f"{each!r} is none of {', '.join(known)}")


def _wrong(key: str, text: str) -> BadInput:
    return BadInput([Diagnostic("option", Span(key, 0, 0), text)])
