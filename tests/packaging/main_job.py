"""What somebody who has installed klprove does first; every way to install it has to survive it."""

import shutil
import sys
import tempfile
from pathlib import Path

from tests.packaging.building import HANDLER, MODEL, run


def try_out(command: Path, folder: Path) -> list[str]:
    """Do it with the installed `command` in an empty `folder`, far from any source tree.

    The first lines of what was said, for a table. Raises AssertionError with what was wrong.
    """
    shutil.copy(HANDLER, folder / "mine.c")
    (folder / "model.c").write_text(MODEL)
    said = []
    for status, arguments, first in (
        (0, ["--version"], "klprove "),
        (0, ["check", "mine.c", "--kernel", "v6.18", "--patch", "vfs_read"], "klprove: HOLDS"),
        (1, ["check", "model.c"], "klprove: VIOLATION assert"),
        (0, ["explain", "unwatched-silent"], ""),
        (0, ["kernels", "list"], "v4.12rc"),
        (0, ["examples", "examples"], "klprove: "),
        (0, ["check", "examples/corpus/x86-nmi-cr2/fixed.c"], "klprove: HOLDS"),
    ):
        done = run(command, *arguments, cwd=folder)
        shown = f"klprove {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.returncode == status, shown
        assert done.stdout.startswith(first) and not done.stderr, shown
        said.append(done.stdout.partition("\n")[0])
    return said


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="klprove-main-job-") as name:
        print("; ".join(try_out(Path(sys.argv[1]), Path(name))[:3]))
