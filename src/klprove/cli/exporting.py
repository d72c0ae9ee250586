"""`klprove export`."""

import click

from klprove.check import Question, program
from klprove.cli.options import bound_options, refuse_buffer, text_options
from klprove.cli.output import say, write_file
from klprove.cli.values import patched
from klprove.engine import Limits
from klprove.export import promela
from klprove.kernels import HOME


@click.command("export")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
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
    kernel: str | None,
    patch: str | None,
    cpus: int | None,
    recursion: int | None,
    defines: tuple[tuple[str, str], ...],
    inlined: tuple[str, ...],
    memory_model: str,
    store_buffer: int | None,
    arrivals: dict[str, int] | None,
    nest: dict[str, int] | None,
    as_promela: bool,
    path: str | None,
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
    sites = patched(patch)
    if len(sites) > 1 or sites == ("each",):
        raise click.UsageError("--patch takes one site here: F, or F+G")
    refuse_buffer(memory_model, store_buffer)
    question = Question(
        files=files,
        kernel=kernel,
        patch=sites,
        cpus=cpus,
        recursion=recursion,
        defines=dict(defines),
        inlined=frozenset(inlined),
        memory_model=memory_model,
        store_buffer=store_buffer,
    )
    limits = Limits(arrivals=arrivals or {}, nest=nest or {})
    text = promela(program(question), limits).text.replace(f"{HOME}/", "")
    if path is None:
        say(text)
    else:
        write_file(path, text)
    return 0
