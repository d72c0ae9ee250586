"""`klprove kernels`."""

from pathlib import PurePath

import click

from klprove import kernels
from klprove.cli.output import say
from klprove.report import field


@click.group("kernels", invoke_without_command=True)
@click.pass_context
def kernels_command(context: click.Context) -> None:
    """List the kernel models, or show one."""
    if context.invoked_subcommand is None:
        context.invoke(list_command)


@kernels_command.command("list")
def list_command() -> None:
    """Each kernel model: its name, what it is, and how many functions can be patched."""
    for name in kernels.names():
        kernel = kernels.load(name)
        say("\n".join(field(name, f"{kernel.title}; {len(kernel.sites)} sites")))


@kernels_command.command("show")
@click.argument("name", metavar="K")
def show_command(name: str) -> None:
    """Assumptions, files and patchable functions of kernel model K."""
    kernel = kernels.load(name)
    lines = [*field("kernel", f"{kernel.name}: {kernel.title}"), *field("digest", kernel.digest)]
    for text in kernel.assumptions:
        lines += field("assume", text)
    lines += field("files", " ".join(PurePath(path).name for path in kernel.files))
    lines += ["", "functions that can be patched, in order:"]
    say("\n".join([*lines, *(f"  {site}" for site in kernel.sites)]))
