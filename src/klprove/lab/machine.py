# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel in a virtual machine: boot it, run commands in it, send it NMIs, end it."""

import contextlib
import gzip
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

from klprove.lab.initramfs import initramfs
from klprove.lab.lost import Lost
from klprove.lab.qmp import Qmp
from klprove.source import Unavailable

INIT = Path(__file__).parent / "guest" / "init"
PATIENCE = 5.0
"""Seconds that QEMU has to end by itself."""
_TAIL = 15
"""Lines of the console that a loss shows."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What is booted, and on what."""

    kernel: Path
    """A vmlinux with a PVH note, or a bzImage; nothing of it is moved (`nokaslr`)."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Put in the guest's root, by path without the leading slash."""
    initramfs: Path | None = None
    """One that was made already: `files` and the busybox of this machine are not used then."""
    cpus: int = 2
    memory: int = 512
    """MiB."""
    model: str = "max"
    """What `-cpu` gets: which idle routine a kernel takes depends on it."""
    options: Sequence[str] = ()
    """More of the kernel's command line."""
    arguments: Sequence[str] = ()
    """More of QEMU's."""
    boot: float = 180
    """Seconds until the guest has to answer."""


class Ran(NamedTuple):
    """What a command in the guest came to."""

    status: int
    output: bytes
    """Standard output and standard error, in one."""


class Machine:
    """A running guest; a context manager that ends it, whatever happens.

    Emulated (TCG), all CPUs in one thread: with a thread each, QEMU 7.2 sometimes runs code that
    the kernel has already rewritten. KVM is not used: that its device is there and opens does not
    mean that a stock kernel boots under it.

    Raises Unavailable where QEMU or busybox is missing, Lost where the guest dies or hangs.
    """

    def __init__(self, setup: Setup, log: Path | None = None) -> None:
        """Boot, and wait until the guest answers. `log`: where the kernel's console goes."""
        self._folder = tempfile.TemporaryDirectory(prefix="klprove-")
        self.setup, self.log = setup, log or Path(self._folder.name) / "console"
        self._process: subprocess.Popen[bytes] | None = None
        self._shell, shell = socket.socketpair()
        steering, control = socket.socketpair()
        try:
            with shell, control:
                self._start(shell.fileno(), control.fileno())
            self.qmp = Qmp(steering)
            self._answer(setup.boot)
        except Lost as lost:
            text = self._told(lost)
            self.close()
            raise Lost(text) from None
        except BaseException:
            self.close()
            raise

    def _start(self, shell: int, control: int) -> None:
        image = self.setup.initramfs or Path(self._folder.name) / "initramfs"
        if self.setup.initramfs is None:
            image.write_bytes(root(self.setup.files))
        self._process = subprocess.Popen(
            [*_leash(), *command(self.setup, image, self.log, shell, control)],
            pass_fds=(shell, control),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(Path(self._folder.name) / "qemu").open("wb"),
            start_new_session=True,  # Ctrl-C is ours to handle
        )

    @property
    def pid(self) -> int:
        """The process of QEMU; 0 where none was started."""
        return self._process.pid if self._process is not None else 0

    def run(self, command: str, seconds: float = 60) -> Ran:
        """Run a line of shell in the guest. Raises Lost where it does not end in time."""
        if "\n" in command:
            raise ValueError("a command is one line")
        try:
            self._shell.sendall(command.encode() + b"\n")
            return self._answer(seconds)
        except (Lost, OSError) as error:
            raise Lost(f"{self._told(error)}\n  = while it ran: {command[:200]}") from None

    def read(self, path: str, seconds: float = 60) -> bytes:
        """The content of a file in the guest; ValueError where it cannot be read."""
        ran = self.run(f"set -o pipefail; cat {path} | gzip -1", seconds)
        if ran.status:
            raise ValueError(f"{path} in the guest cannot be read")
        return gzip.decompress(ran.output)

    def nmi(self) -> None:
        """Send an NMI: to every CPU where the guest was booted with `apic_extnmi=all`, else to the
        first."""
        self.qmp.ask("inject-nmi")

    def console(self) -> str:
        """What the kernel has said so far."""
        with contextlib.suppress(OSError):
            return self.log.read_text(errors="replace")
        return ""

    def _answer(self, seconds: float) -> Ran:
        deadline = time.monotonic() + seconds
        head = b""
        while not head.endswith(b"\n"):
            head += self._bytes(1, deadline)
        try:
            status, size = map(int, head.split())
        except ValueError:
            raise Lost(f"the guest's shell answers {head[:80]!r}") from None
        return Ran(status, self._bytes(size, deadline))

    def _bytes(self, number: int, deadline: float) -> bytes:
        found = bytearray()
        while len(found) < number:
            self._shell.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                part = self._shell.recv(number - len(found))
            except TimeoutError:
                raise Lost("the guest does not answer in time") from None
            if not part:
                raise Lost("the machine ended")
            found += part
        return bytes(found)

    def _told(self, error: Exception) -> str:
        """The loss, with the last that QEMU and the kernel said."""
        said = Path(self._folder.name) / "qemu"
        qemu = said.read_text(errors="replace") if said.exists() else ""
        lines = [*qemu.splitlines(), *self.console().splitlines()][-_TAIL:]
        return "\n".join([str(error), *(f"  | {each}" for each in lines)])

    def close(self) -> None:
        """End the guest and its QEMU, by its own process id."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._shell.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def root(files: Mapping[str, bytes]) -> bytes:
    """An initramfs with a shell, and `files`. Raises Unavailable where there is no busybox."""
    busybox = Path(_program("busybox", "busybox-static")).read_bytes()
    return initramfs({"init": INIT.read_bytes(), "bin/busybox": busybox, **files})


def command(setup: Setup, image: Path, log: Path, shell: int, control: int) -> list[str]:
    """QEMU's command line. `shell` and `control` are sockets that it inherits."""
    options = [
        "console=ttyS0", "nokaslr", "apic_extnmi=all", "panic=-1", "oops=panic",
        "printk.devkmsg=off", "quiet", "rdinit=/init", *setup.options,
    ]  # fmt: skip
    return [
        _program("qemu-system-x86_64", "qemu-system-x86"),
        *("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
        *("-machine", "pc", "-accel", "tcg,thread=single", "-cpu", setup.model),
        *("-smp", str(setup.cpus), "-m", str(setup.memory)),
        *("-kernel", str(setup.kernel), "-initrd", str(image), "-append", " ".join(options)),
        *("-chardev", f"file,id=log,path={str(log).replace(',', ',,')}", "-serial", "chardev:log"),
        *("-chardev", f"socket,id=shell,fd={shell}", "-serial", "chardev:shell"),
        *("-chardev", f"socket,id=control,fd={control}", "-mon", "chardev=control,mode=control"),
        *setup.arguments,
    ]


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Unavailable(f"{name} is not installed (Debian: apt-get install {package})")
    return found


def _leash() -> list[str]:
    """What QEMU is started through, so that it ends with us where we are killed."""
    found = shutil.which("setpriv")
    return [found, "--pdeathsig", "KILL", "--"] if found else []
