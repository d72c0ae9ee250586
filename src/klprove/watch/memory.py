# SPDX-License-Identifier: GPL-2.0-or-later
"""One look at a kernel through its memory, with drgn: a guest that runs, or a dump.

Names of variables and structures are those of kernel/livepatch and include/linux/livepatch.h, v6.1
and v6.12; the debug information of the kernel says where their members are.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from klprove.source import BadInput, Diagnostic, Span, Unavailable
from klprove.watch.log import lines
from klprove.watch.state import (
    IDLE,
    VMLINUX,
    Frame,
    Function,
    LogLine,
    Module,
    Patch,
    PatchedObject,
    Snapshot,
    Thread,
    Walk,
)

_KTHREAD = 0x00200000
_K = 1 << 15
_TRIES = 4
"""A guest goes on while it is read: a list that changes under the reader is read again."""
_NAME = 128
"""Bytes of a name that are read at the most; memory may hold anything."""


@dataclass(frozen=True, slots=True)
class Code:
    """A replacement: its place, and the patch and function it belongs to."""

    start: int
    end: int
    patch: str
    function: str


class Memory:
    """Looks at a kernel whose memory drgn reads; vmlinux must have DWARF."""

    def __init__(self, vmlinux: str, qmp: str | None = None, core: str | None = None) -> None:
        """Open it. Raises Unavailable without drgn, BadInput for a file that cannot be used."""
        try:
            import drgn
        except ModuleNotFoundError:
            text = "--qmp and --core need the package drgn: pip install 'klprove[drgn]'"
            raise Unavailable(text) from None
        self.name = qmp or core or ""
        self._program: Any = drgn.Program()
        try:
            if qmp is not None:
                self._program.set_qemu_qmp(qmp)
            else:
                self._program.set_core_dump(core)
        except (OSError, ValueError, LookupError, drgn.FaultError) as error:
            hint = "QEMU needs a -qmp socket of its own, -device vmcoreinfo, and qemu_fw_cfg loaded"
            raise _refused(self.name, f"drgn cannot use it: {error}", hint if qmp else "") from None
        self._load(vmlinux)

    def _load(self, vmlinux: str) -> None:
        import logging

        import drgn

        logging.getLogger("drgn").setLevel(logging.CRITICAL)  # said here, in one form
        with suppress(drgn.MissingDebugInfoError):
            try:
                self._program.load_debug_info([vmlinux])
            except (OSError, ValueError, LookupError) as error:
                raise _refused(vmlinux, f"drgn cannot use it: {error}") from None
        try:
            self._program["init_task"]
        except (KeyError, LookupError):
            runs = self._build_id()
            text = f"no debug information of the kernel in {self.name}"
            raise _refused(vmlinux, text, f"its build-id is {runs}" if runs else "") from None

    def _build_id(self) -> str:
        with suppress(LookupError, ValueError):
            return (self._program.main_module().build_id or b"").hex()
        return ""

    def __call__(self) -> Snapshot:
        """What is there now. Raises BadInput where memory is not what it should be."""
        import drgn

        said = ""
        for _ in range(_TRIES):
            try:
                return self._look()
            except (drgn.FaultError, LookupError, ValueError, OSError) as error:
                said = str(error)
        text = f"its memory cannot be read, or is no kernel's: {said}"
        raise _refused(self.name, text)

    def _look(self) -> Snapshot:
        from drgn.helpers.linux import printk, timekeeping

        program = self._program
        release = program["UTS_RELEASE"].string_().decode(errors="replace")
        try:
            moving = program["klp_transition_patch"]
        except KeyError:
            return Snapshot(self.name, False, release=release, build_id=self._build_id())
        found = self._patches(moving.value_())
        patches = tuple(each for each, _ in found)
        code = [each for _, codes in found for each in codes]
        uptime = float(timekeeping.ktime_get_seconds(program))
        pending: list[Thread] = []
        walk = None
        if moving:
            target = program["klp_target_state"].value_()
            pending, seen = self._threads(target, code, uptime)
            walk = Walk(seen=seen)
        # printk's clock has its own name for what dmesg prints in front of a line.
        records = [
            LogLine(each.timestamp / 1e9, each.text.decode(errors="replace"))
            for each in printk.get_printk_records(program)
        ]
        from klprove.watch.memory_hooks import memory_hooks

        return Snapshot(
            self.name,
            True,
            patches,
            self._modules(),
            tuple(pending),
            walk,
            hooks=memory_hooks(program),
            log=lines("\n".join(f"[{each.seconds:.6f}] {each.text}" for each in records)),
            ftrace=bool(program["ftrace_enabled"].value_()),
            taint=int(program["tainted_mask"].value_()),
            release=release,
            build_id=self._build_id(),
            uptime=uptime,
            booted=float(timekeeping.ktime_get_real_seconds(program)) - uptime,
            idle_tasks=True,
            blind=("kprobes are not read from memory; which ones are on patched functions",),
        )

    def _patches(self, moving: int) -> list[tuple[Patch, list[Code]]]:
        from drgn.helpers.linux.list import list_for_each_entry

        listed = self._program["klp_patches"].address_of_()
        each_patch = list_for_each_entry("struct klp_patch", listed, "list")
        return [_patch(each, moving, place) for place, each in enumerate(each_patch)]

    def _modules(self) -> dict[str, Module]:
        from drgn.helpers.linux.module import for_each_module

        found = {}
        for each in for_each_module(self._program):
            name = _text(each.name)
            # The kernel counts one more than /proc/modules shows.
            references = max(each.refcnt.counter.value_() - 1, 0)
            found[name] = Module(name, references, bool(each.taints.value_() & _K))
        return found

    def _threads(self, target: int, code: list[Code], uptime: float) -> tuple[list[Thread], int]:
        from drgn.helpers.linux.cpumask import for_each_online_cpu
        from drgn.helpers.linux.pid import for_each_task
        from drgn.helpers.linux.sched import idle_task

        pending, seen = [], 0
        idle = (idle_task(self._program, cpu) for cpu in for_each_online_cpu(self._program))
        for tasks in (for_each_task(self._program), idle):
            for task in tasks:
                seen += 1
                if task.patch_state.value_() not in (target, IDLE):
                    pending.append(self._thread(task, code, uptime))
        return pending, seen

    def _thread(self, task: Any, code: list[Code], uptime: float) -> Thread:
        from drgn.helpers.linux.sched import task_state_to_char

        tid = task.pid.value_()
        started = task.start_time.value_() / 1e9
        return Thread(
            tid,
            task.tgid.value_(),
            _text(task.comm),
            bool(task.flags.value_() & _KTHREAD),
            task_state_to_char(task),
            task.patch_state.value_(),
            self._stack(task, code),
            age=max(uptime - started, 0.0),
        )

    def _stack(self, task: Any, code: list[Code]) -> tuple[Frame, ...] | None:
        """None for a task that runs: its stack changes while it is read."""
        try:
            trace = self._program.stack_trace(task)
        except (ValueError, LookupError, OSError):
            return None
        return tuple(self._frames(trace, code))

    def _frames(self, trace: Iterable[Any], code: list[Code]) -> Iterator[Frame]:
        from drgn.helpers.linux.module import address_to_module

        for each in trace:
            if each.is_inline:
                continue
            pc = each.pc
            ours = next((c for c in code if c.start <= pc < c.end), None)
            if ours is not None:
                yield Frame(ours.function, pc - ours.start, ours.end - ours.start, ours.patch)
                continue
            owner = address_to_module(self._program, pc)
            module = _text(owner.name) if owner else ""
            try:
                symbol = each.symbol()
            except LookupError:
                continue
            yield Frame(symbol.name, pc - symbol.address, symbol.size, module)


def _patch(patch: Any, moving: int, place: int) -> tuple[Patch, list[Code]]:
    """One patch, and where its replacements are."""
    from drgn.helpers.linux.list import list_for_each_entry

    name = _text(patch.mod.name)
    objects, code = [], []
    for each in list_for_each_entry("struct klp_object", patch.obj_list.address_of_(), "node"):
        owner = _text(each.name) if each.name else VMLINUX
        functions = []
        for func in list_for_each_entry("struct klp_func", each.func_list.address_of_(), "node"):
            function = Function(owner, _text(func.old_name), func.old_sympos.value_() or 1)
            functions.append(function)
            start, size = func.new_func.value_(), func.new_size.value_()
            if start and not func.nop:
                code.append(Code(start, start + size, name, function.name))
        objects.append(PatchedObject(owner, bool(each.patched), tuple(functions)))
    said = Patch(
        name,
        bool(patch.enabled),
        patch.value_() == moving,
        tuple(objects),
        bool(patch.replace),
        place,
        srcversion=_text(patch.mod.srcversion) if patch.mod.srcversion else "",
    )
    return said, code


def _text(value: Any) -> str:
    """A string of the kernel's memory."""
    return str(value.string_()[:_NAME].decode(errors="surrogateescape"))


def _refused(path: str, text: str, hint: str = "") -> BadInput:
    return BadInput([Diagnostic("machine", Span(path, 0, 0), text, hint)])
