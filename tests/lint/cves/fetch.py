"""What Debian ships of the two kernels, unpacked: the target's headers, vmlinux and source, and the
source with the fixes. In `build/cves`; KLPROVE_CVES names another folder."""

import os
import subprocess
from pathlib import Path

HOME = Path(os.environ.get("KLPROVE_CVES") or Path(__file__).parents[3] / "build" / "cves")
TARGET, ABI, FIXED = "6.1.170-3", "6.1.0-47-amd64", "6.1.176-1"
COMMON = f"{ABI.removesuffix('-amd64')}-common"
VMLINUX = HOME / f"vmlinux-{ABI}"
OBJECTS = HOME / "objects"
"""Modules that are patched, and what they need."""
_LEFT_OUT = ("drivers", "sound", "tools", "Documentation", "samples", "firmware", "scripts")
"""Parts of a source tree that no recipe takes anything from."""
_MODULES = ("fs/isofs/isofs.ko", "drivers/cdrom/cdrom.ko")


def tree(version: str) -> Path:
    """A source tree."""
    return HOME / f"source-{version}"


def headers() -> Path:
    """The folder that modules are built against."""
    return HOME / "headers" / "usr" / "src" / f"linux-headers-{ABI}"


def fetch() -> None:
    """Download and unpack what is not there (1.2 GB of packages, 1.5 GB kept)."""
    HOME.mkdir(parents=True, exist_ok=True)
    for version in (TARGET, FIXED):
        if not tree(version).exists():
            _source(version)
    if not headers().exists():
        for package in (f"linux-headers-{ABI}", f"linux-headers-{COMMON}", "linux-kbuild-6.1"):
            _unpack(package, HOME / "headers")
    _relocate()
    if not VMLINUX.exists():
        _unpack_one(f"linux-image-{ABI}-dbg", "./usr/lib/debug/boot/vmlinux-*", HOME)
    OBJECTS.mkdir(exist_ok=True)
    for path in _MODULES:
        if not (OBJECTS / path.rpartition("/")[2]).exists():
            _unpack_one(f"linux-image-{ABI}", f"*/kernel/{path}", OBJECTS)


def _download(package: str) -> Path:
    subprocess.run(["apt-get", "-q", "download", package], cwd=HOME, check=True)
    return next(HOME.glob(f"{package.partition('=')[0]}_*.deb"))


def _unpack(package: str, into: Path) -> None:
    archive = _download(package)
    subprocess.run(["dpkg-deb", "-x", archive, into], check=True)
    archive.unlink()


def _source(version: str) -> None:
    _unpack(f"linux-source-6.1={version}", HOME / "package")
    packed = HOME / "package" / "usr" / "src" / "linux-source-6.1.tar.xz"
    into = tree(version)
    into.mkdir()
    left_out = [f"--exclude=linux-source-6.1/{each}" for each in _LEFT_OUT]
    command = ["tar", "-xf", packed, "-C", into, "--strip-components=1", *left_out]
    subprocess.run(command, check=True)
    packed.unlink()


def _relocate() -> None:
    """The headers name themselves by where they are installed; here they are not."""
    common = headers().parent / f"linux-headers-{COMMON}"
    (headers() / "Makefile").write_text(f"include {common.resolve()}/Makefile\n")


def _unpack_one(package: str, pattern: str, into: Path) -> None:
    """The first file of a package whose name fits."""
    archive = _download(package)
    # tar ends at the first match, long before the end of the archive: dpkg-deb then complains.
    unpack = (
        f"dpkg-deb --fsys-tarfile {archive.resolve()} 2>/dev/null | tar -x --occurrence=1 "
        f"--wildcards '{pattern}' --transform 's,.*/,,'"
    )
    subprocess.run(["sh", "-c", unpack], cwd=into, check=True)
    archive.unlink()
