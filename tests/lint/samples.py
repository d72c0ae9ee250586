"""The kernel's own livepatches, samples and selftests, built and judged: `make lint-samples`.

    python -m tests.lint.samples SOURCE VMLINUX [HEADERS]

SOURCE is a kernel's source tree, VMLINUX and HEADERS (else the newest installed) are of the same
kernel. Nothing of it is kept here: samples.toml has what is expected of each. Exit status 1 where
something else comes out.
"""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from klprove.lab import headers_tree
from klprove.lint import Case, Kernel, find_objects, lint, read_livepatch, read_object
from klprove.scan import Map, scan
from klprove.source import BadInput
from tests.lint.debian import headers

FOLDER = Path("build/lint-samples")
PLACES = (
    "samples/livepatch",
    "lib/livepatch",  # up to v6.8
    "tools/testing/selftests/livepatch/test_modules",
)
Expected = Mapping[str, Any]


def build(source: Path, kernel: Path) -> list[str]:
    """All modules of SOURCE; their names. One that does not build ends it."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    names = []
    for each in (path for place in PLACES for path in sorted((source / place).glob("*.c"))):
        shutil.copy(each, FOLDER)
        names.append(each.stem)
    (FOLDER / "Makefile").write_text("".join(f"obj-m += {name}.o\n" for name in names))
    command = ["make", "-s", *headers_tree(kernel), f"M={FOLDER.resolve()}"]
    # Types of modules need pahole, and nobody asks for them here.
    subprocess.run([*command, "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"], check=True)
    return names


def accused(name: str, after: str, kernel: Kernel, contexts: Map) -> set[str]:
    """`RULE severity` of every error and warning about a module."""
    patch = read_livepatch(str(FOLDER / f"{name}.ko"))
    older = (read_livepatch(str(FOLDER / f"{after}.ko")),) if after else ()
    files, _ = find_objects([str(FOLDER)], [each.name for each in patch.plan.objects])
    objects = {each: read_object(path) for each, path in files.items()}
    found = lint(Case(patch, kernel, older, contexts, objects)).findings
    return {f"{e.rule} {e.severity}" for e in found if e.severity in ("error", "warning")}


def wrong(expected: Expected, kernel: Kernel, contexts: Map) -> Iterator[str]:
    """What is not as samples.toml says."""
    try:
        told = accused(expected["name"], expected.get("after", ""), kernel, contexts)
    except BadInput as error:
        if "not a livepatch" not in expected:
            yield str(error)
        return
    if "not a livepatch" in expected:
        yield "is taken for a livepatch"
    wanted = set(expected.get("accused", ()))
    yield from (f"{each} is not found" for each in sorted(wanted - told))
    yield from (f"{each} is not meant" for each in sorted(told - wanted))


def main(arguments: list[str]) -> int:
    """Build and judge; the exit status."""
    if len(arguments) not in (2, 3):
        print("usage: make lint-samples SOURCE=linux-source VMLINUX=file [KDIR=headers]")
        return 2
    source, vmlinux = Path(arguments[0]), arguments[1]
    kdir = Path(arguments[2]) if len(arguments) > 2 else headers()
    if kdir is None:
        print("skipped: no kernel headers here (apt-get install linux-headers-amd64)")
        return 0
    names = set(build(source, kdir))
    cases = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())["module"]
    kernel, contexts = Kernel(vmlinux), scan(vmlinux)
    bad = 0
    for expected in cases:
        if expected["name"] not in names:
            continue
        told = list(wrong(expected, kernel, contexts))
        bad += bool(told)
        title = expected["name"] + (f" after {expected['after']}" if "after" in expected else "")
        answer = ", ".join(expected.get("accused", ())) or "nothing"
        answer = "no livepatch" if "not a livepatch" in expected else answer
        print(f"{title:<48} {answer:<14} {'; '.join(told) or 'as expected'}")
    new = sorted(names - {each["name"] for each in cases})
    for name in new:
        print(f"{name:<48} not in samples.toml")
    print(f"{len(names)} modules of {source}, {kernel.release}: {bad + len(new)} not as expected")
    return bool(bad or new)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
