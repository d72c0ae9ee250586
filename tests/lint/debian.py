"""The twins built against Debian's headers and judged against its kernel: `make lint-modules`.

    python -m tests.lint.debian [VMLINUX]

Without VMLINUX only the rules that need none are asked. The environment's KDIR names the headers of
another kernel. Exit status 1 where a bad module is not found or a good one is accused.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from klprove.image.dwarf import DebugSections, Inlines
from klprove.lab import headers_tree
from klprove.lint import Case, Kernel, lint, read_livepatch
from klprove.scan import Map, scan
from klprove.scan.inlining import inlines
from tests.lint.building import MODULES, Twin, twins

FOLDER = Path("build/lint-modules")
NEEDS_NO_KERNEL = {"H04", "H06", "H07", "H13", "H14", "H19", "H30"}
ELSEWHERE = {"h04_old_bad"}
"""What only the old functions show."""


def headers() -> Path | None:
    """Those that KDIR names, else the newest that are installed."""
    if named := os.environ.get("KDIR"):
        return Path(named)
    found = sorted(Path("/lib/modules").glob("*/build/Makefile"), key=os.path.getmtime)
    return found[-1].parent if found else None


def build(kernel: Path) -> None:
    """All modules; one that does not build ends it."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(MODULES, FOLDER)
    objects = "".join(f"obj-m += {each.name}.o\n" for each in twins())
    (FOLDER / "Makefile").write_text(objects)
    # A key of a module that is not here is what one of them is about.
    command = [
        "make",
        "-s",
        *headers_tree(kernel),
        f"M={FOLDER.resolve()}",
        "KBUILD_MODPOST_WARN=1",
    ]
    if not shutil.which("pahole"):
        command.append("CONFIG_DEBUG_INFO_BTF_MODULES=")  # headers with a vmlinux ask for it
    made = subprocess.run([*command, "modules"], stderr=subprocess.PIPE, text=True)
    if made.returncode:
        sys.exit(f"the modules do not build against {kernel}:\n{made.stderr}")


def wrong(
    twin: Twin,
    kernel: Kernel | None,
    contexts: Map | None,
    inlined: Inlines | str,
    debug: DebugSections | None,
) -> Iterator[str]:
    """What is not as the first line of the module says."""
    patch = read_livepatch(str(FOLDER / f"{twin.name}.ko"))
    after = tuple(read_livepatch(str(FOLDER / f"{each}.ko")) for each in twin.after)
    found = lint(Case(patch, kernel, after, contexts, inlines=inlined, debug=debug)).findings
    accused = {
        (each.rule, each.severity) for each in found if each.severity in ("error", "warning")
    }
    known = NEEDS_NO_KERNEL if kernel is None and twin.name not in ELSEWHERE else set()
    told = twin.on(kernel.release if kernel else "")
    expected = {each for each in told.items() if kernel or (each[0] in known)}
    yield from (f"{rule} {severity} is not found" for rule, severity in expected - accused)
    yield from (f"{rule} {severity} is not meant" for rule, severity in accused - expected)


def main(arguments: list[str]) -> int:
    """Build and judge; the exit status."""
    source = headers()
    if source is None:
        print("skipped: no kernel headers here (apt-get install linux-headers-amd64)")
        return 0
    build(source)
    kernel = Kernel(arguments[0]) if arguments else None
    contexts = scan(arguments[0]) if arguments else None
    inlined = inlines(arguments[0]) if arguments else "no vmlinux"
    debug = DebugSections(kernel.image) if kernel else None
    bad = 0
    for twin in twins():
        told = list(wrong(twin, kernel, contexts, inlined, debug))
        bad += bool(told)
        expected = ", ".join(twin.on(kernel.release if kernel else "")) or "clean"
        print(f"{twin.name:<20} {expected:<12} {'; '.join(told) or 'as expected'}")
    against = " ".join(arguments) or "no vmlinux"
    print(f"{len(twins())} modules, {bad} not as expected; {source}, {against}")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
