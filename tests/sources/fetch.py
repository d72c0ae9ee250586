"""Takes real kernel source from Debian: `make kernel-source`, or `python -m tests.sources.fetch`.

The package linux-source-6.1 holds one large archive; the few files that the tests read are
unpacked from it into build/linux-source/, which git ignores and `klprove lift` takes for a tree.
No kernel text is ever committed.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "linux-source-6.1"
WANTED = (
    "Makefile",
    "arch/x86/include/asm/debugreg.h",
    "arch/x86/include/uapi/asm/debugreg.h",
    "arch/x86/kernel/irq.c",
    "arch/x86/kernel/nmi.c",
    "arch/x86/kernel/process.c",
    "include/linux/context_tracking.h",
    "include/linux/context_tracking_state.h",
    "include/linux/hardirq.h",
    "include/linux/list.h",
    "include/linux/livepatch.h",
    "include/linux/lockdep.h",
    "include/linux/preempt.h",
    "include/linux/rculist.h",
    "include/linux/trace_recursion.h",
    "kernel/context_tracking.c",
    "kernel/entry/Makefile",
    "kernel/entry/common.c",
    "kernel/livepatch/Makefile",
    "kernel/livepatch/core.c",
    "kernel/livepatch/patch.c",
    "kernel/livepatch/transition.c",
    "kernel/rcu/Makefile",
    "kernel/rcu/tree.c",
    "kernel/rcu/tree_plugin.h",
    "kernel/sched/idle.c",
    "kernel/softirq.c",
    "kernel/trace/ftrace.c",
    "tools/testing/kunit/kunit_parser.py",
    "tools/testing/kunit/kunit_printer.py",
)
"""From the top of the tree."""
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
    print(f"kernel-source: {len(WANTED)} files of {PACKAGE} in {HERE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
