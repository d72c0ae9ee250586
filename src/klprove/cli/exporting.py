# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove export`."""

from dataclasses import replace
from typing import Any

import click

from klprove.check import SC, Question, program
from klprove.cli.options import bound_options, one_site, question_of, text_options
from klprove.cli.output import say, write_file
from klprove.engine import Limits
from klprove.export import litmus, promela
from klprove.kernels import HOME


@click.command("export")
@click.argument("files", nargs=-1, metavar="[FILE...]")
@text_options
@bound_options
@click.option("--promela", "as_promela", is_flag=True, help="Promela, for SPIN 6.5.")
@click.option(
    "--litmus",
    "as_litmus",
    is_flag=True,
    help="A litmus test of the kernel's memory model, for herd7; tasks and ints only.",
)
@click.option(
    "--observe",
    is_flag=True,
    help="With --litmus: list what every read took and the final values.",
)
@click.option(
    "-o",
    "path",
    metavar="OUT",
    help="Where to write it, whole or not at all. Default: standard output.",
)
def export_command(
    files: tuple[str, ...],
    as_promela: bool,
    as_litmus: bool,
    observe: bool,
    path: str | None,
    **options: Any,
) -> int:
    """Write the program that `check` would search as a model for another checker: say for which.

    \b
      klprove export --promela model.c -o model.pml
      spin -a model.pml && gcc -O2 -DSAFETY -o pan pan.c && ./pan -E -n -m1000000

    SPIN as it is stores the states that `klprove check --engine reference` counts, and with
    -DNOREDUCE takes its transitions, and one more for the state at boot. At the end pan lists all
    that was noticed: findings, witnesses, and bounds that make an answer incomplete; a violation
    ends its own path only, as here. `spin -a -DFIND=N` makes an assertion of item N of that list.
    A deadlock is not looked for. See docs/promela.md.

    \b
      klprove export --litmus model.c -o model.litmus
      herd7 -conf linux-kernel.cfg model.litmus

    A litmus test asks whether an assert may fail, under the memory model that herd7 is given. Here
    that is sequential consistency, where both must agree; LKMM allows more. See docs/litmus.md.

    With --patch F, F alone is patched; `F+G` patches both. Exit status: 0, or 2 for bad input or an
    output that cannot be written.
    """
    if as_promela == as_litmus:
        raise click.UsageError("say which language: --promela or --litmus")
    if observe and not as_litmus:
        raise click.UsageError("--observe goes with --litmus")
    question = one_site(question_of(files, options))
    text = _litmus(question, observe) if as_litmus else _promela(question)
    if path is None:
        say(text)
    else:
        write_file(path, text)
    return 0


def _promela(question: Question) -> str:
    limits = Limits(arrivals=dict(question.arrivals), nest=dict(question.nest))
    return promela(program(question), limits).text.replace(f"{HOME}/", "")


def _litmus(question: Question, observe: bool) -> str:
    if question.memory_model != SC or question.arrivals or question.nest:
        what = "--memory-model, --arrivals and --nest"
        raise click.UsageError(
            f"{what} do not go with --litmus: herd7 has the model, and no interrupts"
        )
    worded = replace(question, defines={**question.defines, "__KLPROVE_LITMUS": "1"})
    return litmus(program(worded), question.files[-1], observe)
