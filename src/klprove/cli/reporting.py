"""`klprove report`."""

from pathlib import Path

import click

from klprove.cli.output import say, write_bytes
from klprove.report.picture import page
from klprove.verdict.compared import read_answers


@click.command("report")
@click.argument("traces", nargs=-1, required=True, metavar="TRACE...")
@click.option(
    "--html", "html_path", metavar="FILE", required=True, help="Where the page goes; `-`: print it."
)
@click.option("--finding", default="", metavar="CODE", help="Only findings of this code.")
@click.option("--site", default="", metavar="NAME", help="Only findings at this function.")
def report_command(traces: tuple[str, ...], html_path: str, finding: str, site: str) -> int:
    """Show the interleavings of an answer as a page to step through.

    TRACE is what `klprove check ... --json FILE` wrote. The page is one file that needs no network:
    a lane for every CPU and context depth, what holds there, the source beside it as it is now, and
    a table of steps that can be read without JavaScript (docs/report.md).

    Exit status: 0 the page is written; 2 TRACE cannot be used, or FILE not be written.
    """
    if Path(html_path).resolve() in {Path(each).resolve() for each in traces}:
        raise click.UsageError("--html names the trace itself")
    made = page(read_answers(traces), finding, site)
    if html_path == "-":
        say(made.decode("ascii").rstrip("\n"))
    else:
        write_bytes(html_path, made)
        say(f"{html_path}: {len(made) / 1000:,.0f} kB")
    return 0
