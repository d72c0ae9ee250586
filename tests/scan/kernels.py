"""Debian's kernels for the tests, and how they are fetched: `python -m tests.scan.kernels`.

Only vmlinux is kept of a debug package, in `build/kernels`; KLPROVE_KERNELS names another folder.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(os.environ.get("KLPROVE_KERNELS") or Path(__file__).parents[2] / "build" / "kernels")
PACKAGES = {"6.1": "linux-image-amd64-dbg", "6.12": "linux-image-6.12-amd64-dbg"}
"""Meta-packages: a single version vanishes from the archive when the next one comes."""


def kernel(series: str) -> Path:
    """The vmlinux of a series; skips the test where it was not fetched."""
    found = sorted(HOME.glob(f"vmlinux-{series}.[0-9]*"))
    if not found:
        pytest.skip(f"no vmlinux of {series} in {HOME} (make kernels)")
    return found[-1]


def fetch(series: str) -> None:
    """Download a kernel's debug package (1 GB) and keep its vmlinux (0.6 GB)."""
    said = subprocess.run(
        ["apt-cache", "depends", PACKAGES[series]], capture_output=True, text=True, check=True
    ).stdout
    package = re.search(r"Depends: (\S+)", said)
    assert package, f"{PACKAGES[series]} is not known here: apt-get update"
    HOME.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", package[1]], cwd=HOME, check=True)
    archive = next(HOME.glob(f"{package[1]}_*.deb"))
    try:
        # tar ends at the first match, long before the end of the archive: dpkg-deb then complains.
        unpack = (
            f"dpkg-deb --fsys-tarfile {archive.name} 2>/dev/null | tar -x --occurrence=1 "
            "--wildcards './usr/lib/debug/boot/vmlinux-*' --transform 's,.*/,,'"
        )
        subprocess.run(["sh", "-c", unpack], cwd=HOME, check=True)
    finally:
        archive.unlink()


if __name__ == "__main__":
    for each in sys.argv[1:] or PACKAGES:
        if not list(HOME.glob(f"vmlinux-{each}.[0-9]*")):
            fetch(each)
    print(*sorted(HOME.glob("vmlinux-*")), sep="\n")
