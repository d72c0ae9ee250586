# SPDX-License-Identifier: GPL-2.0-or-later
"""`--as`, `--json` and `--quote`: where an answer goes, and in which format."""

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from klprove.cli.output import OutputFailed, say, write_file
from klprove.formats import FORMATS, Format, Told
from klprove.source import near, plain

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_Command = TypeVar("_Command", bound=Callable[..., Any])

STANDARD = "-"


@dataclass(frozen=True, slots=True)
class Output:
    """A format and the file that it goes to; STANDARD is standard output."""

    name: str
    format: Format
    path: str


class FormatAndFile(click.ParamType[tuple[str, str]]):
    """`FORMAT` or `FORMAT=FILE`."""

    name = "format"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, str]:
        """Name of the format and of the file."""
        if isinstance(value, tuple):
            return value
        name, equals, path = value.partition("=")
        if name not in FORMATS:
            close = near(name, FORMATS)
            meant = f"; near it: {', '.join(close)}" if close else ""
            known = ", ".join(FORMATS)
            self.fail(f"no format {plain(name)}{meant}; the formats are {known}", param, ctx)
        if equals and not path:
            self.fail(f"{name}= names no file; `{name}` alone is standard output", param, ctx)
        return name, path or STANDARD

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem]":
        """The formats that begin so."""
        from click.shell_completion import CompletionItem  # only a shell asks

        return [CompletionItem(each) for each in FORMATS if each.startswith(incomplete)]


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the answer of a command goes."""

    every: tuple[Output, ...] = ()

    @property
    def standard(self) -> str:
        """The format that standard output has in place of the text; empty for the text."""
        return next((each.name for each in self.every if each.path == STANDARD), "")

    def refuse_pictures(self, why: str) -> None:
        """Raises UsageError where a format was asked for that draws what is not there."""
        for each in self.every:
            if each.format.pictured:
                raise click.UsageError(f"--as {each.name}: nothing to draw: {why}")

    def refuse(self, why: str) -> None:
        """Raises UsageError where any format was asked for."""
        for each in self.every:
            raise click.UsageError(f"--as {each.name}: {why}")

    def write(self, told: Told) -> None:
        """Write it everywhere. What the user sees comes first, and a file that cannot be written
        does not keep the others from being so. Raises OutputFailed when all is done."""
        failed = list(self._failures(told))
        if failed:
            raise OutputFailed("; ".join(failed))

    def write_files(self, told: Told) -> None:
        """Write what goes to files only. Raises OutputFailed."""
        for each in self.every:
            if each.path != STANDARD:
                write_file(each.path, each.format.made(told) + "\n")

    def _failures(self, told: Told) -> Iterator[str]:
        if not self.standard:
            yield from _tried(lambda: say(told.text()))
        for each in sorted(self.every, key=lambda one: one.path != STANDARD):
            yield from _tried(partial(_write, each, told))


def _write(output: Output, told: Told) -> None:
    text = output.format.made(told)
    if output.path == STANDARD:
        say(text, str)
    else:
        write_file(output.path, text + "\n")


def _tried(write: Callable[[], None]) -> Iterator[str]:
    try:
        write()
    except OutputFailed as error:
        yield str(error)


def format_options(pictured: bool = True) -> Callable[[_Command], _Command]:
    """Add `--as`, `--json` and `--quote`; the command gets `outputs`, an `Outputs`. `pictured`: its
    findings have interleavings or call paths, which some formats show and nothing else."""
    known = {name: each.about for name, each in FORMATS.items() if pictured or not each.pictured}
    options = (
        click.option(
            "--as",
            "formats",
            type=FormatAndFile(),
            multiple=True,
            metavar="FORMAT[=FILE]",
            help="Write the answer to FILE (docs/formats.md); without FILE, to standard output in "
            "place of the text. Repeatable. Formats: "
            + "; ".join(f"{name}, {about}" for name, about in known.items())
            + ".",
        ),
        click.option("--json", "json_path", metavar="FILE|-", help="Short for --as json=FILE."),
        click.option(
            "--quote", is_flag=True, help="Short for --as quote: the text for a reply to a mail."
        ),
    )

    def add(command: _Command) -> _Command:
        @wraps(command)
        def run(
            *args: Any,
            formats: Sequence[tuple[str, str]],
            json_path: str | None,
            quote: bool,
            **others: Any,
        ) -> Any:
            asked = list(formats)
            asked += [("json", json_path)] if json_path is not None else []
            asked += [("quote", STANDARD)] if quote else []
            outputs = _outputs(asked, pictured)
            _refuse_inputs(outputs, others)
            return command(*args, outputs=outputs, **others)

        added: Any = run
        for option in reversed(options):
            added = option(added)
        return cast(_Command, added)

    return add


def _outputs(asked: Sequence[tuple[str, str]], pictured: bool) -> Outputs:
    """Raises UsageError or OutputFailed for what cannot be done, before anything is searched."""
    seen: dict[str, str] = {}
    for name, path in asked:
        if FORMATS[name].pictured and not pictured:
            command = click.get_current_context().info_name
            raise click.UsageError(
                f"--as {name} draws an interleaving or a call path, and {command} has none"
            )
        where = path if path == STANDARD else os.path.realpath(path)
        if where in seen and not _special(where):
            raise click.UsageError(_twice(seen[where], name, path))
        seen[where] = name
        if path != STANDARD:
            _refuse_folder(path)
    return Outputs(tuple(Output(name, FORMATS[name], path) for name, path in asked))


def _twice(one: str, other: str, path: str) -> str:
    if path == STANDARD:
        return f"--as {one} and --as {other} both write to standard output: give one of them a FILE"
    return f"--as {one} and --as {other} both write to {plain(path)}"


def _special(path: str) -> bool:
    """A device or a pipe takes several."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False


def _refuse_folder(path: str) -> None:
    """Raises OutputFailed where there can be no file of that name."""
    if os.path.isdir(path):
        raise OutputFailed(f"cannot write {path}: Is a directory")
    folder = os.path.dirname(path) or "."
    why = "" if os.path.isdir(folder) else "No such file or directory"
    if not why and not os.access(folder, os.W_OK) and not _special(path):
        why = "Permission denied"
    if why:
        raise OutputFailed(f"cannot write {path}: {why}")


def _refuse_inputs(outputs: Outputs, others: Mapping[str, Any]) -> None:
    """Raises UsageError where a file that is to be written is one that another option names."""
    parameters = click.get_current_context().command.params
    files = {each.name for each in parameters if "FILE" in str(each.metavar)}
    named = {
        os.path.realpath(word)
        for name, value in others.items()
        for word in (value if isinstance(value, tuple) else (value,))
        if isinstance(word, str) and word != STANDARD and (name in files or os.path.isfile(word))
    }
    for each in outputs.every:
        if each.path != STANDARD and os.path.realpath(each.path) in named:
            raise click.UsageError(f"{plain(each.path)} is read or written by another option")
