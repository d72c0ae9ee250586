"""`klprove lower`."""

import click

from klprove.check import Question, program
from klprove.cli.options import refuse_buffer, text_options
from klprove.cli.output import say
from klprove.cli.values import patched
from klprove.ir import render


@click.command("lower")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@text_options
def lower_command(
    files: tuple[str, ...],
    kernel: str | None,
    patch: str | None,
    cpus: int | None,
    recursion: int | None,
    defines: tuple[tuple[str, str], ...],
    inlined: tuple[str, ...],
    memory_model: str,
    store_buffer: int | None,
) -> int:
    """Print the program that `check` would search: one line an instruction.

    Each step of a context begins at a line marked as visible and takes at most one shared access.
    With --patch F, F alone is patched; `F+G` patches both.
    """
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
    say(render(program(question)))
    return 0
