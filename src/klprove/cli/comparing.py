"""`klprove compare`."""

import re

import click

from klprove.check import EACH, Answer, Question, check
from klprove.cli.clusters import cluster_at, cluster_option
from klprove.cli.options import jobs_option
from klprove.cli.output import say, write_file
from klprove.cli.progress import ProgressLine
from klprove.cli.values import Define, KindBounds
from klprove.cluster import Cluster
from klprove.kernels import load
from klprove.report import comparison
from klprove.source import plain


@click.command("compare")
@click.argument("handlers", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--kernels", required=True, metavar="K,K...", help="Generations, in the order of the columns."
)
@click.option(
    "--arrivals",
    type=KindBounds(0),
    metavar="N|irq=N,nmi=N",
    help="As in `klprove check`. Default: any number.",
)
@click.option(
    "-D",
    "defines",
    type=Define(),
    multiple=True,
    metavar="NAME[=VALUE]",
    help="Define a macro, before each kernel model is read.",
)
@click.option("-o", "output", metavar="FILE", help="Write a Markdown page instead of the text.")
@jobs_option("text")
@cluster_option
def compare_command(
    handlers: tuple[str, ...],
    kernels: str,
    arrivals: dict[str, int] | None,
    defines: tuple[tuple[str, str], ...],
    output: str | None,
    jobs: int | None,
    cluster: str | None,
) -> int:
    """Check each handler FILE at every site of several kernels, and say what changes between them.

    The same handlers and models give the same text, byte for byte. Exit status: 0 every search is
    complete, whatever it found; 3 some is not.
    """
    names = [load(name).name for name in kernels.split(",")]
    words = ["klprove", "compare", *handlers, "--kernels", kernels]
    words += [f"-D {name}={value}" for name, value in defines]
    if arrivals:
        words.append("--arrivals " + ",".join(f"{kind}={n}" for kind, n in arrivals.items()))
    pages, complete = [], True
    with cluster_at(cluster, jobs) as whose:
        for handler in handlers:
            answers = {
                name: _answer(handler, name, arrivals or {}, dict(defines), jobs, whose)
                for name in names
            }
            complete &= all(each.complete for each in answers.values())
            pages.append((handler, comparison(answers)))
    if output:
        write_file(output, page(" ".join([*words, "-o", output]), pages))
    else:
        say("\n\n".join(f"{handler}\n\n{text}" for handler, text in pages))
    return 0 if complete else 3


def _answer(
    handler: str,
    kernel: str,
    arrivals: dict[str, int],
    defines: dict[str, str],
    jobs: int | None,
    whose: Cluster | None,
) -> Answer:
    line = ProgressLine()
    question = Question(
        files=(handler,), kernel=kernel, patch=(EACH,), arrivals=arrivals, defines=defines
    )
    try:
        return check(question, line, jobs, whose)
    finally:
        line.clear()


def _dead(name: str) -> str:
    """A file's name as text of a page: it is no markup."""
    return re.sub(r"[^\w./ -]", lambda found: f"&#{ord(found[0])};", plain(name))


def _code(command: str) -> str:
    """A command inside backticks."""
    return plain(command).replace("`", "\\x60")


def page(command: str, pages: list[tuple[str, str]]) -> str:
    """The Markdown page of `compare`: a heading and a table for each handler."""
    parts = [
        "# What a generation of the kernel changes",
        f"Written by `{_code(command)}`, from the runs named under each table. Nothing here is "
        "typed by hand.",
    ]
    parts += [f"## {_dead(handler)}\n\n```\n{text}\n```" for handler, text in pages]
    return "\n\n".join(parts) + "\n"
