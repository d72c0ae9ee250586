"""`klprove mutate`."""

import sys
import time
from pathlib import Path

import click

from klprove.cli.options import jobs_option, json_option, page_option
from klprove.cli.output import say, write_file, write_json
from klprove.mutation import load_campaign, mutate
from klprove.report.mutants import counts, mutants_document, render_mutants, score

_EVERY = 5.0
"""Seconds between lines of progress."""


@click.command("mutate")
@click.argument("campaign", metavar="CAMPAIGN")
@page_option
@json_option("page")
@jobs_option("page")
def mutate_command(
    campaign: str, output: str | None, json_path: str | None, jobs: int | None
) -> int:
    """Change a model one place at a time, and say which changes its properties see.

    CAMPAIGN is a *.toml file (campaigns/README.md): the files that are changed, the checks that are
    asked of every change, and for changes that cannot be seen, why. A statement is deleted, two
    neighbours change places, a test is always or never true or loses one side of `&&` or `||`.

    Exit status: 0 every change is caught, is the same program, or has its reason; 1 some survives
    without one; 3 some search was not complete, or Ctrl-C.
    """
    asked = load_campaign(Path(campaign))
    report = mutate(asked, jobs, _Told())
    if json_path:
        write_json(json_path, mutants_document(report))
    command = f"klprove mutate {campaign}" + (f" -o {output}" if output else "")
    page = render_mutants(report, command)
    alone = json_path == "-"
    if output:
        write_file(output, page)
        said = ", ".join(f"{number} {word}" for word, number in counts(report).items())
        if not alone:
            say(f"{output}: {len(report.results)} mutants: {said}; caught {score(report)}")
    elif not alone:
        say(page.rstrip("\n"))
    if report.interrupted:
        if not alone:
            say(f"interrupted: {len(report.results)} of {report.mutants} mutants were looked at")
        return 3
    open_ = {each.word for each in report.results if not each.explained}
    return 0 if not open_ else 1 if "survived" in open_ else 3


class _Told:
    """A line now and then on standard error."""

    def __init__(self) -> None:
        self._spoken = time.monotonic()

    def __call__(self, done: int, total: int, name: str) -> None:
        now = time.monotonic()
        if now - self._spoken >= _EVERY:
            self._spoken = now
            print(f"klprove: {done}/{total} searches, {name}", file=sys.stderr, flush=True)
