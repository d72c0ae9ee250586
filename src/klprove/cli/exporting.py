"""`klprove export`."""

from typing import Any

import click

from klprove.check import program
from klprove.cli.options import bound_options, one_site, question_of, text_options
from klprove.cli.output import say, write_file
from klprove.engine import Limits
from klprove.export import promela
from klprove.kernels import HOME


@click.command("export")
@click.argument("files", nargs=-1, metavar="[FILE...]")
@text_options
@bound_options
@click.option("--promela", "as_promela", is_flag=True, help="Promela, for SPIN 6.5. Required.")
@click.option(
    "-o",
    "path",
    metavar="OUT.pml",
    help="Where to write it, whole or not at all. Default: standard output.",
)
def export_command(
    files: tuple[str, ...],
    as_promela: bool,
    path: str | None,
    **options: Any,
) -> int:
    """Write the program that `check` would search as a model for another checker.

    \b
      klprove export --promela model.c -o model.pml
      spin -a model.pml && gcc -O2 -DSAFETY -o pan pan.c && ./pan -E -n -m1000000

    SPIN as it is stores the states that `klprove check --engine reference` counts, and with
    -DNOREDUCE takes its transitions, and one more for the state at boot. At the end pan lists all
    that was noticed: findings, witnesses, and bounds that make an answer incomplete; a violation
    ends its own path only, as here. `spin -a -DFIND=N` makes an assertion of item N of that list.
    A deadlock is not looked for. See docs/promela.md.

    With --patch F, F alone is patched; `F+G` patches both. Exit status: 0, or 2 for bad input or an
    output that cannot be written.
    """
    if not as_promela:
        raise click.UsageError("say which language: --promela")
    question = one_site(question_of(files, options))
    limits = Limits(arrivals=dict(question.arrivals), nest=dict(question.nest))
    text = promela(program(question), limits).text.replace(f"{HOME}/", "")
    if path is None:
        say(text)
    else:
        write_file(path, text)
    return 0
