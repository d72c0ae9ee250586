# SPDX-License-Identifier: GPL-2.0-or-later
"""A trace that `klprove check --json` wrote, read back, with the model that it is of."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

from klprove.api import Options, question
from klprove.check import SC, Question
from klprove.check.checking import lifted, program
from klprove.ir.program import Program
from klprove.kernels import HANDLER, SCENES, TRANSITION, load, names
from klprove.replay.words import bare
from klprove.verdict import Trace
from klprove.verdict.reading import read_document, read_member, read_trace, wrong


class NotMappable(Exception):
    """A trace that no kernel in this lab can be led along, whatever it is of."""


_STORE_BUFFERS = (
    "a trace under x86-TSO has stores that wait in a buffer, and QEMU's TCG has no store buffer: "
    "each CPU's store is in memory before the next instruction of any CPU; check again without "
    "--memory-model tso, and see whether the finding is still there"
)


ACTION = "force"
"""What the lab's administrator does in the scene of the livepatch core."""
CALLED = "vfs_read"
"""The function that the tasks of that scene call, in the kernel."""


@dataclass(frozen=True, slots=True)
class Case:
    """One trace, and everything a replay has to know of where it came from."""

    name: str
    """For people: the finding and the site."""
    kernel: str
    site: str
    handler: str
    """The user's file; empty where the model's own handler ran."""
    trace: Trace
    text: Program
    """The model, with that function patched."""
    defines: Mapping[str, str] = field(default_factory=dict)
    """Macros (-D) that model and handler were checked with."""
    scene: str = HANDLER

    @property
    def resting(self) -> Mapping[str, int]:
        """What every word of the model is before the first step, by name without the CPU."""
        return resting(self.text)


def read_case(path: str, code: str = "", site: str = "") -> Case:
    """The first finding in the file at `path` that fits `code` and `site`, where given.

    Raises BadInput where the file holds no such trace, or is of another schema or another text;
    NotMappable where nothing in the lab does what it has: store buffers, tasks that fork.
    """
    document = read_document(path)
    kernel, finding, files = read_member(path, lambda: _chosen(path, document, code, site))
    name, where = _name(finding), str(finding["site"])
    trace = read_member(path, lambda: read_trace(finding))
    given = read_member(path, lambda: _given(document))
    given["kernel"], scene = kernel, str(document["scene"])
    if scene == TRANSITION:
        given["scene"], given["action"], where = scene, _action(document, files), CALLED
    else:
        given["patch"] = where
    asked = question(files, **given)
    _same_lifted(path, read_member(path, lambda: _digests(document)), asked)
    text = program(asked)
    _same(path, trace, resting(text))
    handler = files[0] if files else ""
    return Case(name, kernel, where, handler, trace, text, asked.defines, scene)


def _action(document: Mapping[str, Any], files: Sequence[str]) -> str:
    """What the administrator of the livepatch core's scene does. Raises NotMappable where nobody
    in the lab does that."""
    if document.get("action") != ACTION:
        raise NotMappable(f"the lab's administrator disables and forces; {document.get('action')}: "
                          "nobody in it does that at the points of a trace")  # fmt: skip
    if document.get("defines") or document.get("lift") or files:
        raise NotMappable("tasks and core of the lab are the kernel's: with -D, --lift or a file "
                          "the trace is of others")  # fmt: skip
    return ACTION


def _given(document: Mapping[str, Any]) -> Options:
    """What else the model depends on; a document of before these were written down has none."""
    given: Options = {"defines": _defines(document), "cpus": int(document["bounds"]["cpus"])}
    given["inlined"] = _words(document.get("inlined", []))
    if (recursion := document["bounds"].get("recursion")) is not None:
        given["recursion"] = recursion
    if lift := _words(document.get("lift", [])):
        given["lift"], given["tree"] = lift, str(document["tree"])
    return given


def _words(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise TypeError(f"{given!r:.60} is no list of texts")
    return tuple(given)


def _digests(document: Mapping[str, Any]) -> dict[str, str]:
    return {str(each["path"]): str(each["sha256"]) for each in document.get("lifted", [])}


def _same_lifted(path: str, known: Mapping[str, str], asked: Question) -> None:
    """The text that was lifted from a kernel tree is still there."""
    if not known:
        return
    for each in lifted(asked):
        if known.get(each.path) != each.sha256:
            text = f"{each.path} of {asked.tree} has changed since it was written: check again"
            raise wrong(path, text)


def _chosen(
    path: str, document: Mapping[str, Any], code: str, site: str
) -> tuple[str, Mapping[str, Any], Sequence[str]]:
    """The model, the finding, and the user's files, which have not changed."""
    kernel = _kernel(path, document)
    found = [
        each
        for each in document["findings"]
        if each["trace"] and code in ("", each["code"]) and site in ("", each["site"])
    ]
    if not found:
        raise wrong(path, "no finding with a trace in it", _offered(document))
    if document.get("mail") is not None:
        save = (
            f"jq -r .mail.text {quote(path)} > handler.c; klprove check handler.c ... --json FILE"
        )
        raise wrong(path, "of C that was taken from a mail, which is no file of its own", save)
    files = [_unchanged(path, each) for each in document["files"]]
    if len(files) > 1:
        raise wrong(path, f"of {len(files)} files: one handler can be loaded, no more")
    return kernel, found[0], files


def _defines(document: Mapping[str, Any]) -> dict[str, str]:
    """Macros of the check; none where the document is of before they were written down."""
    found = {str(name): str(value) for name, value in document.get("defines", {}).items()}
    for name, value in found.items():
        if not (name.isascii() and name.isidentifier() and (value.isprintable() or not value)):
            raise ValueError(f"{name!r}, {value!r} is no macro")
    return found


def _name(finding: Mapping[str, Any]) -> str:
    return f"{finding['code']} at {finding['site'] or 'no site'}"


def resting(text: Program) -> dict[str, int]:
    """Every scalar of the model at boot, by name without the CPU; the first CPU's."""
    found: dict[str, int] = {}
    for each in text.objects:
        for leaf in each.leaves:
            data = each.init[leaf.offset : leaf.offset + leaf.ty.size]
            value = int.from_bytes(data, "little", signed=leaf.ty.signed)
            found.setdefault(bare(text.describe(each.addr + leaf.offset, leaf.ty.size)), value)
    return found


def _same(path: str, trace: Trace, rest: Mapping[str, int]) -> None:
    """A trace begins where the model does; else it was made with other macros (-D)."""
    for name, value in trace.initial:
        if rest.get(bare(name), value) != value:
            text = f"{name} begins as {value}, and as {rest[bare(name)]} in the model"
            raise wrong(path, text, "was it checked with -D? Check again: answers have it now")


def _kernel(path: str, document: Mapping[str, Any]) -> str:
    kernel, scene = document.get("kernel"), str(document.get("scene"))
    if scene not in SCENES:
        raise wrong(path, f"of the scene {scene}: there is none of that name")
    if kernel not in names() and kernel not in names(scene=scene):
        raise wrong(path, f"of {kernel or 'no kernel model'}: a text of its own runs nowhere else")
    if document["bounds"]["memory_model"] != SC:
        raise NotMappable(_STORE_BUFFERS)
    if document["bounds"]["cpus"] > 2:
        raise wrong(path, "only traces of a reader's CPU and an updater's are replayed")
    if load(kernel, scene=scene).digest != document["model"]:
        raise wrong(path, f"the model {kernel} has changed since: check again")
    return str(kernel)


def _unchanged(path: str, file: Mapping[str, str]) -> str:
    try:
        data = Path(file["path"]).read_bytes()
    except OSError as error:
        raise wrong(file["path"], f"{error.strerror}: {path} is a trace of it") from None
    if hashlib.sha256(data).hexdigest() != file["sha256"]:
        raise wrong(file["path"], f"has changed since {path} was written: check again")
    return file["path"]


def _offered(document: Mapping[str, Any]) -> str:
    there = sorted({_name(each) for each in document["findings"]})
    return f"there are: {', '.join(there)}" if there else f"verdict: {document['verdict']}"
