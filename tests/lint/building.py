"""Builds the twins and a kernel for them: with gcc and headers of our own, or against Debian's."""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
MINI, MODULES = HERE / "mini", HERE / "modules"
FLAGS = [
    *("-O2", "-std=gnu11", "-w", "-ffreestanding", "-fno-pic", "-mcmodel=kernel", "-mno-red-zone"),
    *("-fcf-protection=none", "-fno-asynchronous-unwind-tables", "-fno-stack-protector"),
    *("-pg", "-mfentry", "-mrecord-mcount"),
]
DRIVEN = """
#define OBJECT "driver"
#include "patch.h"
static noinline int new(int *device) { return device[7]; }
%s
LIVEPATCH(%s);
"""


@dataclass(frozen=True)
class Twin:
    """A module whose findings are known: `expected` are the rules that have to find an error or a
    warning, by severity; `elsewhere` the same for releases that begin so; `after`: the modules that
    are loaded before it."""

    name: str
    expected: Mapping[str, str]
    elsewhere: Mapping[str, Mapping[str, str]]
    after: Sequence[str]

    def good(self, rule: str) -> bool:
        """It looks as if the rule had something to say, and is none of the bad ones."""
        return "_good" in self.name and rule not in self.expected

    def on(self, release: str) -> Mapping[str, str]:
        """What is expected on a kernel of that release."""
        found = (told for start, told in self.elsewhere.items() if release.startswith(start))
        return next(found, self.expected)


@cache
def twins() -> Sequence[Twin]:
    """The modules and what their first lines say."""
    return [_twin(path) for path in sorted(MODULES.glob("*.c"))]


def _twin(path: Path) -> Twin:
    """`lint: H15 warning | 6.12: H05 error after OLD, NEWER`, or `clean`."""
    match = re.match(r"/\* lint: ([^*]*?)(?: after ([\w, ]+))? \*/\n", path.read_text())
    assert match, f"{path.name} does not say what is expected"
    first, *others = (each.strip() for each in match[1].split("|"))
    elsewhere = (each.split(":") for each in others)
    after = match[2].split(", ") if match[2] else []
    return Twin(path.stem, _told(first), {on: _told(told) for on, told in elsewhere}, after)


def _told(text: str) -> Mapping[str, str]:
    pairs = [each.split() for each in text.split(";")]
    return {} if text.strip() == "clean" else dict(pairs)


def has_gcc() -> bool:
    """gcc and its linker for x86-64 are here."""
    if not shutil.which("gcc"):
        return False
    told = subprocess.run(["gcc", "-dumpmachine"], capture_output=True, text=True, check=True)
    return told.stdout.startswith("x86_64")


def build_kernel(folder: Path) -> Path:
    """A vmlinux of a few functions."""
    parts = []
    for number, source in enumerate(("kernel.c", "copy.c", "copy.c", "copy.c")):
        parts.append(folder / f"kernel{number}.o")
        command = ["gcc", *FLAGS, "-g", f"-I{MINI}", f"-DCOPY={number}", "-c", MINI / source]
        subprocess.run([*command, "-o", parts[-1]], check=True)
    made = folder / "vmlinux"
    script = f"-Wl,-T,{MINI / 'kernel.ld'}"
    link = ["gcc", "-nostdlib", "-static", "-no-pie", "-w", "-Wl,--build-id=none", script]
    subprocess.run([*link, *parts, "-o", made], check=True, capture_output=True)
    return made


def build_driver(folder: Path) -> Path:
    """The module `driver`, for modules that patch one."""
    parts = []
    for number, source in enumerate(("driver.c", "copy.c", "copy.c")):
        parts.append(folder / f"driver{number}.o")
        own = _module_options("driver", folder) if source == "driver.c" else []
        command = ["gcc", *FLAGS, *own, f"-DCOPY={number}", "-c", MINI / source, "-o", parts[-1]]
        subprocess.run(command, check=True)
    made = folder / "driver.ko"
    subprocess.run(["ld", "-r", *parts, "-o", made], check=True)
    return made


def livepatch_of_driver(folder: Path, name: str, functions: str, code: str = "") -> Path:
    """A livepatch of that module: `functions` are what it replaces, by `new` or by more `code`."""
    source = folder / f"driver_{name}.c"
    source.write_text(DRIVEN % (code, functions))
    return compile_module(source, folder)


def build_module(name: str, folder: Path, extra: Sequence[str] = ()) -> Path:
    """One module, against headers of our own."""
    return compile_module(MODULES / f"{name}.c", folder, extra)


def compile_module(source: Path, folder: Path, extra: Sequence[str] = ()) -> Path:
    """The module that a file is the source of."""
    made = folder / f"{source.stem}.ko"
    typed = ["-g"] if source.stem.startswith(("h10", "h21")) else []
    options = [*FLAGS, *typed, *extra, *_module_options(source.stem, folder)]
    command = ["gcc", *options, "-c", source]
    subprocess.run([*command, "-o", made], check=True)
    return made


def _module_options(name: str, folder: Path) -> list[str]:
    headers = [f"-I{each}" for each in (_headers(folder), MINI, MODULES)]
    return ["-DMODULE", f'-DKBUILD="{name}"', *headers]


def _headers(folder: Path) -> Path:
    """Every header that a module names is mini.h."""
    into = folder / "include"
    (into / "linux").mkdir(parents=True, exist_ok=True)
    text = "".join(path.read_text() for path in MODULES.iterdir())
    for name in set(re.findall(r"#include <(linux/\w+\.h)>", text)):
        (into / name).write_text('#include "mini.h"\n')
    return into
