# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove replay` and `klprove fidelity`: their options."""

from typing import Any

import click

from klprove.cli.formats import format_options
from klprove.source import Unavailable

STOCK = ("idle-handler", "nmi-everywhere", "removal-waits", "stalled")
"""The reproducers of `klprove.replay`, which is loaded only where one is run."""


@click.command("replay")
@click.argument("trace", metavar="[TRACE.json]", required=False)
@click.option("--vmlinux", metavar="FILE", required=True, help="The kernel, with symbols and BTF.")
@click.option("--headers", metavar="DIR", help="Its headers; else /lib/modules/RELEASE/build.")
@click.option("--code", metavar="CODE", default="", help="Which finding; else the first.")
@click.option("--site", metavar="F", default="", help="Of which patched function; else any.")
@click.option("--times", metavar="N", type=click.IntRange(1, 1000), default=1, show_default=True)
@click.option("--dry-run", is_flag=True, help="Print schedule and QEMU's command; boot nothing.")
@format_options()
@click.option("--log", metavar="FILE", help="Keep what the kernel says on its console.")
@click.option(
    "--stock", metavar="NAME", type=click.Choice(STOCK), help=f"No trace: {', '.join(STOCK)}."
)
@click.option(
    "--bundle",
    "bundle_path",
    metavar="FILE.tar",
    help="Pack it up for somebody else; boot nothing.",
)
def replay_command(**options: Any) -> int:
    """Do a trace of `klprove check --json` to a real kernel under QEMU, and compare.

    The handler is built as a module from the same text and loaded; the trace's steps become stops
    of one virtual CPU, at which the kernel's own memory is read. With --stock, one of the
    reproducers that need no trace. With --bundle, all that somebody needs to do the same without
    klprove is written to a file; docs/replay.md.

    Exit status: 0 model and kernel agree at every step, or the reproducer shows what it promises;
    1 they do not; 2 bad input; 3 Ctrl-C; 4 the machine was lost, or a step that decides has no
    place in this kernel.
    """
    try:
        from klprove.cli.replayed import replay_trace
    except ModuleNotFoundError as error:
        raise _without("replay", error) from None
    return replay_trace(**options)


@click.command("fidelity")
@click.option(
    "--kernel",
    "vmlinux",
    metavar="VMLINUX|SERIES",
    required=True,
    help="With symbols and BTF; `6.1`: the newest of that series that is here.",
)
@format_options()
@click.option("--log", metavar="FILE", help="Keep what the kernel says on its console.")
def fidelity_command(**options: Any) -> int:
    """Compare the model of RCU's hooks with the kernel that it is of.

    The idle loop's pass is walked in the model, without arrivals, with an NMI at every step of it,
    with an interrupt, and with an NMI at every step of that; each walk is done to the real kernel,
    and compared at every step; docs/fidelity-6.1.md.

    Exit status: 0 they agree; 1 they do not; 2 bad input; 4 the machine was lost.
    """
    try:
        from klprove.cli.replayed import fidelity_of
    except ModuleNotFoundError as error:
        raise _without("fidelity", error) from None
    return fidelity_of(**options)


def _without(command: str, error: ModuleNotFoundError) -> Unavailable:
    return Unavailable(f"{command} needs the package {error.name}: pip install 'klprove[scan]'")
