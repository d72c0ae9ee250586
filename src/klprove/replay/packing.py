# SPDX-License-Identifier: GPL-2.0-or-later
"""A bundle: a replay, or a reproducer, for somebody who has QEMU and the kernel and no klprove."""

import ast
import gzip
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import klprove
from klprove.image import open_image
from klprove.image.about import release
from klprove.lab.layout import Layout
from klprove.lab.machine import INIT, root
from klprove.lab.memory import FIXED, Word
from klprove.replay import handler, stock
from klprove.replay.carried import INITRAMFS, SCHEDULE, SCHEMA, SYMBOLS, plan_of
from klprove.replay.handler import GUEST
from klprove.replay.replaying import TASK, Prepared, planned
from klprove.replay.scenes import STATE, STOCK
from klprove.replay.schedule import Step
from klprove.replay.telling import told
from klprove.replay.words import Pair, words
from klprove.source import BadInput, Diagnostic, Span
from klprove.watch.sysfs import build_id

ROOT = "reproducer"
"""The folder that the archive unpacks to."""
_HOME = Path(klprove.__file__).parent
_FIRST = "klprove.replay.carried"
_EMPTY = ("klprove", "klprove.lab", "klprove.replay")
"""Packages of which the driver has some modules: what the whole package says is left out."""
_BASE = 0xA000 << 48
"""Where a schedule has the module's first section; no address of a kernel is like it."""
_APART = 1 << 32
_TASK_WORDS = {"task_struct.comm": ("task_struct", "comm")}
_CPU_WORDS = {
    "current_task": ("current_task", ""),
    "pcpu_hot.current_task": ("pcpu_hot", ".current_task"),
    STATE: ("context_tracking", ".state.counter"),
}
"""What a driver asks of a kernel, under the names that carried.Known looks for."""


def bundle(ready: Prepared) -> bytes:
    """The archive of a replay: the same input makes the same bytes. Raises BadInput where the image
    has no build-id."""
    content, lines = _trace(ready)
    files = {"source/reader.c": (GUEST / "reader.c").read_bytes()}
    case = ready.case
    if case.handler:
        own = handler.source(case.handler, case.defines)
        files |= {f"source/{name}": data for name, data in own.items()}
    more = f"The trace was found by a search of every interleaving in the model {case.kernel}."
    return _archive(content, {**files, **_text(lines)}, more, ready.setup.files, ready.places)


def stock_bundle(ready: stock.Ready) -> bytes:
    """The same of a reproducer without a trace."""
    content: dict[str, Any] = {
        "title": f"{ready.name}: {_first_line(STOCK[ready.name].run.__doc__)}",
        "name": ready.name, "state": STATE, "promised": ready.promised,
        "machine": {"cpus": ready.setup.cpus},
    }  # fmt: skip
    what = STOCK[ready.name].what
    files = {f"source/{name}": data for name, data in stock.source(what).items()} if what else {}
    more = "What is done stands in driver/klprove/replay/scenes.py."
    return _archive(content, files, more, ready.setup.files, ready.places)


def _first_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _trace(ready: Prepared) -> tuple[dict[str, Any], list[str]]:
    """The schedule as data, and in lines."""
    built, case = ready.built, ready.case
    own = built.symbols if built is not None else {}
    sections = sorted({section for section, _ in own.values()})
    bases = {section: _BASE + number * _APART for number, section in enumerate(sections)}
    plan, found = planned(ready, {name: bases[at] + offset for name, (at, offset) in own.items()})
    content: dict[str, Any] = {
        "title": f"{case.name}, of the model {case.kernel}",
        "task": TASK,
        "machine": {"cpus": ready.setup.cpus},
        "module": None,
        "symbols": {name: list(at) for name, at in sorted(own.items())},
        "words": [_row(each, bases) for _, each in sorted(found.pairs.items())],
        "resting": {name: _value(each, bases) for name, each in plan.resting.items()},
        "steps": [_step(each, bases) for each in plan.steps],
    }
    if built is not None:
        content["module"] = {"name": handler.NAME, "site": ready.places.site(case.site)}
    nowhere = dict.fromkeys(sections, 0)
    return content, [*told(*plan_of(content, nowhere))]


def _text(lines: list[str]) -> dict[str, bytes]:
    note = "Addresses of the module are offsets in a section of it, until it is loaded."
    return {"schedule.txt": "\n".join([note, "", *lines, ""]).encode()}


def _value(value: int, bases: Mapping[str, int]) -> Any:
    """A number, or a place in a section of the module."""
    for section, base in bases.items():
        if 0 <= value - base < _APART:
            return {"section": section, "offset": value - base}
    return value


def _row(pair: Pair, bases: Mapping[str, int]) -> dict[str, Any]:
    word = pair.word
    at = _value(word.at, bases) if word.home == FIXED else word.at
    return {
        "model": pair.model, "short": pair.short, "home": word.home, "at": at, "size": word.size,
        "signed": word.signed, "mask": pair.mask, "order": pair.order, "address": bool(pair.meant),
    }  # fmt: skip


def _step(step: Step, bases: Mapping[str, int]) -> dict[str, Any]:
    event = step.event
    return {
        "step": step.number, "do": step.do, "target": step.target,
        "word": step.pair.model if step.pair is not None else "",
        "value": _value(step.value, bases), "why": step.why, "away": step.away,
        "file": event.span.file.rpartition("/")[2], "line": event.span.line,
        "action": event.action, "depth": event.depth, "kind": event.kind,
        "calls": list(event.calls), "notes": list(event.notes), "context": event.context,
    }  # fmt: skip


def _kernel(places: Layout) -> dict[str, Word]:
    found = {name: places.variable(*each) for name, each in _CPU_WORDS.items()}
    found |= {name: places.member(*each) for name, each in _TASK_WORDS.items()}
    state = words(places).pairs.get(STATE)
    found[STATE] = state.word if state is not None else None
    return {name: word for name, word in found.items() if word is not None}


def _archive(
    content: dict[str, Any],
    files: Mapping[str, bytes],
    more: str,
    guest: Mapping[str, bytes],
    places: Layout,
) -> bytes:
    running, number = identity(places.path)
    content = {
        "schema": SCHEMA, "release": running, "package": f"linux-image-{running}-dbg",
        "build_id": number, "kernel": _kernel(places), **content,
    }  # fmt: skip
    filled = {**{name: str(content[name]) for name in ("title", "release", "package", "build_id")},
              "more": more}  # fmt: skip
    every = {
        **files,
        **{f"built/{name}": data for name, data in guest.items()},
        "source/init": INIT.read_bytes(),
        SCHEDULE: json.dumps(content, indent=1).encode() + b"\n",
        SYMBOLS: _symbols(places),
        INITRAMFS: root(guest),
        **{each.name: _filled(each, filled) for each in sorted((GUEST / "bundle").iterdir())},
        **{f"driver/{name}": data for name, data in carried().items()},
    }
    return _tar(every)


def identity(path: str) -> tuple[str, str]:
    """Release and build-id of an image. Raises BadInput where it has no build-id."""
    image = open_image(path)
    notes = image.section(".notes")
    data = bytes(image.data(notes)) if notes else b""
    number = build_id(data.decode(errors="surrogateescape"))
    if not number:
        text = "it has no build-id: nobody could say whether theirs is the same"
        raise BadInput([Diagnostic("image", Span(path, 0, 0), text)])
    return release(image), number


def _filled(path: Path, values: Mapping[str, str]) -> bytes:
    text = path.read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text.encode()


def _symbols(places: Layout) -> bytes:
    """As System.map has them, without their kinds."""
    every = sorted((at, name) for name, at in places.named.items() if at >> 63 and " " not in name)
    lines = [f"{at:x} {name}\n" for at, name in every]
    return gzip.compress("".join(lines).encode(), mtime=0)


def _tar(files: Mapping[str, bytes]) -> bytes:
    """Without times and owners."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(f"{ROOT}/{name}")
            entry.size, entry.mode = len(data), 0o755 if name.endswith(".sh") else 0o644
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def carried() -> dict[str, bytes]:
    """The modules that the driver consists of, by path, found by what they import."""
    found: dict[str, bytes] = {}
    waiting = [_FIRST]
    while waiting:
        name = waiting.pop()
        path = _file(name)
        place = str(path.relative_to(_HOME.parent))
        if place in found:
            continue
        found[place] = b"" if name in _EMPTY else path.read_bytes()
        waiting += [name.rpartition(".")[0]] if "." in name else []
        waiting += _imports(ast.parse(found[place]))
    return found


def _file(name: str) -> Path:
    path = _HOME.joinpath(*name.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imports(tree: ast.Module) -> Iterator[str]:
    """Modules of klprove that are imported where the module is loaded, not for types alone."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("klprove"):
            yield str(node.module)
