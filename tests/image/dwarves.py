"""Small programs with debug information, made by the machine's gcc."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.lint.building import has_gcc

HEADER = """
static inline int twice(int x) { return x * 2 + 1; }
struct pair { int a; unsigned char b; long c[3]; };
"""
SOURCE = """
#include "part.h"
#define KEPT __attribute__((noinline, used))
KEPT int outer(int x) { __asm__ volatile(""); return x + 2; }
static inline __attribute__((always_inline)) int middle(int x) { return outer(twice(x)); }
int leaf(int x) { if (x < 0) return 0; return outer(x); }
KEPT int host(int x) { return middle(x) + leaf(x); }
int (*pointer)(int) = twice;
__attribute__((section(".init.text"), used)) int setup(int x) { return leaf(x); }
__attribute__((cold, noinline)) void rare(void) { __asm__ volatile(""); }
KEPT int split(int x) { if (__builtin_expect(x == 7, 0)) { rare(); rare(); } return leaf(x); }
"""
OTHER = """
#include "part.h"
__attribute__((noinline, used)) int elsewhere(int x) { return twice(x) + 1; }
static __attribute__((noinline, used)) int leaf(int x) { return x ^ 3; }
"""
_FOLDERS: list["TemporaryDirectory[str]"] = []


def folder() -> Path:
    """A new folder, which goes when the tests have run."""
    _FOLDERS.append(TemporaryDirectory(prefix="klprove-dwarf-"))
    return Path(_FOLDERS[-1].name)


@cache
def made(*flags: str, linked: bool = False) -> Path:
    """The two files compiled with `flags`, into an object of both or a program."""
    if not has_gcc():
        pytest.skip("needs gcc for x86-64")
    into = folder()
    for name, text in (("part.h", HEADER), ("first.c", SOURCE), ("second.c", OTHER)):
        (into / name).write_text(text)
    kind = ["-nostdlib", "-static", "-no-pie", "-Wl,-e,0", "-Wl,--build-id"] if linked else ["-r"]
    options = ["-O2", "-fno-pic", "-fno-stack-protector", "-w", *flags, *kind]
    command = ["gcc", *options, "first.c", "second.c", "-nostdlib", "-o", "made"]
    subprocess.run(command, cwd=into, check=True)
    return into / "made"


def copied(path: Path, name: str, *options: str) -> Path:
    """`path` as objcopy makes it with `options`, beside it."""
    assert shutil.which("objcopy")
    subprocess.run(["objcopy", *options, path.name, name], cwd=path.parent, check=True)
    return path.parent / name
