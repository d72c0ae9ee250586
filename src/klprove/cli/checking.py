# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove check`."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from klprove.api import Options, check
from klprove.check import Answer
from klprove.cli.clusters import cluster_at
from klprove.cli.formats import Outputs, format_options
from klprove.cli.options import (
    asked,
    fold_option,
    refuse_nothing,
    search_options,
    store_options,
    text_options,
)
from klprove.cli.output import tell
from klprove.cli.progress import ProgressLine
from klprove.formats import Told
from klprove.report import Traces, document, render

if TYPE_CHECKING:
    from klprove.formats import Results

_DEFINES = re.compile(r"\bklp_ftrace_handler\s*\([^;{}]*\)\s*\{")


@click.command("check")
@click.argument("files", nargs=-1, metavar="[FILE...]")
@text_options
@click.option(
    "--mail",
    metavar="MAIL|-",
    help="Check the C in a mail (or mbox; `-`: standard input) in place of FILE...: a patch, "
    "functions, or statements. Says what it took from where (docs/mail.md). Without --kernel: "
    "v4.12rc; without --patch: each.",
)
@click.option(
    "--snippet",
    "number",
    type=click.IntRange(1),
    metavar="N",
    help="Which of several pieces of C in the mail. Default: the one that is quoted least.",
)
@click.option(
    "--place",
    "where",
    metavar="F:entry|F:exit",
    help="Where statements of a mail belong: before the first statement of F, or at its end.",
)
@search_options
@store_options
@format_options()
@click.option(
    "--traces",
    type=click.Choice(["one", "each", "all", "none"]),
    default="each",
    show_default=True,
    help="Interleavings to show: the shortest one, the shortest of each code, all, or none.",
)
@fold_option
@click.option(
    "--no-times",
    "timeless",
    is_flag=True,
    help="Do not say how long it took (0 in JSON): the same question then gives the same bytes.",
)
def check_command(
    files: tuple[str, ...],
    outputs: Outputs,
    traces: Traces,
    timeless: bool,
    short: bool,
    mail: str | None,
    number: int | None,
    where: str | None,
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
    if mail is None:
        refuse_nothing(files, options)
    given = asked(options)
    if cluster and given.get("checkpoint"):
        raise click.UsageError("--cluster writes no checkpoints")
    _refuse_both(files, mail, number or where)
    taken, assumed = None, ""
    with cluster_at(cluster, jobs) as whose:

        def answered(files: Sequence[str], options: Options) -> Answer:
            line = ProgressLine()
            try:
                return check(files, progress=line, jobs=jobs, cluster=whose, **options)
            finally:
                line.clear()

        if mail is None:
            answer = answered(files, given)
        else:
            from klprove.cli.mails import of_mail  # a file does not wait for it

            answer, taken, assumed = of_mail(mail, number, where, given, answered)

    def text() -> str:
        said = render(answer, traces, timing=not timeless, short=short)
        if not taken:
            return said
        from klprove.report import letter

        return f"{letter(taken, assumed)}\n{said}"

    def results() -> "Results":
        from klprove.report.results import check_results  # most answers are only printed

        return check_results(answer, timing=not timeless)

    if mail is None and not given.get("patch"):
        _tell_idle(files, given)
    outputs.write(Told(text, lambda: document(answer, timing=not timeless, taken=taken), results))
    return answer.exit_status


def _tell_idle(files: tuple[str, ...], options: Options) -> None:
    """On standard error, that a handler was given to a kernel in which nothing is patched."""
    if options.get("kernel") is None or options.get("scene", "handler") != "handler":
        return
    texts = [Path(each) for each in files if Path(each).is_file()]  # a pipe is read only once
    if any(_DEFINES.search(each.read_text("utf-8", "replace")) for each in texts):
        tell(
            "klprove: note: nothing is patched, so klp_ftrace_handler() never runs\n"
            "  = name functions: --patch vfs_read, or --patch each"
        )


def _refuse_both(files: tuple[str, ...], mail: str | None, of_mail: object) -> None:
    """Raise UsageError for files and a mail together, and for options of a mail without one."""
    if files and mail is not None:
        raise click.UsageError("--mail or FILE...: give one of the two")
    if of_mail and mail is None:
        raise click.UsageError("--snippet and --place need --mail")
