"""Readers of options and of names of files."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from random import Random

from tests.fuzz.mutation import HOSTILE, NUMBERS, mutated
from tests.fuzz.readers.reader import TINY, Reader, said, strings

_OPTIONS = (
    "--kernel", "--patch", "--cpus", "--recursion", "-D", "--inline", "--memory-model", "--nest",
    "--store-buffer", "--arrivals", "--engine", "--no-reduce", "--time", "--memory", "--werror",
    "-j", "--traces", "--json",
)  # fmt: skip


_VALUES = (
    b"v4.12rc", b"each", b"t", b"1", b"2", b"irq=1", b"irq=1,nmi=2", b"tso", b"reference", b"all",
    b"1s", b"64M", b"X=1", b"X", b"one", b"-", b"none",
)  # fmt: skip


def _options(random: Random) -> bytes:
    """Arguments, each ended by a NUL, as the kernel hands them to a process."""
    values = (*_VALUES, *HOSTILE, *NUMBERS)
    words = []
    for _ in range(random.randint(1, 3)):
        words += [random.choice(_OPTIONS).encode(), mutated(random, values)[:300]]
    return b"".join(word.replace(b"\0", b"") + b"\0" for word in words)


def _commanded(data: bytes, folder: Path) -> None:
    (folder / "model.c").write_text(TINY)
    words = [os.fsdecode(word) for word in data.split(b"\0")[:-1]]
    if any(word.startswith("--j") for word in words):  # a path of its own choice is no finding
        words = [f"{folder}/out" if last.startswith("--j") else word
                 for last, word in zip(["", *words], words, strict=False)]  # fmt: skip
    said(["check", str(folder / "model.c"), "--time", "1s", *words])


def _named(data: bytes, folder: Path) -> None:
    name = data.replace(b"\0", b"").replace(b"/", b"|")[:120] or b"x"
    if name in (b".", b".."):
        return  # folders: no file can be called so
    path = os.path.join(os.fsencode(folder), name)
    with open(path, "wb") as file:
        file.write(TINY.encode() if data[:1] != b"!" else b"int x = ;\n")
    said(["check", os.fsdecode(path), "--engine", "reference"])
    said(["lower", os.fsdecode(path)])
    if data[:1] != b"!":
        strings(json.loads(said(["check", os.fsdecode(path), "--json", "-"])))
    os.unlink(path)


READERS: Mapping[str, Reader] = {
    "options": Reader(_options, _commanded),
    "names": Reader(lambda random: mutated(random, HOSTILE), _named),
}
"""By name."""
