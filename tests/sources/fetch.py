"""Takes real kernel source from Debian: `make kernel-source`, or `python -m tests.sources.fetch`.

The package linux-source-6.1 holds one large archive; the few files that the tests read are
unpacked from it into build/linux-source/, which git ignores. No kernel text is ever committed.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "linux-source-6.1"
WANTED = ("kernel/livepatch/patch.c", "kernel/livepatch/transition.c")
HERE = Path(__file__).resolve().parents[2] / "build" / "linux-source"


def missing_tools() -> Iterator[str]:
    """Debian's own tools that this needs and that are not installed."""
    return (tool for tool in ("apt-get", "dpkg-deb", "xz") if shutil.which(tool) is None)


def fetch() -> None:
    """Download the package and unpack WANTED. Raises subprocess.CalledProcessError or OSError."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["apt-get", "download", PACKAGE], cwd=folder, check=True)
        deb = next(Path(folder).glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", str(deb), folder], check=True)
        archive = next(Path(folder).glob("usr/src/*.tar.xz"))
        with tarfile.open(archive, "r|xz") as members:
            left = set(WANTED)
            for member in members:
                name = member.name.split("/", 1)[-1]
                text = members.extractfile(member) if name in left else None
                if text is not None:
                    (HERE / name).parent.mkdir(parents=True, exist_ok=True)
                    (HERE / name).write_bytes(text.read())
                    left.discard(name)
                    if not left:
                        return


def main() -> int:
    """Fetch, or say what is missing."""
    missing = list(missing_tools())
    if missing:
        print(f"kernel-source: skipped, not installed: {', '.join(missing)}")
        return 0
    try:
        fetch()
    except (subprocess.CalledProcessError, OSError, StopIteration) as error:
        print(f"kernel-source: {PACKAGE} cannot be had: {error}", file=sys.stderr)
        return 1
    print(f"kernel-source: {', '.join(WANTED)} of {PACKAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
