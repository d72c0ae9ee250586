# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove observe`."""

import time
from collections.abc import Sequence
from pathlib import Path

import click

from klprove.cli.formats import Outputs, format_options
from klprove.cli.mapped import mapped
from klprove.cli.output import OutputFailed, tell, write_json
from klprove.formats import Told
from klprove.lab import (
    Lost,
    Seen,
    compare_seen,
    fits,
    guest_files,
    merged,
    observe,
    plan,
    read_seen,
    release_of,
    seen_document,
    way_of_call,
)
from klprove.report.observed import observed_results
from klprove.report.seen import observed, observed_document
from klprove.scan import Map
from klprove.source import BadInput, Diagnostic, Span, plain

_UNSOUND, _INCOMPLETE, _LOST = 1, 3, 4


@click.command("observe")
@click.argument("image", metavar="VMLINUX")
@click.option("--headers", metavar="DIR", help="Its headers; else /lib/modules/RELEASE/build.")
@click.option("--seen", "before", metavar="FILE", multiple=True, help="Boot nothing; compare it.")
@click.option("-o", "out", metavar="FILE", help="Keep what was seen, for --seen.")
@format_options(pictured=False)
@click.option(
    "--machine", "only", metavar="N", multiple=True, type=int, help="Only this one of the plan."
)
@click.option("--logs", metavar="DIR", help="Keep what each kernel says on its console.")
def observe_command(
    image: str,
    headers: str | None,
    before: tuple[str, ...],
    out: str | None,
    outputs: Outputs,
    only: tuple[int, ...],
    logs: str | None,
) -> int:
    """Boot a kernel, see where its functions are entered, and compare that with its map.

    VMLINUX is booted under QEMU (emulated, one machine after the other), with a module in it that
    looks on at every function that can be livepatched, and put under load. What `klprove scan`
    says must contain all that was seen; docs/lab.md.

    Exit status: 0 it does; 1 it lacks something; 2 bad input, or QEMU, busybox, make, gcc or the
    headers are missing; 3 the map leaves a question open; 4 a machine was lost.
    """
    found = mapped(image)
    ended: BaseException | None = None
    if before:
        parts = [read_seen(each) for each in before]
    else:
        parts, ended = _run(found, headers, only, logs)
    status = _INCOMPLETE
    if parts:
        seen = merged(parts)
        _same(found, seen, before)
        if out is not None:
            write_json(out, seen_document(seen))
        status = _compare(found, seen, outputs)
    return status if ended is None else _ended(ended)


def _ended(early: BaseException) -> int:
    """Says why there were not all machines; the status."""
    if isinstance(early, Lost):
        text, status = f"lost: {early}", _LOST
    else:
        text, status = "interrupted: what is told is of the machines that were done", _INCOMPLETE
    tell("\n".join(map(plain, f"klprove: {text}".splitlines())))
    return status


def _compare(found: Map, seen: Seen, outputs: Outputs) -> int:
    from klprove.image import open_image  # scan has said it where its packages are missing

    compared = compare_seen(found, seen)
    calls = []
    if compared.missing:
        code = open_image(found.path).at
        calls = [way_of_call(code, found, each) for each in compared.missing]
    status = _INCOMPLETE if found.open else 0
    status = _UNSOUND if compared.missing else status
    outputs.write(
        Told(
            lambda: observed(found, seen, compared, calls),
            lambda: observed_document(found, seen, compared, calls),
            lambda: observed_results(found, seen, compared, calls, status),
        )
    )
    return status


def _same(found: Map, seen: Seen, files: Sequence[str]) -> None:
    if not fits(found, seen):
        text = f"was seen of another build: {seen.release}, build-id {seen.build_id or 'none'}"
        where = files[0] if files else found.path
        raise BadInput([Diagnostic("image", Span(where, 0, 0), text)])


def _run(
    found: Map, headers: str | None, only: Sequence[int], logs: str | None
) -> tuple[list[Seen], BaseException | None]:
    """What each machine saw; up to one that was lost, or to Ctrl-C."""
    place = _headers(found, headers)
    machines = plan().machines
    chosen = list(only) or range(1, len(machines) + 1)
    if not all(1 <= each <= len(machines) for each in chosen):
        raise click.UsageError(f"the plan has machines 1 to {len(machines)}")
    folder = _folder(logs)
    parts: list[Seen] = []
    try:
        files = guest_files(place)
        for number in chosen:
            machine = machines[number - 1]
            log = folder / f"machine-{number}.log" if folder is not None else None
            told = _Told(number)
            told(" ".join([machine["model"], *machine.get("options", ())]))
            parts.append(observe(Path(found.path), files, machine, log, told))
    except (Lost, KeyboardInterrupt) as early:
        return parts, early
    return parts, None


class _Told:
    """Progress of one machine, on standard error."""

    def __init__(self, number: int) -> None:
        self._number, self._began = number, time.monotonic()

    def __call__(self, text: str) -> None:
        seconds = time.monotonic() - self._began
        tell(f"klprove: machine {self._number}, {seconds:.0f}s: {plain(text)}")


def _headers(found: Map, given: str | None) -> Path:
    place = Path(given or f"/lib/modules/{found.release}/build")
    release = release_of(place)
    if release != found.release:
        text = f"headers of {release}, but the kernel is {found.release or 'of no known release'}"
        raise BadInput([Diagnostic("file", Span(str(place), 0, 0), text)])
    return place


def _folder(logs: str | None) -> Path | None:
    if logs is None:
        return None
    try:
        Path(logs).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputFailed(f"cannot make the folder {logs}: {error.strerror}") from None
    return Path(logs)
