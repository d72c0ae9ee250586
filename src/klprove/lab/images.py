# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel images that are on this machine already, by series."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from klprove.source import BadInput, Diagnostic, Span

FOLDER = "KLPROVE_KERNELS"
"""The environment's name of the folder that is looked into first."""
_KEPT = (Path("build/kernels"), Path("/usr/lib/debug/boot"))
"""Of `make kernel-lab`, and of Debian's packages of debug symbols."""
_SERIES = re.compile(r"\d+\.\d+")


def image_of(name: str) -> str:
    """The path that `name` stands for: a series as `6.1` is its newest vmlinux, anything else is a
    path already. Raises BadInput where there is no image of the series."""
    if not _SERIES.fullmatch(name) or Path(name).exists():
        return name
    found = [each for folder in _folders() for each in folder.glob(f"vmlinux-{name}[.-]*")]
    if not found:
        looked = ", ".join(map(str, _folders()))
        text = f"no vmlinux-{name}.* in {looked}"
        hint = f"make kernel-lab fetches one; or name a file, or its folder: {FOLDER}=DIR"
        raise BadInput([Diagnostic("kernel", Span(name, 0, 0), text, hint)])
    return str(max(found, key=_version))  # the first folder's among equals


def _folders() -> Iterator[Path]:
    given = os.environ.get(FOLDER)
    yield from (*((Path(given),) if given else ()), *_KEPT)


def _version(path: Path) -> list[int]:
    """6.1.0-9 is older than 6.1.0-56."""
    return [int(each) for each in re.findall(r"\d+", path.name)]
