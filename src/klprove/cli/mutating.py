# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove mutate`."""

import time
from pathlib import Path

import click

from klprove.cli.formats import Outputs, format_options
from klprove.cli.options import jobs_option, page_option
from klprove.cli.output import tell, write_file
from klprove.formats import Told
from klprove.mutation import Report, load_campaign, mutate
from klprove.report.mutants import mutants_document, mutants_summary, render_mutants
from klprove.report.mutated import mutants_results

_EVERY = 5.0
"""Seconds between lines of progress."""


@click.command("mutate")
@click.argument("campaign", metavar="CAMPAIGN")
@page_option
@format_options(pictured=False)
@jobs_option("page")
def mutate_command(campaign: str, output: str | None, outputs: Outputs, jobs: int | None) -> int:
    """Change a model one place at a time, and say which changes its properties see.

    CAMPAIGN is a *.toml file (campaigns/README.md): the files that are changed, the checks that are
    asked of every change, and for changes that cannot be seen, why. A statement is deleted, two
    neighbours change places, a test is always or never true or loses one side of `&&` or `||`.

    Exit status: 0 every change is caught, is the same program, or has its reason; 1 some survives
    without one; 3 some search was not complete, or Ctrl-C.
    """
    asked = load_campaign(Path(campaign))
    report = mutate(asked, jobs, _Progress())
    command = f"klprove mutate {campaign}" + (f" -o {output}" if output else "")
    page = render_mutants(report, command)
    if output:
        write_file(output, page)

    def text() -> str:
        said = mutants_summary(report, output) if output else page.rstrip("\n")
        return f"{said}\n{_cut(report)}" if report.interrupted else said

    status = _status(report)
    outputs.write(
        Told(
            text,
            lambda: mutants_document(report),
            lambda: mutants_results(report, mutants_summary(report, campaign), status),
        )
    )
    return status


def _status(report: Report) -> int:
    if report.interrupted:
        return 3
    open_ = {each.word for each in report.results if not each.explained}
    return 0 if not open_ else 1 if "survived" in open_ else 3


def _cut(report: Report) -> str:
    return f"interrupted: {len(report.results)} of {report.mutants} mutants were looked at"


class _Progress:
    """A line now and then on standard error."""

    def __init__(self) -> None:
        self._spoken = time.monotonic()

    def __call__(self, done: int, total: int, name: str) -> None:
        now = time.monotonic()
        if now - self._spoken >= _EVERY:
            self._spoken = now
            tell(f"klprove: {done}/{total} searches, {name}")
