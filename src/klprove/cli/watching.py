# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove watch`: its options, and what becomes of a look."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from klprove.cli.following import DUTY, complain, follow
from klprove.cli.formats import Outputs, format_options
from klprove.cli.output import say, write_bytes, write_file
from klprove.cli.values import Duration
from klprove.formats import Told, plain_json
from klprove.report.watch import watch_document, watch_heading, watch_text
from klprove.scan import Map, scan
from klprove.source import BadInput, Diagnostic, Span, Unavailable
from klprove.watch import (
    COLLECTOR,
    MOST,
    Answer,
    Look,
    Memory,
    Recorder,
    Snapshot,
    Walker,
    bundle,
    judge,
    metrics,
    open_tree,
)

if TYPE_CHECKING:
    from klprove.formats import Results

_BAD_INPUT = 2
_LIVE = 20_000
"""Threads of a look where there is one look after another."""


@click.command("watch")
@click.option("--once", is_flag=True, help="One look, an exit status.")
@click.option(
    "--wait", type=Duration(), metavar="TIME", help="Until no transition is left: 90s, 5m."
)
@click.option("--interval", type=Duration(), default="2s", show_default=True, metavar="TIME")
@click.option("--root", metavar="PATH", help="A copy of /proc and /sys: folder, or tar archive.")
@click.option("--qmp", metavar="SOCKET", help="A QEMU guest, live (extra drgn; with --vmlinux).")
@click.option("--core", metavar="FILE", help="A dump (extra drgn; with --vmlinux).")
@click.option("--vmlinux", metavar="FILE", help="The kernel that runs there: what never ends.")
@format_options()
@click.option("--metrics", "metrics_path", metavar="FILE.prom", help="For node_exporter.")
@click.option("--bundle", "bundle_path", metavar="FILE.tar", help="Write the evidence.")
@click.option("--threads", type=click.IntRange(1), metavar="N", help="At most so many a look.")
@click.option("--collector", is_flag=True, help="Print a script that copies what --root takes.")
def watch_command(
    once: bool,
    wait: float | None,
    interval: float,
    root: str | None,
    qmp: str | None,
    core: str | None,
    vmlinux: str | None,
    outputs: Outputs,
    metrics_path: str | None,
    bundle_path: str | None,
    threads: int | None,
    collector: bool,
) -> int:
    """Say what a running livepatch waits for, and whether it has effect.

    \b
      klprove watch                       this machine, again and again
      klprove watch --once                one look
      klprove watch --wait 5m --once      until the transition ended, or never will
      klprove watch --root copy.tar       files of another machine (--collector)
      klprove watch --qmp SOCKET --vmlinux vmlinux

    Nothing is ever written to the machine that is watched: files are opened for reading.

    Exit status: 0 nothing in transition and all has effect; 1 a transition is under way, or
    something has no effect; 2 bad input; 3 cannot tell (try as root); 4 this kernel has no
    livepatch support.
    """
    if collector:
        outputs.refuse("goes with a look, not with --collector")
        say(COLLECTOR.read_text().rstrip("\n"))
        return 0
    fixed = root or core
    single = once or wait is not None or bool(fixed)
    _check(root, qmp, core, vmlinux, single, outputs, bundle_path)
    most = threads or (MOST if single else _LIVE)
    watcher = Watcher(_source(root, qmp, core, vmlinux, most), vmlinux, metrics_path)
    if not single:

        def write(answer: Answer) -> None:
            outputs.write_files(watcher.told(answer))
            watcher.write_metrics(answer)

        return follow(watcher.look, interval, write)
    answer = until(watcher, None if fixed else wait, interval)
    outputs.write(watcher.told(answer))
    watcher.write_metrics(answer)
    if bundle_path is not None:
        write_bytes(bundle_path, watcher.evidence(answer))
    return watcher.status(answer)


def _check(
    root: str | None,
    qmp: str | None,
    core: str | None,
    vmlinux: str | None,
    single: bool,
    outputs: Outputs,
    bundle_path: str | None,
) -> None:
    if sum(each is not None for each in (root, qmp, core)) > 1:
        raise click.UsageError("--root, --qmp and --core exclude each other")
    if (qmp or core) and not vmlinux:
        raise click.UsageError("--qmp and --core need --vmlinux: where everything is in memory")
    if not single and outputs.standard:
        text = "on standard output, and --bundle, go with --once or --wait"
        raise click.UsageError(f"--as {outputs.standard} {text}")
    if not single and bundle_path:
        raise click.UsageError("--bundle goes with --once or --wait")


def _source(
    root: str | None, qmp: str | None, core: str | None, vmlinux: str | None, most: int
) -> Look | Memory:
    if (qmp or core) and vmlinux:
        return Memory(vmlinux, qmp, core)
    tree = Recorder(open_tree(root or "/"))
    return Look(tree, Walker(tree, most))


@dataclass
class Watcher:
    """Looks, judges, writes."""

    source: Callable[[], Snapshot]
    vmlinux: str | None
    metrics_path: str | None
    lost: bool = False
    """The map of the kernel could not be used, or the machine went away."""
    duration: float = 0.0
    """Seconds of the last look."""
    _map: list[Map] = field(default_factory=list)

    def look(self) -> Answer:
        """One look. Raises BadInput where nothing at all can be read."""
        if isinstance(self.source, Look) and isinstance(self.source.tree, Recorder):
            self.source.tree.forget()
        start = time.monotonic()
        try:
            found = self.source()
        except OSError as error:
            text = f"cannot be read: {error.strerror}"
            raise BadInput([Diagnostic("machine", Span("/sys/kernel", 0, 0), text)]) from None
        self.duration = time.monotonic() - start
        return judge(found, self._known(found))

    def _known(self, found: Snapshot) -> Map | None:
        """The map, where a kernel thread makes it worth while; made once. A vmlinux that is not
        the one that runs there is said to be so, and not used."""
        path = self.vmlinux
        if path is None:
            return None
        try:
            self._same(path, found)
            if not self._map and any(each.kernel for each in found.pending):
                self._map.append(scan(path))
        except (BadInput, Unavailable) as error:
            complain(error)
            self.lost, self.vmlinux = True, None
        return self._map[0] if self._map else None

    def _same(self, path: str, found: Snapshot) -> None:
        """Raises BadInput where the build-id is another one."""
        if self._map or not found.build_id or isinstance(self.source, Memory):
            return
        try:
            from klprove.image import open_image
        except ModuleNotFoundError as error:
            text = f"--vmlinux needs the package {error.name}: pip install 'klprove[scan]'"
            raise Unavailable(text) from None
        given = open_image(path).build_id
        if given != found.build_id:
            text = f"another kernel: its build-id is {given or 'not there'}"
            hint = f"the one that runs has {found.build_id}; the answer goes on without it"
            raise BadInput([Diagnostic("machine", Span(path, 0, 0), text, hint)])

    def status(self, answer: Answer) -> int:
        """The exit status."""
        return _BAD_INPUT if self.lost else answer.status

    def told(self, answer: Answer) -> Told:
        """`answer` in every form."""

        def results() -> "Results":
            from klprove.report.watched import watch_results

            return watch_results(answer, watch_heading(answer), self.status(answer))

        return Told(lambda: watch_text(answer), lambda: watch_document(answer), results)

    def write_metrics(self, answer: Answer) -> None:
        """The file of --metrics, where one was asked for."""
        if self.metrics_path is not None:
            write_file(self.metrics_path, metrics(answer, self.duration, time.time()))

    def evidence(self, answer: Answer) -> bytes:
        """The archive of --bundle."""
        from importlib.metadata import version

        tree = self.source.tree if isinstance(self.source, Look) else None
        texts = {
            "answer.txt": watch_text(answer) + "\n",
            "answer.json": plain_json(watch_document(answer)) + "\n",
            "versions.txt": f"klprove {version('klprove')}\nkernel {answer.snapshot.release}\n"
            f"build-id {answer.snapshot.build_id}\n",
        }
        return bundle(answer.snapshot, tree if isinstance(tree, Recorder) else None, texts)


def until(watcher: Watcher, limit: float | None, interval: float) -> Answer:
    """The first look without a transition, or with one that never ends, or the last in time. A
    machine that goes away meanwhile leaves the look before."""
    end = time.monotonic() + (limit or 0.0)
    answer = watcher.look()
    while answer.transition is not None and answer.transition.ends != "never":
        pause = max(interval, DUTY * watcher.duration)
        if time.monotonic() + pause > end:
            break
        time.sleep(pause)
        try:
            answer = watcher.look()
        except BadInput as error:
            complain(error)
            watcher.lost = True
            break
    return answer
