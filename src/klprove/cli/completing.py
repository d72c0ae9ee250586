# SPDX-License-Identifier: GPL-2.0-or-later
"""Words that a shell completes: kernels, codes, sites, rules, files."""

from collections.abc import Iterable, Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from klprove.cli.main import VARIABLE

SHELLS: Mapping[str, str] = {
    "bash": "share/bash-completion/completions/klprove",
    "zsh": "share/zsh/site-functions/_klprove",
    "fish": "share/fish/vendor_completions.d/klprove.fish",
}
"""By shell: where its packages look for the script, below the root of an installation."""


def script(shell: str) -> str:
    """The text that `shell`, one of SHELLS, is to read."""
    made = get_completion_class(shell)
    assert made is not None, shell
    completion = made(click.Command("klprove"), {}, "klprove", VARIABLE)
    return completion.source_template % completion.source_vars()


class Words(click.ParamType[Any]):
    """A value that is left as it is, and completed."""

    name = "text"

    def __init__(self, what: str) -> None:
        self._what = what

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """`value`."""
        return value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """What `incomplete` can become; files, where it is the beginning of no word."""
        earlier, comma, last = incomplete.rpartition(",")
        found = [each for each in _words(self._what, ctx) if each.startswith(last)]
        if found:
            return [CompletionItem(earlier + comma + each) for each in found]
        return [CompletionItem(incomplete, type="dir" if self._what == "folder" else "file")]


def complete(command: click.Command) -> None:
    """Have every parameter of `command`, and of the commands below it, completed."""
    for param in command.params:
        if isinstance(param.type, type(click.STRING)) and (what := _kind(param)):
            param.type = Words(what)
    if isinstance(command, click.Group):
        for each in command.commands.values():
            complete(each)


def _kind(param: click.Parameter) -> str:
    """What a parameter's value is, told from its name and from what its help calls it."""
    shown = (getattr(param, "metavar", None) or "").strip("[].")
    if param.name in ("kernel", "kernels") or shown == "K":
        return "kernel"
    if param.name in ("code", "word"):
        return str(param.name)
    if param.name == "patch":
        return "site"
    if param.name in ("rules", "explain"):
        return "rule"
    if shown in ("DIR", "FOLDER"):
        return "folder"
    return "file" if shown.isupper() or "." in shown or "FILE" in shown else ""


def _words(what: str, ctx: click.Context) -> Iterable[str]:
    if what == "kernel":
        from klprove import kernels

        return kernels.names()
    if what == "code":
        from klprove.report import EXPLANATIONS

        return tuple(EXPLANATIONS)
    if what == "word":
        from klprove.explain import entries

        return tuple(entries())
    if what == "rule":
        from klprove.lint.explanations import explanations

        return tuple(explanations())
    return _sites(ctx) if what == "site" else ()


def _sites(ctx: click.Context) -> Iterable[str]:
    """Functions of the model that `--kernel` before it names."""
    from klprove import kernels
    from klprove.source import BadInput

    try:
        return ("each", "none", *kernels.load(ctx.params.get("kernel") or "v4.12rc").sites)
    except BadInput:  # a path, whose model takes too long to find here
        return ("each", "none")
