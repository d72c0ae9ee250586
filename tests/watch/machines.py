"""Made-up machines: files of /proc and /sys as a dictionary, and what may not be read of them."""

import io
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from klprove.watch import Answer, Look, Tree, judge

UPTIME = 1000.0
PLAIN = {
    "/sys/kernel/notes": "",
    "/sys/kernel/livepatch": None,
    "/proc/modules": "e1000 100 0 - Live 0x0\n",
    "/proc/uptime": f"{UPTIME} 1.0\n",
    "/proc/stat": "cpu 1\nbtime 1700000000\n",
    "/proc/sys/kernel/osrelease": "6.1.0-made\n",
    "/proc/sys/kernel/ftrace_enabled": "1\n",
    "/proc/sys/kernel/tainted": "45056\n",
    "/sys/kernel/tracing/enabled_functions": "",
    "/sys/kernel/debug/kprobes/list": "",
    "/dmesg": "",
}
OURS = "klp_ftrace_handler+0x0/0x110"


@dataclass
class Machine:
    """A tree (`klprove.watch.Tree`) in memory. None as a text: an empty folder."""

    files: dict[str, str | None] = field(default_factory=lambda: dict(PLAIN))
    denied: Callable[[str], bool] = lambda path: False
    reading: Callable[["Machine", str], None] = lambda machine, path: None
    """Called before each read: what changes meanwhile."""
    name: str = "made up"
    live: bool = False

    def text(self, path: str) -> str:
        """As `Tree` has it."""
        self.reading(self, path)
        if self.denied(path):
            raise PermissionError(13, "Permission denied", path)
        text = self.files.get(path)
        if text is None:
            raise FileNotFoundError(2, "No such file or directory", path)
        return text

    def names(self, path: str) -> list[str]:
        """As `Tree` has it."""
        self.reading(self, path)
        if self.denied(path):
            raise PermissionError(13, "Permission denied", path)
        start = path.rstrip("/") + "/"
        found = {
            each[len(start) :].partition("/")[0]
            for each in self.files
            if each[: len(start)] == start
        }
        if not found and path not in self.files:
            raise FileNotFoundError(2, "No such file or directory", path)
        return sorted(found)

    def add(self, path: str, text: str) -> "Machine":
        """More of a file."""
        self.files[path] = (self.files.get(path) or "") + text
        return self

    def patch(
        self,
        name: str = "fix",
        functions: Mapping[str, str] | None = None,
        enabled: int = 1,
        transition: int = 0,
        patched: int = 1,
        hooked: bool = True,
        **more: int,
    ) -> "Machine":
        """Load a livepatch; `functions`: object by function. Later ones are newer."""
        home = f"/sys/kernel/livepatch/{name}"
        self.files[f"{home}/force"] = ""
        for key, flag in {"enabled": enabled, "transition": transition, **more}.items():
            self.files[f"{home}/{key}"] = f"{flag}\n"
        for function, owner in (functions or {"vfs_read": "vmlinux"}).items():
            self.files[f"{home}/{owner}/patched"] = f"{patched}\n"
            self.files[f"{home}/{owner}/{function},1"] = None
            if hooked:
                self.hook(function, "" if owner == "vmlinux" else owner)
        self.module(name, "(OEK)", 1)
        return self

    def module(self, name: str, taint: str = "", references: int = 0) -> "Machine":
        """Load a module: the newest is the first line."""
        line = f"{name} 16384 {references} - Live 0x0 {taint}".rstrip() + "\n"
        self.files["/proc/modules"] = line + (self.files["/proc/modules"] or "")
        return self

    def hook(
        self, name: str, module: str = "", users: int = 1, flags: str = "  I  ", to: str = OURS
    ) -> "Machine":
        """A line of enabled_functions; only a single user is named."""
        owner = f" [{module}]" if module else ""
        tramp = (
            f"\ttramp: 0xffffffffc0210000 ({to}) ->{to}"
            if users == 1
            else "->ftrace_ops_list_func+0x0/0x1"
        )
        path = "/sys/kernel/tracing/enabled_functions"
        lines = (self.files[path] or "").splitlines(keepends=True)
        lines = [each for each in lines if not each.startswith(f"{name}{owner} ")]
        self.files[path] = "".join(lines) + f"{name}{owner} ({users}) {flags}{tramp}\n"
        return self

    def thread(
        self,
        tid: int,
        patch_state: int,
        stack: str = "",
        *,
        comm: str = "worker",
        state: str = "S",
        kernel: bool = False,
        pid: int | None = None,
        wchan: str = "0",
        started: float = 10.0,
    ) -> "Machine":
        """A thread; `stack`: its frames, innermost first, `symbol` or `symbol@module`."""
        home = f"/proc/{pid or tid}/task/{tid}"
        self.files[f"{home}/patch_state"] = f"{patch_state}\n"
        flags = 0x200040 if kernel else 0x400000
        rest = " ".join(["0"] * 12)
        self.files[f"{home}/stat"] = (
            f"{tid} ({comm}) {state} 2 0 0 0 -1 {flags} {rest} {int(started * 100)} 0\n"
        )
        self.files[f"{home}/wchan"] = wchan
        self.files[f"{home}/stack"] = "".join(map(_frame, stack.split()))
        return self

    def log(self, seconds: float, text: str) -> "Machine":
        """A line of the kernel's log."""
        return self.add("/dmesg", f"[{seconds:12.6f}] livepatch: {text}\n")

    def moving(
        self, name: str = "fix", since: float = 10.0, to: str = "patching", **more: int
    ) -> "Machine":
        """A livepatch whose transition was started `since` seconds ago."""
        self.patch(name, enabled=int(to == "patching"), transition=1, **more)
        return self.log(UPTIME - since, f"'{name}': starting {to} transition")

    def look(self) -> Answer:
        """What a look at it says."""
        return answer(self)

    def archive(self, path: Path) -> str:
        """The machine as a tar archive, for the command line."""
        with tarfile.open(path, "w") as archive:
            for name, text in sorted(self.files.items()):
                entry = tarfile.TarInfo(name.lstrip("/"))
                if text is None:
                    entry.type = tarfile.DIRTYPE
                    archive.addfile(entry)
                elif not self.denied(name):
                    data = text.encode(errors="surrogateescape")
                    entry.size = len(data)
                    archive.addfile(entry, io.BytesIO(data))
        return str(path)


def _frame(word: str) -> str:
    symbol, _, module = word.partition("@")
    return f"[<0>] {symbol}+0x10/0x40{f' [{module}]' if module else ''}\n"


def answer(tree: Tree) -> Answer:
    """What a look at `tree` says."""
    return judge(Look(tree)())


def kinds(found: Answer) -> set[str]:
    """The kinds of its findings."""
    return {each.kind for each in found.findings}
