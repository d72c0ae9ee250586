# SPDX-License-Identifier: GPL-2.0-or-later
"""Manual pages, made from the commands: the roff that `man` reads, a page a command."""

import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping

import click

from klprove import __version__
from klprove.cli.main import commands


def pages(date: str) -> Mapping[str, str]:
    """File names (`klprove-check.1`) and texts of all pages; `date`: of the release, YYYY-MM-DD."""
    top = click.Context(commands, info_name="klprove", **commands.context_settings)
    return {f"{'-'.join(path)}.1": text for path, text in _pages(commands, top, date)}


def _pages(
    command: click.Command, context: click.Context, date: str
) -> Iterator[tuple[list[str], str]]:
    """The page of `command`, then those of the commands below it."""
    path = context.command_path.split()
    below: list[tuple[str, click.Command]] = []
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            each = command.get_command(context, name)
            assert each is not None, name
            below.append((name, each))
    yield path, "\n".join(_page(command, context, dict(below), date)) + "\n"
    for name, each in below:
        yield from _pages(each, click.Context(each, info_name=name, parent=context), date)


def _page(
    command: click.Command,
    context: click.Context,
    below: Mapping[str, click.Command],
    date: str,
) -> Iterator[str]:
    path = context.command_path.split()
    name = "-".join(path)
    yield f'.TH "{_escaped(name.upper())}" 1 "{date}" "klprove {__version__}" "klprove"'
    yield from (".nh", ".ad l", ".SH NAME")
    yield from _text(_filled(f"{name} - {_summary(command)}"))
    yield ".SH SYNOPSIS"
    yield f".B {_escaped(context.command_path)}"
    yield from _text(" ".join(command.collect_usage_pieces(context)))
    yield ".SH DESCRIPTION"
    yield from _prose(command.help or "")
    yield ".SH OPTIONS"
    for param in command.get_params(context):
        record = param.get_help_record(context)
        if record and record[1]:
            yield from _entry(*record)
    if below:
        yield ".SH COMMANDS"
        for each, inner in below.items():
            yield from _entry(f"{name}-{each}(1)", _summary(inner))
    yield ".SH SEE ALSO"
    others = [name.rpartition("-")[0]] if len(path) > 1 else [f"{name}-{each}" for each in below]
    yield ",\n".join(f".BR {_escaped(each)} (1)" for each in others)


def _summary(command: click.Command) -> str:
    """The first sentence of what a command says about itself."""
    text = " ".join((command.help or "").partition("\n\n")[0].split())
    return re.split(r"(?<=[a-z)])\.(?:\s|$)", text)[0].rstrip(".")


def _prose(text: str) -> Iterator[str]:
    """Paragraphs; what click is told not to wrap (a first line `\\b`) stays as it is."""
    for number, paragraph in enumerate(inspect.cleandoc(text).split("\n\n")):
        if number:
            yield ".PP"
        if paragraph.startswith("\b\n"):
            yield from (".nf", *_text(paragraph[2:]), ".fi")
        else:
            yield from _text(_filled(paragraph))


def _entry(label: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield f".B {_escaped(label)}"
    yield from _text(_filled(text))


def _filled(text: str) -> str:
    """`text` in short lines, which roff joins."""
    return "\n".join(textwrap.wrap(text, 72, break_long_words=False, break_on_hyphens=False))


def _text(text: str) -> Iterator[str]:
    """Lines of text; none of them can be taken for a request."""
    for line in text.splitlines() or [""]:
        yield ("\\&" if line[:1] in (".", "'") else "") + _escaped(line)


def _escaped(text: str) -> str:
    """`text` with what roff would read otherwise: backslashes, and hyphens that are to be typed."""
    return text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("^", "\\(ha")
