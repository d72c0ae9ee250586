# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove scan`."""

from typing import TYPE_CHECKING, Any

import click

from klprove.cli.formats import Outputs, format_options
from klprove.cli.mapped import mapped
from klprove.cli.output import tell, write_bytes
from klprove.cli.scanned import (
    BAD_INPUT,
    of_difference,
    of_function,
    of_list,
    of_numbers,
    of_patchable,
    of_summary,
)
from klprove.report.scan_data import scan_database, scan_document
from klprove.report.scan_parquet import scan_parquet
from klprove.scan import GRADES, Map, count_of
from klprove.source import plain

if TYPE_CHECKING:
    from klprove.image.dwarf import Inlines

_QUESTIONS = ("rcu-off", "nmi", "irq", "irqs-off", "never-ends")


@click.command("scan")
@click.argument("image", metavar="VMLINUX")
@click.option("--names", metavar="FILE", help="System.map or kallsyms, for a stripped image.")
@click.option("--debug", metavar="FILE", help="Its DWARF, where that is in a file of its own.")
@click.option(
    "--traceable",
    metavar="FILE",
    help="available_filter_functions of a running kernel of this build, to compare or to go by.",
)
@click.option("--patchable", "asked", flag_value="patchable", help="List what can be livepatched.")
@click.option("--rcu-off", "asked", flag_value="rcu-off", help="... entered with RCU off.")
@click.option("--nmi", "asked", flag_value="nmi", help="... what may run in NMI-like context.")
@click.option("--irq", "asked", flag_value="irq", help="... what may run in an interrupt.")
@click.option("--irqs-off", "asked", flag_value="irqs-off", help="... with interrupts off.")
@click.option("--never-ends", "asked", flag_value="never-ends", help="... stays on a stack.")
@click.option("--why", "function", metavar="F", help="All that is known about F; `F,2`: second F.")
@format_options()
@click.option("--sqlite", "base_path", metavar="FILE", help="The whole map as an SQLite database.")
@click.option("--parquet", "table_path", metavar="FILE", help="The whole map as a Parquet file.")
@click.option("--numbers", "counted", is_flag=True, help="How common each trap is, as numbers.")
@click.option("--diff", "other", metavar="OTHER", help="What differs in the image OTHER.")
@click.option("--all", "every", is_flag=True, help="Lists: what cannot be patched, too.")
@click.option("--paths", "shown", is_flag=True, help="Lists: with the path to each function.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write what was found before.")
@click.option(
    "--grade",
    type=click.Choice(GRADES),
    default="likely",
    show_default=True,
    help="The least sure answers that a list has.",
)
def scan_command(
    image: str,
    names: str | None,
    debug: str | None,
    traceable: str | None,
    asked: str | None,
    function: str | None,
    outputs: Outputs,
    base_path: str | None,
    table_path: str | None,
    counted: bool,
    other: str | None,
    every: bool,
    shown: bool,
    no_cache: bool,
    grade: str,
) -> int:
    """The map of a kernel image: what may happen to each of its functions.

    VMLINUX is an ELF vmlinux, with or without debug information, or a bzImage. x86-64; for arm64,
    ppc64le and s390x, what can be livepatched. Without an option, a summary.

    Exit status: 0; 2 for an image that cannot be used; 3 where what was asked cannot be told.
    Ctrl-C: what was found until then is shown.
    """
    if outputs.standard == "json" and (asked or function):
        raise click.UsageError("--json - prints the whole map: neither a list nor --why beside it")
    if asked in (None, "patchable") and function is None:
        outputs.refuse_pictures("a call path is of --why F or of a list such as --rcu-off")
    found = mapped(image, names, traceable, not no_cache)
    if base_path is not None:
        write_bytes(base_path, scan_database(found))
    if table_path is not None:
        write_bytes(table_path, scan_parquet(found))

    def whole() -> dict[str, Any]:
        return scan_document(found, _inlines(image, debug, not no_cache))

    if counted:
        numbers = [*count_of(image, names, found), *_inlined(image, debug, found)]
        told, status = of_numbers(found, numbers)
    elif function is not None:
        told, status = of_function(found, function, _inlines(image, debug, not no_cache), whole)
    elif other is not None:
        told, status = of_difference(found, mapped(other, None, None, not no_cache), grade)
    elif asked == "patchable":
        told, status = of_patchable(found, whole)
    elif asked is not None:
        told, status = of_list(found, asked, GRADES.index(grade), every, shown, whole)
    else:
        told, status = of_summary(found, whole)
    outputs.write(told)
    if status == BAD_INPUT:
        tell(f"{plain(found.path)}: error: no function has a name [image]")
    return status


def _inlines(image: str, debug: str | None, cache: bool) -> "Inlines | str":
    from klprove.scan.inlining import inlines  # lists need neither it nor numpy

    return inlines(image, debug, cache)


def _inlined(image: str, debug: str | None, found: Map) -> list[tuple[str, int, int]]:
    from klprove.scan.inlining import inlined_counts

    return inlined_counts(found, _inlines(image, debug, True))
