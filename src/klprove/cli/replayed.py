# SPDX-License-Identifier: GPL-2.0-or-later
"""What `klprove replay` and `klprove fidelity` do."""

from collections.abc import Sequence
from pathlib import Path

import click

from klprove.cli.formats import Outputs
from klprove.cli.output import say, tell, write_bytes
from klprove.evidence import resolve
from klprove.formats import Told
from klprove.image import open_image
from klprove.image.about import release
from klprove.lab import Lost, Setup, command, image_of, release_of
from klprove.replay import (
    AGREED,
    SPOILED,
    NotMappable,
    Outcome,
    Prepared,
    Ready,
    Tried,
    bundle,
    campaign,
    disagreements,
    hooks,
    planned,
    prepare,
    prepare_stock,
    read_case,
    replay,
    reproduce,
    stock_bundle,
)
from klprove.report.led import hooks_results, replay_results, stock_document, stock_results
from klprove.report.replayed import (
    hooks_document,
    hooks_text,
    planned_text,
    replay_document,
    replayed,
    stock_planned_text,
    stock_text,
)
from klprove.source import BadInput, Diagnostic, Span, plain

_DISAGREED, _INTERRUPTED, _LOST = 1, 3, 4


def replay_trace(
    trace: str | None,
    vmlinux: str,
    headers: str | None,
    code: str,
    site: str,
    times: int,
    dry_run: bool,
    outputs: Outputs,
    log: str | None,
    stock: str | None,
    bundle_path: str | None,
) -> int:
    """Run `klprove replay`; the exit status."""
    if (trace is None) == (stock is None):
        raise click.UsageError("a trace, or --stock NAME")
    if dry_run or bundle_path is not None:
        outputs.refuse("goes with a replay, not with --dry-run or --bundle")
    model, _ = resolve(vmlinux)
    running = release(open_image(vmlinux))
    place = Path(headers or f"/lib/modules/{running}/build")
    console = Path(log) if log else None
    if stock is not None:
        _same_release(place, running)
        chosen = prepare_stock(stock, vmlinux, model, place)
        if bundle_path is not None:
            return _packed(bundle_path, stock_bundle(chosen))
        if dry_run:
            say(stock_planned_text(stock, _command(chosen.setup)))
            return 0
        return _stock(chosen, running, outputs, console)
    try:
        case = read_case(str(trace), code, site)
    except NotMappable as reason:
        return _not_mappable(str(reason))
    model, _ = resolve(vmlinux, case.scene)
    _fitting(vmlinux, model, case.kernel)
    if case.handler:
        _same_release(place, running)
    ready = prepare(case, vmlinux, place)
    plan, found = planned(ready)
    if dry_run:
        say(planned_text(plan, found, case, _command(ready.setup)))
    if plan.fatal is not None:
        step = plan.fatal
        return _not_mappable(f"step {step.number}: {step.why}")
    if bundle_path is not None and (plan.updater or plan.excepts):
        return _not_mappable("a bundle has neither a second CPU nor exceptions, and the trace has")
    if bundle_path is not None:
        return _packed(bundle_path, bundle(ready))
    return 0 if dry_run else _replay(ready, times, running, outputs, console)


def _not_mappable(why: str) -> int:
    tell(f"klprove: not mappable: {plain(why)}")
    return _LOST


def _command(setup: Setup) -> tuple[str, ...]:
    return tuple(command(setup, Path("INITRD"), Path("LOG"), 3, 4))


def _packed(path: str, content: bytes) -> int:
    write_bytes(path, content)
    say(f"klprove: written: {path}, {len(content) >> 20} MiB; unpacked, its run.sh does the rest")
    return 0


def _stock(chosen: Ready, running: str, outputs: Outputs, log: Path | None) -> int:
    try:
        seen = reproduce(chosen, log)
    except Lost as lost:
        return _say_lost(lost)
    status = 0 if seen.held else _DISAGREED
    outputs.write(
        Told(
            lambda: stock_text(seen, running),
            lambda: stock_document(seen, running),
            lambda: stock_results(seen, running, status),
        )
    )
    return status


def _replay(ready: Prepared, times: int, running: str, outputs: Outputs, log: Path | None) -> int:
    outcomes = []
    early: Lost | KeyboardInterrupt | None = None
    try:
        for each in replay(ready, times, log):
            outcomes.append(each)
    except Lost as lost:
        early = lost
    except KeyboardInterrupt as interrupt:
        if not outcomes:
            raise
        early = interrupt
    _, found = planned(ready)
    status = _status(outcomes)
    if early is not None:
        status = _LOST if isinstance(early, Lost) else status or _INTERRUPTED
    if outcomes:
        case = ready.case
        outputs.write(
            Told(
                lambda: replayed(case, running, outcomes, found),
                lambda: replay_document(case, running, outcomes, found),
                lambda: replay_results(case, running, outcomes, status),
            )
        )
    if isinstance(early, Lost):
        return _say_lost(early)
    if early is not None:
        tell(f"klprove: interrupted after {len(outcomes)} of {times}")
    return status


def _status(outcomes: Sequence[Outcome]) -> int:
    if any(each.first for each in outcomes):
        return _DISAGREED
    return 0 if all(each.result == AGREED for each in outcomes) else _LOST


def _say_lost(lost: Lost) -> int:
    first, *rest = str(lost).splitlines()
    tell("\n".join([f"klprove: lost: {plain(first)}", *map(plain, rest)]))
    return _LOST


def _fitting(vmlinux: str, model: str, kernel: str) -> None:
    """An image must be one that the trace's model is of."""
    if model != kernel:
        text = f"by what is in it, it is fitted by the model {model}, and the trace is of {kernel}"
        hint = f"klprove check ... --kernel {model}"
        raise BadInput([Diagnostic("kernel", Span(vmlinux, 0, 0), text, hint)])


def _same_release(headers: Path, running: str) -> None:
    found = release_of(headers)
    if found != running:
        text = f"headers of {found}, but the kernel is {running or 'of no known release'}"
        raise BadInput([Diagnostic("file", Span(str(headers), 0, 0), text)])


def fidelity_of(vmlinux: str, outputs: Outputs, log: str | None) -> int:
    """Run `klprove fidelity`; the exit status."""
    vmlinux = image_of(vmlinux)
    model, _ = resolve(vmlinux)
    running = release(open_image(vmlinux))

    def told(tried: Tried) -> None:
        tell(f"klprove: {tried.walk.name}: {tried.outcome.result}")

    try:
        done = campaign(vmlinux, model, Path(log) if log else None, told)
    except Lost as lost:
        return _say_lost(lost)
    table = hooks(done.tried)
    status = _LOST if any(each.outcome.result == SPOILED for each in done.tried) else 0
    status = _DISAGREED if any(disagreements(done.tried)) else status
    outputs.write(
        Told(
            lambda: hooks_text(model, running, table, done),
            lambda: hooks_document(model, running, table, done),
            lambda: hooks_results(model, running, done, status),
        )
    )
    return status
