"""`klprove check`."""

from typing import Any

import click

from klprove.api import check
from klprove.cli.clusters import cluster_at
from klprove.cli.options import asked, search_options, store_options, text_options
from klprove.cli.output import OutputFailed, say, write_json
from klprove.cli.progress import ProgressLine
from klprove.report import Traces, document, render


@click.command("check")
@click.argument("files", nargs=-1, metavar="[FILE...]")
@text_options
@search_options
@store_options
@click.option(
    "--json",
    "json_path",
    metavar="FILE|-",
    help="Write the answer as JSON too (schema klprove.check/2); `-` writes it to standard output "
    "instead of the text.",
)
@click.option(
    "--traces",
    type=click.Choice(["one", "each", "all", "none"]),
    default="each",
    show_default=True,
    help="Interleavings to show: the shortest one, the shortest of each code, all, or none.",
)
@click.option(
    "--no-times",
    "timeless",
    is_flag=True,
    help="Do not say how long it took (0 in JSON): the same question then gives the same bytes.",
)
def check_command(
    files: tuple[str, ...],
    json_path: str | None,
    traces: Traces,
    timeless: bool,
    jobs: int | None,
    cluster: str | None,
    **options: Any,
) -> int:
    """Search every interleaving of the contexts in FILE... for a violation.

    \b
      klprove check model.c
      klprove check handlers/2017/F.c --kernel v4.12rc --patch each
      klprove check --kernel v4.12 --scene transition --action disable

    The text says which bounds and assumptions the answer rests on. Exit status: 0 holds, 1
    violated, 2 bad input or an output that cannot be written, 3 incomplete, 70 a bug in klprove.
    Ctrl-C ends the search and prints what is known.
    """
    given = asked(options)
    if cluster and given.get("checkpoint"):
        raise click.UsageError("--cluster writes no checkpoints")
    line = ProgressLine()
    with cluster_at(cluster, jobs) as whose:
        try:
            answer = check(files, progress=line, jobs=jobs, cluster=whose, **given)
        finally:
            line.clear()
    failure: OutputFailed | None = None
    if json_path:
        # The text is still printed where the file cannot be written: nothing found is lost.
        try:
            write_json(json_path, document(answer, timing=not timeless))
        except OutputFailed as error:
            failure = error
    if json_path != "-":
        say(render(answer, traces, timing=not timeless))
    if failure:
        raise failure
    return answer.exit_status
