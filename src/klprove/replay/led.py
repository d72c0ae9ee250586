# SPDX-License-Identifier: GPL-2.0-or-later
"""A lab machine whose CPUs can be stopped, stepped and disturbed."""

import socket
import tempfile
from dataclasses import replace
from pathlib import Path

from klprove.lab.gdb import Gdb
from klprove.lab.lost import Lost
from klprove.lab.machine import Machine, Ran, Setup

_MACHINE_CHECK = "mce 0 9 0xbd000000000000c0 0x5 0x1000 0x8c"
"""CPU, bank, status (valid, uncorrected, enabled, MISCV, ADDRV, signalled; code: scrubbing), global
status (RIPV, MCIP), address, misc."""


class Led(Machine):
    """A Machine with QEMU's gdb stub; the guest runs until `stop` is called."""

    def __init__(self, setup: Setup, log: Path | None = None) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="klprove-")
        self._stub = Path(self._place.name) / "gdb"
        self._owed = 0
        """Answers of the guest's shell that nobody has read: one for each disturbance."""
        self._gdb: Gdb | None = None
        arguments = [*setup.arguments, "-gdb", f"unix:{self._stub},server=on,wait=off"]
        super().__init__(replace(setup, arguments=arguments), log)

    @property
    def gdb(self) -> Gdb:
        """The stub; the first use stops the guest."""
        if self._gdb is None:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self._stub))
            except OSError as error:
                connection.close()
                raise Lost(f"QEMU's gdb stub is not there: {error.strerror}") from None
            self._gdb = Gdb(connection)
        return self._gdb

    def prompt(self) -> None:
        """Have its serial line raise an interrupt for every byte, at once."""
        self.run("echo 1 > /sys/class/tty/ttyS1/rx_trig_bytes")

    def insert(self, name: str, arguments: str) -> dict[str, int]:
        """Insert the module `name`; where its sections are. ValueError, with what was said, where
        the kernel does not take it."""
        ran = self.run(f"insmod /{name}.ko {arguments}", 120)
        if ran.status:
            raise ValueError(ran.output.decode(errors="replace").strip()[:200])
        return self.sections(name)

    def sections(self, name: str) -> dict[str, int]:
        """Where the sections of the module `name` are."""
        home = f"/sys/module/{name}/sections"
        listed = self.run(f"cd {home} && for s in .* *; do [ -f $s ] && echo $s $(cat $s); done")
        rows = (line.partition(" ") for line in listed.output.decode().splitlines())
        return {section: int(at, 16) for section, _, at in rows}

    def ask(self, command: str) -> None:
        """Begin a command whose answer nobody waits for."""
        self._shell.sendall(command.encode() + b"\n")
        self._owed += 1

    def disturb(self) -> None:
        """Make an interrupt of the serial line pending: an empty command for the guest's shell."""
        self.ask("")

    def check(self) -> None:
        """Send the first CPU a machine check that the kernel logs and survives: memory that a
        scrubber found bad, no action required (Intel SDM, volume 3, 15.9.3.1)."""
        self.qmp.ask("human-monitor-command", **{"command-line": _MACHINE_CHECK})

    def settle(self, seconds: float = 60) -> Ran | None:
        """Read the answers that are owed, the guest running; the last of them."""
        last = None
        while self._owed:
            last = self._answer(seconds)
            self._owed -= 1
        return last

    def run(self, command: str, seconds: float = 60) -> Ran:
        """As Machine's; the guest must be running."""
        self.settle(seconds)
        return super().run(command, seconds)

    def __exit__(self, *raised: object) -> None:
        """End the guest. A loss that the stub tells of is told with the console's last lines."""
        error = raised[1]
        text = self._told(error) if isinstance(error, Lost) and "\n" not in str(error) else ""
        self.close()
        if text:
            raise Lost(text) from None

    def close(self) -> None:
        """As Machine's."""
        super().close()
        self._place.cleanup()
