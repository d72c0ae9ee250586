# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove kernels`: the kernel models, one of them, and how two of them differ."""

from collections.abc import Sequence
from typing import Any

import click

from klprove import kernels
from klprove.cli.output import say, write_json
from klprove.kernels import Difference, Kernel
from klprove.report import field, paint_diff

_JSON = click.option(
    "--json", "json_path", metavar="FILE|-", help="Write JSON instead of the text (docs/json.md)."
)
_SCENE = click.option(
    "--scene",
    type=click.Choice(list(kernels.SCENES)),
    default=kernels.HANDLER,
    show_default=True,
    help="Which scene of the model: what nests around a handler, or tasks that a transition "
    "switches.",
)


@click.group("kernels", invoke_without_command=True)
@click.pass_context
def kernels_command(context: click.Context) -> None:
    """List the kernel models, show one, or compare two of them."""
    if context.invoked_subcommand is None:
        context.invoke(list_command)


@kernels_command.command("list")
@_SCENE
@_JSON
def list_command(json_path: str | None = None, scene: str = kernels.HANDLER) -> None:
    """Each kernel model: its name, what it is, and how many functions can be patched."""
    models = [kernels.load(name, scene=scene) for name in kernels.names(scene=scene)]
    if json_path:
        write_json(
            json_path, {"schema": "klprove.kernels/1", "kernels": [_described(k) for k in models]}
        )
        return
    for kernel in models:
        say("\n".join(field(kernel.name, f"{kernel.title}; {len(kernel.sites)} sites")))


@kernels_command.command("show")
@click.argument("name", metavar="K")
@_SCENE
@_JSON
def show_command(name: str, json_path: str | None, scene: str) -> None:
    """Chain, files, options, assumptions and patchable functions of kernel model K, and what it
    does otherwise than its base, with the kernel's commits."""
    kernel = kernels.load(name, scene=scene)
    if json_path:
        write_json(json_path, {"schema": "klprove.kernel/1", **_described(kernel)})
        return
    lines = [*field("kernel", f"{kernel.name}: {kernel.title}"), *field("digest", kernel.digest)]
    lines += field("chain", " <- ".join([kernel.name, *kernel.bases]))
    for label, texts in (("differs", kernel.differs), ("assume", kernel.assumptions)):
        for text in texts:
            lines += field(label, text)
    lines += field("options", " ".join(kernel.options))
    if kernel.actions:
        lines += field("actions", " ".join(kernel.actions))
    lines += ["", "files, in order, and the generation that each is from:"]
    lines += _columns([(path.name, kernels.origin(path)) for path in kernel.files])
    lines += ["", "functions that can be patched, in order:"]
    lines += [f"  {site}{', static' if site in kernel.static else ''}" for site in kernel.sites]
    say("\n".join(lines))


@kernels_command.command("diff")
@click.argument("old", metavar="K")
@click.argument("new", metavar="K")
@click.option("--stat", is_flag=True, help="Only count the lines of each file.")
@_SCENE
@_JSON
def diff_command(old: str, new: str, stat: bool, json_path: str | None, scene: str) -> None:
    """What is not the same in two kernel models, as a unified diff of the files that each is put
    together from. Exit status: 0, the same or not."""
    found = kernels.differences(kernels.load(old, scene=scene), kernels.load(new, scene=scene))
    if json_path:
        files = [_compared(each) for each in found]
        content = {"schema": "klprove.kernel-diff/1", "old": old, "new": new, "files": files}
        write_json(json_path, content)
    elif stat:
        say("\n".join(_counts(found)))
    elif found:
        say("\n".join(line for each in found for line in each.lines), paint_diff)


def _described(kernel: Kernel) -> dict[str, Any]:
    return {
        "name": kernel.name,
        "title": kernel.title,
        "bases": kernel.bases,
        "digest": kernel.digest,
        "differs": kernel.differs,
        "files": [{"name": path.name, "from": kernels.origin(path)} for path in kernel.files],
        "sites": kernel.sites,
        "static": sorted(kernel.static),
        "scene": kernel.scene,
        "actions": kernel.actions,
        "options": kernel.options,
        "assumptions": kernel.assumptions,
        "recursion": kernel.recursion,
    }


def _compared(each: Difference) -> dict[str, Any]:
    return {
        "name": each.name,
        "old": each.old,
        "new": each.new,
        "added": each.added,
        "removed": each.removed,
        "lines": each.lines,
    }


def _counts(found: Sequence[Difference]) -> list[str]:
    """A row a file, and the sum."""
    rows = [
        (each.name, f"{each.old or '-'} -> {each.new or '-'}", f"+{each.added} -{each.removed}")
        for each in found
    ]
    added, removed = sum(each.added for each in found), sum(each.removed for each in found)
    return [*_columns(rows), f"{len(found)} files, +{added} -{removed}"]


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
