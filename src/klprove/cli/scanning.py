"""`klprove scan`."""

from typing import TYPE_CHECKING, Any

import click

from klprove.cli.mapped import mapped
from klprove.cli.output import say, tell, write_bytes, write_json
from klprove.report.scan import counts, differences, listing, patchable, paths, summary, why
from klprove.report.scan_data import (
    differences_document,
    numbers_document,
    scan_database,
    scan_document,
)
from klprove.report.scan_parquet import scan_parquet
from klprove.scan import GRADES, Map, compare, count_of
from klprove.source import near, plain

if TYPE_CHECKING:
    from klprove.image.dwarf import Inlines

_INCOMPLETE = 3
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
@click.option(
    "--json",
    "json_path",
    metavar="FILE",
    help="The map (or --diff, --numbers) as JSON; `-`: print that alone.",
)
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
    json_path: str | None,
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
    if json_path == "-" and (asked or function):
        raise click.UsageError("--json - prints the whole map: neither a list nor --why beside it")
    found = mapped(image, names, traceable, not no_cache)
    if json_path is not None and not counted and other is None:
        write_json(json_path, scan_document(found, _inlines(image, debug, not no_cache)))
    if base_path is not None:
        write_bytes(base_path, scan_database(found))
    if table_path is not None:
        write_bytes(table_path, scan_parquet(found))
    if counted:
        numbers = [*count_of(image, names, found), *_inlined(image, debug, found)]
        _tell(json_path, numbers_document(found, numbers), counts(found, numbers))
        return _INCOMPLETE if found.open else 0
    if function is not None:
        return _why(found, function, _inlines(image, debug, not no_cache))
    if other is not None:
        after = mapped(other, None, None, not no_cache)
        changes = compare(found, after, GRADES.index(grade))
        content = differences_document(found, after, changes, grade)
        _tell(json_path, content, differences(found, after, changes))
        return _INCOMPLETE if found.open or after.open else 0
    if asked == "patchable":
        say(patchable(found))
        return _INCOMPLETE if "unknown" in found.patch else 0
    if asked is not None:
        say((paths if shown else listing)(found, asked, GRADES.index(grade), every))
        return _INCOMPLETE if asked in found.open else 0
    if json_path != "-":
        say(summary(found))
    return _without_names(found) if found.complete else _INCOMPLETE


def _tell(json_path: str | None, content: dict[str, Any], text: str) -> None:
    """What another question than the map was answered with."""
    if json_path is not None:
        write_json(json_path, content)
    if json_path != "-":
        say(text)


def _inlines(image: str, debug: str | None, cache: bool) -> "Inlines | str":
    from klprove.scan.inlining import inlines  # lists need neither it nor numpy

    return inlines(image, debug, cache)


def _inlined(image: str, debug: str | None, found: Map) -> list[tuple[str, int, int]]:
    from klprove.scan.inlining import inlined_counts

    return inlined_counts(found, _inlines(image, debug, True))


def _why(found: Map, function: str, inlined: "Inlines | str") -> int:
    from klprove.report.inlined import inlined_copies, inlined_only

    indices = found.find(function)
    if not indices:
        gone = inlined_only(found, function, inlined)
        if gone:
            say(gone)
            return 0
        raise click.UsageError(
            f"no function {plain(function)} in this image{_meant(found, function)}"
        )
    told = (f"{why(found, i)}\n\n{inlined_copies(found, i, inlined)}" for i in indices)
    say("\n\n".join(told))
    return 0


def _meant(found: Map, function: str) -> str:
    names = near(function, found.names, 0.8)
    return f"; did you mean {', '.join(names)}?" if names else ""


def _without_names(found: Map) -> int:
    """A summary of an image whose functions have no names is no answer."""
    if found.names:
        return 0
    tell(f"{plain(found.path)}: error: no function has a name [image]")
    return 2
