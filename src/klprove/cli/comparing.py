# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove compare`."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from klprove.check import EACH, Answer, Question
from klprove.check.asking import Asking
from klprove.cli.clusters import cluster_at, cluster_option
from klprove.cli.formats import Outputs, format_options
from klprove.cli.options import arrivals_option, define_option, jobs_option
from klprove.cli.output import write_file
from klprove.cli.progress import ProgressLine
from klprove.formats import Told
from klprove.kernels import load
from klprove.report import comparison, dead, document, glance
from klprove.report.compared import Asked, compared
from klprove.report.wrapping import count
from klprove.source import BadInput, plain

if TYPE_CHECKING:
    from klprove.formats import Results


@click.command("compare")
@click.argument("handlers", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--kernels", required=True, metavar="K,K...", help="Generations, in the order of the columns."
)
@arrivals_option()
@define_option("Define a macro, before each kernel model is read.")
@click.option("-o", "output", metavar="FILE", help="Write a Markdown page instead of the text.")
@format_options()
@click.option(
    "--no-times", is_flag=True, help="Seconds in the JSON are 0: the same run, the same file."
)
@jobs_option("text")
@cluster_option
def compare_command(
    handlers: tuple[str, ...],
    kernels: str,
    arrivals: dict[str, int] | None,
    defines: tuple[tuple[str, str], ...],
    output: str | None,
    outputs: Outputs,
    no_times: bool,
    jobs: int | None,
    cluster: str | None,
) -> int:
    """Check each handler FILE at every site of several kernels, and say what changes between them.

    A handler that calls functions which some of the kernels have not is not asked about there, and
    the text says so. The same handlers and models give the same text, byte for byte. Ctrl-C ends it
    with what is known, and writes no page. Exit status: 0 every search is complete, whatever it
    found; 3 some is not.
    """
    names = [load(name).name for name in kernels.split(",")]
    words = ["klprove", "compare", *handlers, "--kernels", kernels]
    words += [f"-D {name}={value}" for name, value in defines]
    if arrivals:
        words.append("--arrivals " + ",".join(f"{kind}={n}" for kind, n in arrivals.items()))
    asked: dict[str, dict[str, Answer]] = {}
    without: dict[str, dict[str, tuple[str, ...]]] = {}
    pages, rows = [], []
    with cluster_at(cluster, jobs) as whose:
        asking = Asking(jobs, whose)
        for handler in handlers:
            question = Question(
                files=(handler,), patch=(EACH,), arrivals=arrivals or {}, defines=dict(defines)
            )
            asked[handler], lacking = _answers(question, names, asking)
            without[handler] = lacking
            pages.append((handler, comparison(asked[handler], lacking)))
            rows += [_row(handler, name, asked[handler], lacking, no_times) for name in names]
    if asking.interrupted and not asking.known:
        raise KeyboardInterrupt
    if output and not asking.interrupted:
        write_file(output, page(" ".join([*words, "-o", output]), glance(asked, names), pages))
    complete = all(each.complete for answers in asked.values() for each in answers.values())
    status = 0 if complete else 3

    def text() -> str:
        said = "\n\n".join(f"{handler}\n\n{text}" for handler, text in pages)
        if asking.interrupted:
            left = f"; {output} is not written" if output else ""
            return f"{said}\n\ninterrupted: what was not searched is not known{left}"
        return f"{output}: {count(len(handlers), 'handler')}, {kernels}" if output else said

    def results() -> "Results":
        from klprove.report.abreast import compare_results

        return compare_results(asked, without, status, not no_times)

    outputs.write(Told(text, lambda: compared(rows), results))
    return status


def _answers(
    question: Question, names: list[str], asking: Asking
) -> tuple[dict[str, Answer], dict[str, tuple[str, ...]]]:
    """The answer of each kernel; for the others, which functions they lack. Raises BadInput where
    a handler is wrong in another way, or fits none of them."""
    answers: dict[str, Answer] = {}
    lacking: dict[str, tuple[str, ...]] = {}
    for name in names:
        try:
            answers[name] = _answer(replace(question, kernel=name), asking)
        except BadInput as error:
            lacking[name] = _lacking(error)
            if not lacking[name] or len(lacking) == len(names):
                raise
    return answers, lacking


def _row(
    handler: str,
    name: str,
    answers: Mapping[str, Answer],
    lacking: Mapping[str, tuple[str, ...]],
    no_times: bool,
) -> Asked:
    if name in lacking:
        return Asked(handler, name, None, lacking[name])
    return Asked(handler, name, document(answers[name], timing=not no_times))


def _lacking(error: BadInput) -> tuple[str, ...]:
    """The functions for want of which a handler cannot be read; none if that is not all."""
    found = [
        re.fullmatch(r"call to undeclared function '(\w+)'", each.text)
        for each in error.diagnostics
        if each.code == "unknown"
    ]
    names = dict.fromkeys(each[1] for each in found if each)
    return tuple(names) if len(found) == len(error.diagnostics) and all(found) else ()


def _answer(question: Question, asking: Asking) -> Answer:
    line = ProgressLine()
    try:
        return asking.answer(question, line)
    finally:
        line.clear()


def _code(command: str) -> str:
    """A command inside backticks."""
    return plain(command).replace("`", "\\x60")


def page(command: str, table: str, pages: list[tuple[str, str]]) -> str:
    """The Markdown page of `compare`: `table` of them all, a heading and a table for each."""
    parts = [
        "# What a generation of the kernel changes",
        f"Written by `{_code(command)}`, from the runs named under each table. Nothing here is "
        "typed by hand.",
        table,
    ]
    parts += [f"## {dead(handler)}\n\n```\n{text}\n```" for handler, text in pages]
    return "\n\n".join(parts) + "\n"
