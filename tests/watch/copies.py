"""Real machines, as `klprove watch --collector` copied them: `python -m tests.watch.copies TAR...`.

Debian's kernels under QEMU with livepatches of ours. 6.1: before, while and after a transition
stalls (kswapd is patched); `ended`: it ended between the first file and the last; `asleep`: a task
sleeps in the patched function; `stopped`: it is stopped there, and the kernel has signalled once;
`tracer`: the function tracer is at the entry. 6.12: `kprobe` is there. The log is cut down to what
is about livepatching.
"""

import json
import sys
import tarfile
from pathlib import Path

from tests.watch.machines import Machine

HOME = Path(__file__).parent / "guests"


def guest(name: str) -> Machine:
    """One of the copies."""
    return Machine(json.loads((HOME / f"{name}.json").read_text()))


def _taken(path: Path) -> dict[str, str | None]:
    files: dict[str, str | None] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            name = "/" + member.name.removeprefix("./").rstrip("/")
            file = archive.extractfile(member) if member.isreg() else None
            if file is not None:
                files[name] = _less(name, file.read().decode(errors="surrogateescape"))
            elif member.isdir() and name.startswith("/sys/kernel/livepatch"):
                files[name] = None
    return files


def _less(name: str, text: str) -> str:
    word = {"/dmesg": "livepatch: ", "/proc/stat": "btime"}.get(name)
    if word is None:
        return text
    return "".join(each for each in text.splitlines(keepends=True) if word in each)


if __name__ == "__main__":
    for each in map(Path, sys.argv[1:]):
        made = json.dumps(_taken(each), indent=0, sort_keys=True)
        (HOME / f"{each.stem}.json").write_text(made + "\n")
