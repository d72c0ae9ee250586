# SPDX-License-Identifier: GPL-2.0-or-later
"""The text beside a trace: files of the user and of the kernel model, if they are still the same.

A trace may come from anywhere, and what is embedded is handed on. So a file is read only where the
trace holds its SHA-256, or is of a kernel model that is installed here.
"""

import hashlib
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klprove.kernels import HANDLER, load, names
from klprove.source import BadInput

_LARGEST = 1 << 20
"""Bytes of a file that is embedded."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that steps stand in: its lines, or `why` there are none."""

    name: str
    lines: tuple[str, ...] = ()
    why: str = ""


def sources(document: Mapping[str, Any], wanted: Iterable[str], beside: Path) -> list[Source]:
    """The files `wanted`, as steps name them; looked for where the check named them, from here and
    from the folder `beside`. Raises as reading a member does."""
    listed = {str(each["path"]): str(each["sha256"]) for each in document["files"]}
    if (mail := document.get("mail")) is not None:  # what is listed is the text taken from it
        listed[str(mail["file"])] = str(mail.get("sha256", ""))
    model, why = _model(document)
    return [_source(name, listed, model, why, beside) for name in dict.fromkeys(wanted)]


def _model(document: Mapping[str, Any]) -> tuple[Mapping[str, Path], str]:
    """Name in a trace to file of the kernel model; why there are none."""
    kernel, scene = document.get("kernel"), document.get("scene", HANDLER)
    if kernel is None:
        return {}, "it is none of the files that were checked"
    try:
        found = load(kernel, scene=scene) if kernel in names() else None
    except (BadInput, KeyError):
        found = None
    if found is None:
        return {}, f"there is no model {kernel!r} here"
    if found.digest != document["model"]:
        return {}, f"the model {kernel} has changed since the trace was written"
    by_name = {f"{each.parent.name}/{each.name}": each for each in found.files}
    return by_name, "it is neither of the model nor one of the files that were checked"


def _source(
    name: str, listed: Mapping[str, str], model: Mapping[str, Path], why: str, beside: Path
) -> Source:
    if name in model:
        return Source(name, _lines(model[name].read_bytes()))
    path = _listed(name, listed)
    if path is None:
        return Source(name, why=why)
    if not listed[path]:
        return Source(name, why="it is a mail, and the trace (klprove.check/3) has no digest of it")
    said = "it is gone"
    for place in (Path(path), beside / path):
        try:
            data = _read(place)
        except FileNotFoundError:
            continue
        except OSError as error:
            return Source(name, why=error.strerror or "it cannot be read")
        if data is None:
            return Source(name, why="it is no file, or larger than 1 MiB")
        if hashlib.sha256(data).hexdigest() == listed[path]:
            return Source(name, _lines(data))
        said = "it has changed since the trace was written"
    return Source(name, why=said)


def _listed(name: str, listed: Mapping[str, str]) -> str | None:
    """The one of `listed` that a step calls `name`: an included file stands there with the folder
    that the compiler found it in."""
    if name in listed:
        return name
    fits = [each for each in listed if name.endswith(f"/{each}")]
    return fits[0] if len(fits) == 1 else None


def _read(path: Path) -> bytes | None:
    """What is in a regular file of bearable size; None for anything else."""
    about = path.stat()
    if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST:
        return None
    return path.read_bytes()


def _lines(data: bytes) -> tuple[str, ...]:
    return tuple(data.decode(errors="replace").split("\n"))
