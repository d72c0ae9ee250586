# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove thread`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from klprove.check import CONFIRMED, REFUTED, UNDECIDED, Judgement, Question, judge, load_claims
from klprove.cli.clusters import cluster_at, cluster_option
from klprove.cli.formats import Outputs, format_options
from klprove.cli.options import jobs_option, page_option
from klprove.cli.output import tell, write_file
from klprove.formats import Told
from klprove.report import command_line, command_words, render_thread, thread_document

if TYPE_CHECKING:
    from klprove.formats import Results


@click.command("thread")
@click.argument("folder", metavar="CLAIMS")
@page_option
@format_options()
@jobs_option("page")
@cluster_option
def thread_command(
    folder: str, output: str | None, outputs: Outputs, jobs: int | None, cluster: str | None
) -> int:
    """Decide every claim of the folder CLAIMS and write the page on them.

    A claim is a *.toml file: what was said, what would refute it, and the checks that decide it
    (claims/README.md). Each distinct check runs once. The same claims, models and handlers give the
    same page, byte for byte. Ctrl-C ends it with what is decided by then, and no page is written.
    Exit status: 0 every claim is decided, either way; 3 some is not.
    """
    claims = load_claims(Path(folder))
    with cluster_at(cluster, jobs) as whose:
        judgements = judge(claims, jobs, _tell, whose)
    command = f"klprove thread {folder}" + (f" -o {output}" if output else "")
    page = render_thread(judgements, command)
    interrupted = any(each.interrupted for each in judgements)
    if output and not interrupted:
        write_file(output, page)
    summary = _counted([each.word for each in judgements])
    status = 3 if any(each.word == UNDECIDED for each in judgements) else 0

    def results() -> "Results":
        from klprove.report.settled import thread_results

        return thread_results(judgements, f"klprove: {summary}", status)

    def text() -> str:
        if interrupted:
            left = f"; {output} is not written" if output else ""
            return "\n".join((*map(_line, judgements), "", f"interrupted: {summary}{left}"))
        return f"{output}: {summary}" if output else page.rstrip("\n")

    outputs.write(
        Told(
            text,
            lambda: thread_document(judgements),
            results,
        )
    )
    return status


def _line(judgement: Judgement) -> str:
    return f"claim {judgement.claim.number:<3} {judgement.word}"


def _counted(words: Sequence[str]) -> str:
    counts = (f"{words.count(word)} {word}" for word in (CONFIRMED, REFUTED, UNDECIDED))
    return f"{len(words)} claims, {', '.join(counts)}"


def _tell(done: int, total: int, question: Question) -> None:
    words = command_line(command_words(question))
    tell(f"klprove: {done + 1}/{total}  {words}")
