# SPDX-License-Identifier: GPL-2.0-or-later
"""What a look of `klprove watch` costs where there are many threads.

    python -m bench.watch [THREADS] [PROCESSES]

Makes a folder with the files of 100,000 threads in 2,000 processes, of which 300 have not switched,
and prints the CPU seconds (user and system) of a whole look, and of looks that are bounded as those
of the live view are. The files are ordinary ones; those of a real /proc take the kernel longer.
"""

import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from klprove.watch import Folder, Look, Snapshot, Walker

_FILES = {
    "sys/kernel/livepatch/fix/enabled": "1\n",
    "sys/kernel/livepatch/fix/transition": "1\n",
    "sys/kernel/livepatch/fix/vmlinux/patched": "1\n",
    "sys/kernel/livepatch/fix/vmlinux/vfs_read,1/.": "",
    "proc/modules": "fix 16384 1 - Live 0x0 (OEK)\n",
    "proc/uptime": "1000.0 1.0\n",
}
_STACK = "".join(f"[<0>] {each}+0x10/0x40\n" for each in ("pipe_read", "vfs_read", "do_syscall_64"))
_WAITING = 300


def made(home: Path, threads: int, processes: int) -> None:
    """A machine in the folder `home`."""
    for name, text in _FILES.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name != ".":
            path.write_text(text)
    each = threads // processes
    every = max(threads // _WAITING, 1)
    for tid in range(1000, 1000 + threads):
        pid = 1000 + (tid - 1000) // each * each
        task = home / "proc" / str(pid) / "task" / str(tid)
        task.mkdir(parents=True)
        waits = tid % every == 0
        (task / "patch_state").write_text(f"{int(not waits)}\n")
        if waits:
            rest = " ".join(["0"] * 12)
            (task / "stat").write_text(f"{tid} (a) S 1 0 0 0 -1 0 {rest} 100 0\n")
            (task / "stack").write_text(_STACK)
            (task / "wchan").write_text("pipe_read")


def spent(look: Callable[[], Snapshot]) -> tuple[float, Snapshot]:
    """CPU seconds of one look, and what it saw."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    found = look()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, found


def main() -> None:
    """Print a line a look."""
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else 2_000
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as home:
        made(Path(home), threads, processes)
        tree = Folder(home)
        tree.live = True  # as the files of this machine are read: nothing has to be looked for
        for name, most, looks in (("whole", threads, 1), ("bounded", 20_000, 6)):
            look = Look(tree, Walker(tree, most), kmsg=lambda: "")
            for number in range(1, looks + 1):
                seconds, found = spent(look)
                walk = found.walk
                assert walk is not None
                print(
                    f"{name:<8} {number}: {seconds:.2f} s CPU, {walk.seen:,} threads seen, about "
                    f"{walk.left:,} left out, {len(found.pending)} wait",
                    flush=True,
                )


if __name__ == "__main__":
    main()
