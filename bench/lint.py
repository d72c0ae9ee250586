# SPDX-License-Identifier: GPL-2.0-or-later
"""Seconds of `klprove lint` with a warm cache, on this machine: `make bench-lint VMLINUX=file`.

A module that replaces one function, and one that replaces 5,000 of VMLINUX in sections of their own
(66,000 sections, as -ffunction-sections makes them), each in a process of its own, the best of
three by processor time.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = """
import sys
from klprove.scan import scan
known = scan(sys.argv[1])
for index, name in enumerate(known.names):
    if known.patch[index] == "site" and index not in known.sympos and name.isidentifier():
        print(name)
"""
"""In a process of its own: memory that this one once had counts for those that it starts."""
SECTIONS = 33_000  # and as many of relocations


def assembler(names: list[str]) -> str:
    """A module as kpatch-build makes it that replaces `names`."""
    lines = []
    for number in range(SECTIONS if len(names) > 1 else 1):
        lines += [f'.section .text.n{number},"ax"', f".type n{number},@function"]
        lines += [f"n{number}: call __fentry__; call other; ret", f".size n{number}, .-n{number}"]
    lines += ['.section .modinfo,"a"; .asciz "livepatch=Y"', '.data; owner: .asciz "vmlinux"']
    lines += [f'name{number}: .asciz "{name}"' for number, name in enumerate(names)]
    lines.append('.section .kpatch.funcs,"aw"')
    lines += [f".quad n{number}, 6, 0, 0, 0, name{number}, owner" for number in range(len(names))]
    return "\n".join([*lines, ""])


def seconds(module: Path, vmlinux: str) -> tuple[float, int]:
    """Processor seconds and MiB of the best run of three."""
    command = [sys.executable, "-m", "klprove", "lint", str(module), "--vmlinux", vmlinux]
    found = []
    for _ in range(3):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            _, _, used = os.wait4(process.pid, 0)
        found.append((used.ru_utime + used.ru_stime, used.ru_maxrss >> 10))
    return min(found)


def main(arguments: list[str]) -> int:
    """Print the table; the exit status."""
    if len(arguments) != 1:
        print("usage: make bench-lint VMLINUX=file")
        return 2
    vmlinux = arguments[0]
    command = [sys.executable, "-c", NAMES, vmlinux]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    names = told.stdout.split()  # and the cache is warm from here
    print(f"{vmlinux}\n{'functions':>9} {'seconds':>8} {'MiB':>5}")
    with tempfile.TemporaryDirectory() as folder:
        for count in (1, 5000):
            module = Path(folder) / f"module{count}.ko"
            command = ["as", "-", "-o", module]
            subprocess.run(command, input=assembler(names[:count]), text=True, check=True)
            used, memory = seconds(module, vmlinux)
            print(f"{count:>9,} {used:>8.2f} {memory:>5,}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
