# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove lift`."""

from dataclasses import replace

import click

from klprove.check import EACH, Question, check
from klprove.check.lifting import ALL, differences, surveyed
from klprove.cli.options import arrivals_option, define_option
from klprove.cli.output import say, write_json
from klprove.cli.progress import ProgressLine
from klprove.evidence import resolve
from klprove.kernels import HANDLER, SCENES, load
from klprove.lift import KernelTree
from klprove.report.lift_data import compared_document, lift_document
from klprove.report.lifting import render_differences, render_survey


@click.command("lift")
@click.argument("tree", metavar="DIR")
@click.argument("files", nargs=-1, metavar="[FILE...]")
@click.option(
    "--kernel",
    metavar="K",
    help="Kernel model. Default: the one that fits what is in the tree (docs/evidence.md).",
)
@click.option(
    "--scene",
    type=click.Choice(tuple(SCENES)),
    default=HANDLER,
    show_default=True,
    help="Of the kernel model, as in `klprove check`.",
)
@click.option("--action", metavar="NAME", help="As in `klprove check`, for --check.")
@click.option(
    "--check",
    "compared",
    is_flag=True,
    help="Ask the same questions about the model's text and about the lifted text, and compare.",
)
@click.option(
    "--patch",
    metavar="F|each|none",
    help="As in `klprove check`, for --check. Default: each, where the scene has sites.",
)
@click.option("--cpus", type=click.IntRange(1, 8), metavar="N", help="CPUs. Default: 1.")
@arrivals_option()
@define_option("Define a macro; CONFIG_NAME=1 and CONFIG_NAME=0 change the configuration.")
@click.option(
    "--json",
    "json_path",
    metavar="FILE|-",
    help="Write JSON too (schema klprove.lift/1); `-`: to standard output, instead of the text.",
)
@click.option(
    "-j",
    "jobs",
    type=click.IntRange(1, 1024),
    metavar="N",
    help="Processes. Default: one a core. The answer does not depend on it.",
)
def lift_command(
    tree: str,
    files: tuple[str, ...],
    kernel: str | None,
    scene: str,
    action: str | None,
    compared: bool,
    patch: str | None,
    cpus: int | None,
    arrivals: dict[str, int] | None,
    defines: tuple[tuple[str, str], ...],
    json_path: str | None,
    jobs: int | None,
) -> int:
    """Put the text of the kernel source in DIR in a model's place: which functions can be?

    \b
      klprove lift linux-6.1
      klprove lift linux-6.1 --check
      klprove check handlers/2017/G.c --kernel v4.12 --tree linux-4.12 \\
          --lift kernel/rcu/tree.c:rcu_nmi_enter

    FILE... are a handler of the user's, as for `klprove check`. Exit status: 0 listed, and with
    --check equal; 1 the lifted text has other findings; 2 bad input; 3 a search is not complete.
    """
    root = KernelTree(tree, {})
    name, why = resolve(kernel or tree, scene)
    if patch is None:
        patch = EACH if load(name, scene=scene).sites else "none"
    question = Question(
        files=files,
        kernel=name,
        patch=() if patch == "none" else tuple(each.strip() for each in patch.split(",")),
        cpus=cpus,
        arrivals=arrivals or {},
        defines=dict(defines),
        tree=tree,
        scene=scene,
        action=action,
        evidence=why,
    )
    found = surveyed(question)
    version = f" ({'.'.join(map(str, root.version))})" if root.version else ""
    if json_path != "-":
        say(render_survey(found, tree, version, name, why))
    if not compared:
        if json_path:
            write_json(json_path, lift_document(found, tree, name, None))
        return 0
    line = ProgressLine()
    try:
        model = check(replace(question, tree=None), line, jobs)
        real = check(replace(question, lift=(ALL,)), line, jobs, composed=found.composed)
    finally:
        line.clear()
    different = differences(model, real)
    if json_path:
        beside = compared_document(model, real, different)
        write_json(json_path, lift_document(found, tree, name, beside))
    if json_path != "-":
        say("\n" + render_differences(model, real, different))
    if any(each.code or "patched" in each.reason for each in different):
        return 1
    return 3 if different else 0
