# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove report`."""

import sys
from pathlib import Path
from typing import TypeVar

import click

from klprove.cli.options import fold_option
from klprove.cli.output import say, write_bytes
from klprove.cli.screen import whole_screen
from klprove.report import Traces
from klprove.report.picture import page
from klprove.verdict.compared import read_answers
from klprove.verdict.reading import read_document

T = TypeVar("T")


@click.command("report")
@click.argument("traces", nargs=-1, required=True, metavar="TRACE...")
@click.option(
    "--html",
    "html_path",
    metavar="FILE",
    help="Write a page to step through instead of the text; `-`: print it.",
)
@click.option(
    "--step",
    "stepwise",
    is_flag=True,
    help="Step by step, over the whole screen of a terminal (`?` shows its keys); elsewhere every "
    "step as a block of text.",
)
@fold_option
@click.option(
    "--diff",
    "differ",
    is_flag=True,
    help="Where two traces part, side by side, and where they meet again: of two TRACEs, or of two "
    "findings of one.",
)
@click.option(
    "--finding",
    "findings",
    multiple=True,
    metavar="CODE",
    help="Only findings of this code. With --diff a second one is for the right side.",
)
@click.option(
    "--site",
    "sites",
    multiple=True,
    metavar="NAME",
    help="Only findings at this function. With --diff a second one is for the right side.",
)
@click.option(
    "--traces",
    "shown",
    type=click.Choice(["one", "each", "all", "none"]),
    default="each",
    show_default=True,
    help="Interleavings to show, as in `klprove check`.",
)
def report_command(
    traces: tuple[str, ...],
    html_path: str | None,
    stepwise: bool,
    short: bool,
    differ: bool,
    findings: tuple[str, ...],
    sites: tuple[str, ...],
    shown: Traces,
) -> int:
    """Show the interleavings of an answer again.

    TRACE is what `klprove check ... --json FILE` wrote. It is shown as the check showed it, step by
    step, or beside another one (docs/terminal.md). Or as a page (docs/report.md): one file that
    needs no network, with a lane for every CPU and context depth, what holds there, the source
    beside it as it is now, and a table of steps that needs no JavaScript; several TRACEs there, and
    what `klprove compare --json` wrote, are a matrix.

    Exit status: 0 it is shown; 2 TRACE cannot be used, or FILE not be written.
    """
    if html_path is not None and (stepwise or short):
        raise click.UsageError("--html is a page to step through: no --step, no --fold")
    if differ:
        if html_path is not None or stepwise or short:
            raise click.UsageError("--diff is text of its own: no --html, --step, --fold")
        return _differ(traces, findings, sites)
    finding, site = _one("--finding", findings), _one("--site", sites)
    if html_path is not None:
        return _page(traces, html_path, finding, site)
    if stepwise:
        return _step(traces, finding, site, shown, short)
    from klprove.report.again import text_of  # the help of all commands does not wait for it

    for place, trace in enumerate(traces):
        document = read_document(trace)
        if len(traces) > 1:
            say(f"{'' if place == 0 else chr(10)}{trace}:\n")
        say(text_of(trace, document, finding, site, shown, short))
    return 0


def _page(traces: tuple[str, ...], html_path: str, finding: str, site: str) -> int:
    if Path(html_path).resolve() in {Path(each).resolve() for each in traces}:
        raise click.UsageError("--html names the trace itself")
    made = page(read_answers(traces), finding, site)
    if html_path == "-":
        say(made.decode("ascii").rstrip("\n"))
    else:
        write_bytes(html_path, made)
        say(f"{html_path}: {len(made) / 1000:,.0f} kB")
    return 0


def _step(traces: tuple[str, ...], finding: str, site: str, shown: Traces, short: bool) -> int:
    from klprove.report.again import walks
    from klprove.report.stepping import step_text

    if len(traces) > 1:
        raise click.UsageError("--step goes through one TRACE")
    if shown == "none":
        raise click.UsageError("--traces none leaves nothing to step through")
    (trace,) = traces
    found = walks(trace, read_document(trace), finding, site, shown)
    if whole_screen() and sys.stdin.isatty():
        from klprove.cli.stepping import step_through  # the only thing that reads keys

        step_through(found, short)
    else:
        say("\n\n".join(step_text(each, short) for each in found))
    return 0


def _one(option: str, values: tuple[str, ...]) -> str:
    if len(values) > 1:
        raise click.UsageError(f"{option} twice goes with --diff")
    return values[0] if values else ""


def _differ(traces: tuple[str, ...], findings: tuple[str, ...], sites: tuple[str, ...]) -> int:
    from klprove.report.again import two

    if max(len(findings), len(sites), len(traces)) > 2:
        raise click.UsageError("--diff has two sides")
    if max(len(findings), len(sites), len(traces)) < 2:
        raise click.UsageError("--diff of what? Two TRACEs, two --finding or two --site of one")
    paths = _both(traces)
    documents = _both(tuple(map(read_document, traces)))
    say(two(paths, documents, _both(findings or ("",)), _both(sites or ("",))))
    return 0


def _both(values: tuple[T, ...]) -> tuple[T, T]:
    """For the left side and for the right one."""
    return values[0], values[-1]
