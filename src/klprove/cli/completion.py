# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove completion`."""

import click

from klprove.cli.completing import SHELLS, script
from klprove.cli.output import say


@click.command("completion")
@click.argument("shell", type=click.Choice(tuple(SHELLS)))
def completion_command(shell: str) -> None:
    """Print what SHELL is to read so that it completes commands, options, kernels, codes and sites.

    \b
      bash   eval "$(klprove completion bash)"            in ~/.bashrc
      zsh    eval "$(klprove completion zsh)"             in ~/.zshrc, after compinit
      fish   klprove completion fish > ~/.config/fish/completions/klprove.fish

    A wheel has the same scripts below share/, where a system's packages keep theirs.
    """
    say(script(shell).strip("\n"), str)
