"""What a lab needs beside the kernels of tests.scan.kernels: `python -m tests.lab.debian`.

The headers of each vmlinux that is there are unpacked beside it, not installed: that would upgrade
other packages, and pull an image in.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.scan.kernels import HOME, PACKAGES, fetch

PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "gcc": "gcc",
    "gcc-12": "gcc-12",  # what Debian 12 builds its kernels with, and their headers ask for
    "make": "make",
    "strip": "binutils",
}
"""What is run, and the package that has it."""
LIBRARIES = {"/usr/include/stdio.h": "libc6-dev"}


def lacking() -> list[str]:
    """Packages that are not installed."""
    absent = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    return absent + [each for path, each in LIBRARIES.items() if not Path(path).exists()]


def images(series: str) -> list[Path]:
    """The vmlinux files of a series that were fetched."""
    return sorted(HOME.glob(f"vmlinux-{series}.[0-9]*"))


def release(image: Path) -> str:
    """`6.1.0-56-amd64` of its file's name."""
    return image.name.partition("-")[2]


def headers(image: Path) -> Path:
    """Where the headers of that image are, or would be."""
    return HOME / f"headers-{release(image)}" / "usr" / "src" / f"linux-headers-{release(image)}"


def fetch_headers(image: Path) -> None:
    """Download its headers (17 MB), with what of them is common and kbuild, and unpack them."""
    first = f"linux-headers-{release(image)}"
    packages = [first, *_parts(first)]
    with tempfile.TemporaryDirectory(dir=HOME) as folder:
        subprocess.run(["apt-get", "download", "-q", *packages], cwd=folder, check=True)
        for archive in Path(folder).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", archive, Path(folder) / "tree"], check=True)
        (Path(folder) / "tree").rename(HOME / f"headers-{release(image)}")


def _parts(package: str) -> Iterator[str]:
    said = subprocess.run(
        ["apt-cache", "depends", package], capture_output=True, text=True, check=False
    ).stdout
    for name in re.findall(r"Depends: (\S+)", said):
        if name.startswith(("linux-headers-", "linux-kbuild-")):
            yield name


def main(series: list[str]) -> int:
    """Fetch what is missing of each of `series`; 1 where something cannot be had."""
    absent = lacking()
    if (
        absent
        and subprocess.run(["apt-get", "install", "-y", "-q", *absent], check=False).returncode
    ):
        print(f"kernel-lab: as root: apt-get install {' '.join(absent)}", file=sys.stderr)
        return 1
    for each in series:
        try:
            if not images(each):
                fetch(each)
            image = images(each)[-1]
            if not headers(image).exists():
                fetch_headers(image)
        except (subprocess.CalledProcessError, OSError, StopIteration) as error:
            print(f"kernel-lab: {each} cannot be had: {error}", file=sys.stderr)
            print(f"  = where the archive has a newer one: rm {HOME}/*-{each}.*", file=sys.stderr)
            return 1
        print(f"kernel-lab: {image} with {headers(image)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(PACKAGES)))
