"""What drgn needs in a guest: `python -m tests.watch.debian`.

QEMU asks the kernel where its memory is described, through a driver that is a module of Debian's
kernels: qemu_fw_cfg. It is kept beside each vmlinux that is there.
"""

import subprocess
import tempfile
from pathlib import Path

from tests.scan.kernels import HOME

_DRIVER = "kernel/drivers/firmware/qemu_fw_cfg.ko"


def driver(image: Path) -> Path:
    """Where the driver for the vmlinux `image` is, or would be."""
    return image.with_name(image.name.replace("vmlinux", "qemu_fw_cfg") + ".ko")


def fetch(image: Path) -> None:
    """Download the package of the kernel (up to 110 MB) and keep the driver."""
    release = image.name.partition("-")[2]
    with tempfile.TemporaryDirectory(dir=HOME) as folder:
        package = f"linux-image-{release}"
        subprocess.run(["apt-get", "download", "-q", package], cwd=folder, check=True)
        archive = next(Path(folder).glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", archive, Path(folder) / "tree"], check=True)
        found = next(Path(folder).glob(f"tree/**/{_DRIVER}*"))
        unpacked = found.read_bytes()
        if found.suffix == ".xz":
            import lzma

            unpacked = lzma.decompress(unpacked)
        driver(image).write_bytes(unpacked)


if __name__ == "__main__":
    for each in sorted(HOME.glob("vmlinux-*")):
        if not driver(each).exists():
            fetch(each)
        print(driver(each))
