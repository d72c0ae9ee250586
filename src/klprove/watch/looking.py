# SPDX-License-Identifier: GPL-2.0-or-later
"""One look at a machine through its files: /sys/kernel/livepatch, /proc, tracefs, the log.

Only files are opened, and only for reading.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from klprove.watch.calls import calls
from klprove.watch.log import lines, read_kmsg
from klprove.watch.numbers import real, whole
from klprove.watch.state import Hook, LogLine, Module, Patch, Probe, Snapshot
from klprove.watch.sysfs import build_id, modules, patches, supported, value
from klprove.watch.threads import Walker
from klprove.watch.tracing import hooks, probes
from klprove.watch.trees import Tree

_TRIES = 4
"""How often a list of patches that changes while it is read is read again."""
_TRACING = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
_PROBES = "/sys/kernel/debug/kprobes/list"
_KMSG = "/dev/kmsg"


class Look:
    """Looks at `tree`, again and again. `kmsg` gives the log of this machine."""

    def __init__(
        self, tree: Tree, walker: Walker | None = None, kmsg: Callable[[], str] = read_kmsg
    ) -> None:
        self.tree = tree
        self._walker = walker or Walker(tree)
        self._kmsg = kmsg

    def __call__(self) -> Snapshot:
        """What is there now. Raises OSError where /sys itself cannot be read."""
        if not supported(self.tree):
            return self._machine(Snapshot(self.tree.name, False), ())
        for attempt in range(_TRIES):
            loaded, blind = self._modules()
            before = self._patches(loaded)
            found = self._threads(Snapshot(self.tree.name, True, before or (), loaded), blind)
            after = self._patches(self._modules()[0])
            if before is not None and before == after:
                break
            found = replace(found, changed=attempt + 1 == _TRIES)
        return self._machine(found, blind)

    def _modules(self) -> tuple[dict[str, Module] | None, list[str]]:
        try:
            return modules(self.tree), []
        except OSError as error:
            return None, [f"/proc/modules: {error.strerror}: which modules are there"]

    def _patches(self, loaded: dict[str, Module] | None) -> tuple[Patch, ...] | None:
        """None where one of them went while it was read."""
        try:
            return patches(self.tree, loaded)
        except FileNotFoundError:
            return None
        except OSError as error:  # a file that is removed under an open reader says ENODEV
            if isinstance(error, PermissionError):
                raise
            return None

    def _threads(self, found: Snapshot, blind: list[str]) -> Snapshot:
        moving = found.moving
        if moving is None or moving.enabled is None:
            return found
        pending, walk = self._walker.look(int(moving.enabled), self._uptime())
        if walk.denied:
            blind.append(
                f"patch_state of {walk.denied} threads: not permitted; who has not switched"
            )
        if walk.outside:
            blind.append(
                "/proc: not that of the whole machine (a container, or hidepid); further threads"
            )
        if self._walker.unreadable:
            why = self._walker.unreadable
            blind.append(f"/proc/PID/stack: {why}; which function a thread is in")
        return replace(found, pending=pending, walk=walk)

    def _machine(self, found: Snapshot, blind: Collection[str]) -> Snapshot:
        said = list(blind)
        names = {each.name for patch in found.patches for each in patch.functions}
        taint = value(self.tree, "/proc/sys/kernel/tainted")
        ftrace = value(self.tree, "/proc/sys/kernel/ftrace_enabled")
        return replace(
            found,
            hooks=self._hooks(names, said) if names else (),
            probes=self._probes(names, said) if names else (),
            calls=self._calls(names) if names else {},
            log=self._log(said),
            ftrace=ftrace == "1" if ftrace in ("0", "1") else None,
            taint=whole(taint),
            release=value(self.tree, "/proc/sys/kernel/osrelease"),
            build_id=build_id(value(self.tree, "/sys/kernel/notes", raw=True)),
            uptime=self._uptime(),
            booted=self._booted(),
            blind=tuple(said),
        )

    def _hooks(self, names: Collection[str], blind: list[str]) -> tuple[Hook, ...] | None:
        why = ""
        for home in _TRACING:
            try:
                return hooks(self.tree.text(f"{home}/enabled_functions"), names)
            except OSError as error:
                why = why or f"{home}/enabled_functions: {error.strerror}"
        blind.append(f"{why}; whether patched functions are entered, and who else is called")
        return None

    def _calls(self, names: Collection[str]) -> Mapping[str, int]:
        for home in _TRACING:
            found = calls(self.tree, home, names)
            if found:
                return found
        return {}

    def _probes(self, names: Collection[str], blind: list[str]) -> tuple[Probe, ...] | None:
        try:
            return probes(self.tree.text(_PROBES), names)
        except OSError as error:
            blind.append(f"{_PROBES}: {error.strerror}; which kprobes are on patched functions")
            return None

    def _log(self, blind: list[str]) -> tuple[LogLine, ...] | None:
        path = _KMSG if self.tree.live else "/dmesg"
        try:
            return lines(self._kmsg() if self.tree.live else self.tree.text(path))
        except OSError as error:
            blind.append(f"{path}: {error.strerror}; since when, and whether it was forced")
            return None

    def _uptime(self) -> float | None:
        return real(value(self.tree, "/proc/uptime"))

    def _booted(self) -> float | None:
        for line in value(self.tree, "/proc/stat").splitlines():
            if line.startswith("btime "):
                return real(line[6:])
        return None
