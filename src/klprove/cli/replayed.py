"""What `klprove replay` and `klprove fidelity` do."""

import sys
from pathlib import Path

import click

from klprove.cli.output import say, write_bytes, write_json
from klprove.evidence import resolve
from klprove.image import open_image
from klprove.image.about import release
from klprove.lab import Lost, Setup, command, image_of, release_of
from klprove.replay import (
    AGREED,
    SPOILED,
    NotMappable,
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

_DISAGREED, _LOST = 1, 4


def replay_trace(
    trace: str | None,
    vmlinux: str,
    headers: str | None,
    code: str,
    site: str,
    times: int,
    dry_run: bool,
    json_path: str | None,
    log: str | None,
    stock: str | None,
    bundle_path: str | None,
) -> int:
    """Run `klprove replay`; the exit status."""
    if (trace is None) == (stock is None):
        raise click.UsageError("a trace, or --stock NAME")
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
        return _stock(chosen, running, console)
    try:
        case = read_case(str(trace), code, site)
    except NotMappable as reason:
        return _not_mappable(str(reason))
    model, _ = resolve(vmlinux, case.scene)
    _fitting(vmlinux, model, case.kernel)
    if case.handler:
        _same_release(place, running)
    ready = prepare(case, vmlinux, place)
    plan, _ = planned(ready)
    if dry_run:
        say(planned_text(plan, ready, _command(ready.setup)))
    if plan.fatal is not None:
        step = plan.fatal
        return _not_mappable(f"step {step.number}: {step.why}")
    if bundle_path is not None and (plan.updater or plan.excepts):
        return _not_mappable("a bundle has neither a second CPU nor exceptions, and the trace has")
    if bundle_path is not None:
        return _packed(bundle_path, bundle(ready))
    return 0 if dry_run else _replay(ready, times, running, json_path, console)


def _not_mappable(why: str) -> int:
    print(f"klprove: not mappable: {plain(why)}", file=sys.stderr)
    return _LOST


def _command(setup: Setup) -> tuple[str, ...]:
    return tuple(command(setup, Path("INITRD"), Path("LOG"), 3, 4))


def _packed(path: str, content: bytes) -> int:
    write_bytes(path, content)
    say(f"klprove: written: {path}, {len(content) >> 20} MiB; unpacked, its run.sh does the rest")
    return 0


def _stock(chosen: Ready, running: str, log: Path | None) -> int:
    try:
        seen = reproduce(chosen, log)
    except Lost as lost:
        return _say_lost(lost)
    say(stock_text(seen, running))
    return 0 if seen.held else _DISAGREED


def _replay(
    ready: Prepared, times: int, running: str, json_path: str | None, log: Path | None
) -> int:
    outcomes = []
    lost: Lost | None = None
    try:
        for each in replay(ready, times, log):
            outcomes.append(each)
    except Lost as error:
        lost = error
    _, found = planned(ready)
    if outcomes:
        if json_path is not None:
            write_json(json_path, replay_document(ready.case, running, outcomes, found))
        if json_path != "-":
            say(replayed(ready.case, running, outcomes, found))
    if lost is not None:
        return _say_lost(lost)
    if any(each.first for each in outcomes):
        return _DISAGREED
    return 0 if all(each.result == AGREED for each in outcomes) else _LOST


def _say_lost(lost: Lost) -> int:
    first, *rest = str(lost).splitlines()
    print("\n".join([f"klprove: lost: {plain(first)}", *map(plain, rest)]), file=sys.stderr)
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


def fidelity_of(vmlinux: str, json_path: str | None, log: str | None) -> int:
    """Run `klprove fidelity`; the exit status."""
    vmlinux = image_of(vmlinux)
    model, _ = resolve(vmlinux)
    running = release(open_image(vmlinux))

    def told(tried: Tried) -> None:
        print(f"klprove: {tried.walk.name}: {tried.outcome.result}", file=sys.stderr)

    try:
        tried = campaign(vmlinux, model, Path(log) if log else None, told)
    except Lost as lost:
        return _say_lost(lost)
    table = hooks(tried)
    if json_path is not None:
        write_json(json_path, hooks_document(model, running, table, tried))
    if json_path != "-":
        say(hooks_text(model, running, table, tried))
    if any(disagreements(tried)):
        return _DISAGREED
    return _LOST if any(each.outcome.result == SPOILED for each in tried) else 0
