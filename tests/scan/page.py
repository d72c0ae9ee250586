"""docs/rcu-off-6.1.md: `python -m tests.scan.page VMLINUX...` prints it, the lists as they come."""

import sys

from klprove.report.scan import paths
from klprove.scan import scan
from klprove.scan.answers import LIKELY, RCU_OFF

HEAD = """# Which patchable functions are entered while RCU is not watching

Made by `make rcu-off`: what `klprove scan VMLINUX --rcu-off --paths` prints for Debian's kernels. A
function below can be livepatched, and certainly or likely runs in the idle window; the path says on
which evidence ([scan.md](scan.md): grades, what is not seen). A line is a function and how it
is reached.
"""


def main(images: list[str]) -> None:
    """The page on standard output."""
    print(HEAD)
    for each in images:
        found = scan(each)
        print(f"## {found.release}\n")
        print(f"```\n{paths(found, RCU_OFF, LIKELY, False)}\n```\n")


if __name__ == "__main__":
    main(sys.argv[1:])
