# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's own programs, built for one kernel: the module observe, and what makes load."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from klprove.source import BadInput, Diagnostic, Span, Unavailable

GUEST = Path(__file__).parent / "guest"
_SECONDS = 300


def release_of(headers: Path) -> str:
    """The release that `headers` are of, as modules built with them have it. Raises BadInput where
    they are no kernel's headers."""
    path = headers / "include" / "generated" / "utsrelease.h"
    try:
        found = re.search(r'UTS_RELEASE "([^"]+)"', path.read_text(errors="replace"))
    except OSError:
        found = None
    if found is None:
        text = "no kernel headers: no include/generated/utsrelease.h in it says their release"
        hint = "Debian: apt-get install linux-headers-$(uname -r), or make kernel-lab"
        raise BadInput([Diagnostic("file", Span(str(headers), 0, 0), text, hint)])
    return found[1]


def module(headers: Path, source: Path = GUEST, name: str = "observe") -> bytes:
    """The module `name` of the folder `source`; as modules()."""
    return modules(headers, source, (name,))[name]


def modules(headers: Path, source: Path, names: Sequence[str]) -> dict[str, bytes]:
    """The modules `names` of the folder `source`, built with `headers` as out-of-tree modules; the
    name `a/b` is that of module b in the folder a of it.

    `headers` may be unpacked anywhere; Debian's `common` package lies beside them. Raises BadInput
    where they cannot build them, Unavailable where make or the compiler is missing.
    """
    with tempfile.TemporaryDirectory(prefix="klprove-") as folder:
        build = Path(folder) / "module"
        shutil.copytree(source, build)
        # Else the name of the folder is in it, and two builds are two modules.
        flags = f"KCFLAGS=-ffile-prefix-map={build}/="
        jobs = f"-j{len(names)}"
        _make([*headers_tree(headers), f"M={build}", jobs, flags, *_QUIRKS, "modules"], headers)
        made = {name: build / f"{name}.ko" for name in names}
        _run(["strip", "--strip-debug", *map(str, made.values())])
        return {name: path.read_bytes() for name, path in made.items()}


_QUIRKS = (
    "CONFIG_DEBUG_INFO_BTF_MODULES=",  # needs pahole, and a vmlinux; not needed to load it
    "CONFIG_MODULE_SIG_ALL=",
    "KBUILD_MODPOST_WARN=1",
)


def headers_tree(headers: Path) -> list[str]:
    """Where make has to go. Debian's own Makefile names the common part by an absolute path."""
    headers = headers.resolve()
    common = headers.with_name(headers.name.rpartition("-")[0] + "-common")
    if (common / "Makefile").exists():
        return ["-C", str(common), f"O={headers}"]
    return ["-C", str(headers)]


def _make(arguments: Sequence[str], headers: Path) -> None:
    ran = _run(["make", "-s", *arguments])
    if ran.returncode:
        lines = [line for line in ran.stderr.splitlines() if line.strip()]
        lines = [line for line in lines if ": error: " in line] or lines or ["no reason"]
        text = f"the module cannot be built with these headers: {lines[0]}"
        raise BadInput([Diagnostic("file", Span(str(headers), 0, 0), text)])


def load() -> Mapping[str, bytes]:
    """The program `load`, for the guest, linked statically; none where the compiler cannot."""
    with tempfile.TemporaryDirectory(prefix="klprove-") as folder:
        out = Path(folder) / "load"
        words = ["gcc", "-O1", "-static", "-pthread", "-o", str(out), str(GUEST / "load.c")]
        return {} if _run(words).returncode else {"bin/load": out.read_bytes()}


def _run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=_SECONDS,
            errors="replace", stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except FileNotFoundError:
        text = f"{words[0]} is not installed (Debian: apt-get install make gcc binutils)"
        raise Unavailable(text) from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{words[0]} did not end in {_SECONDS} seconds") from None
