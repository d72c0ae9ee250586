# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove lower`."""

from typing import Any

import click

from klprove.check import program
from klprove.cli.options import one_site, question_of, text_options
from klprove.cli.output import say
from klprove.ir import render


@click.command("lower")
@click.argument("files", nargs=-1, metavar="[FILE...]")
@text_options
def lower_command(files: tuple[str, ...], **options: Any) -> int:
    """Print the program that `check` would search: one line an instruction.

    Each step of a context begins at a line marked as visible and takes at most one shared access.
    With --patch F, F alone is patched; `F+G` patches both.
    """
    say(render(program(one_site(question_of(files, options)))))
    return 0
