# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `klprove`: dispatch, and what becomes of every way to fail."""

import contextlib
import errno
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NoReturn

import click

from klprove import __version__
from klprove.cli.output import OutputFailed, discard, say, tell
from klprove.source import BadInput, Unavailable, near, plain

VARIABLE = "_KLPROVE_COMPLETE"
"""Of the environment: set where a shell wants words to complete, not an answer (click's name)."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
BAD_INPUT, INCOMPLETE, INTERNAL = 2, 3, 70

_COMMANDS: Mapping[str, tuple[str, str]] = {
    "check": ("checking", "check_command"),
    "completion": ("completion", "completion_command"),
    "compare": ("comparing", "compare_command"),
    "corpus": ("corpora", "corpus_command"),
    "examples": ("examples", "examples_command"),
    "thread": ("threads", "thread_command"),
    "lint": ("linting", "lint_command"),
    "mutate": ("mutating", "mutate_command"),
    "kernels": ("generations", "kernels_command"),
    "lift": ("lifting", "lift_command"),
    "lower": ("lowering", "lower_command"),
    "export": ("exporting", "export_command"),
    "observe": ("observing", "observe_command"),
    "replay": ("replaying", "replay_command"),
    "fidelity": ("replaying", "fidelity_command"),
    "report": ("reporting", "report_command"),
    "schema": ("schemas", "schema_command"),
    "scan": ("scanning", "scan_command"),
    "watch": ("watching", "watch_command"),
    "explain": ("explaining", "explain_command"),
}
"""By name: module and function. Only the one that is called is loaded: an answer should not wait
for the others."""


_ELSEWHERE: Mapping[str, str] = {
    "step": "`klprove report FILE --step` goes through a trace",
    "fold": "`klprove report FILE --fold` leaves out what does not matter",
    "rules": "`klprove lint --list-rules` lists them",
    "rule": "`klprove explain H04` says what one is about",
    "help": "`klprove --help`, `klprove check --help`",
    "version": "`klprove --version`",
}
"""What newcomers type as a command, and where it is."""


class Commands(click.Group):
    """The commands of `_COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, sorted."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them; None for any other name."""
        if cmd_name not in _COMMANDS:
            return None
        module, function = _COMMANDS[cmd_name]
        gc.disable()  # what is loaded stays: looking for garbage in it takes a tenth of the time
        try:
            command: click.Command = getattr(import_module(f"klprove.cli.{module}"), function)
        finally:
            gc.enable()
        if VARIABLE in os.environ:
            from klprove.cli.completing import complete

            complete(command)
        return command


def _version(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from klprove.cli.versions import told

        say(told())
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version, the digests of program and kernel models, and what it runs on.",
)
def commands() -> None:
    """Model checker for Linux livepatch handlers and nested kernel contexts.

    \b
    Exit status of every command:
      0   holds: every property in every reachable state, searched completely
      1   violated: something was found; its trace has been replayed
      2   bad input: usage, a file that cannot be used, output not writable
      3   incomplete: out of time or memory, interrupted, or vacuous
      4   lost: a virtual machine died, or did not answer
      70  a bug in klprove
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run `klprove` and exit."""
    _open_streams()
    status = run(arguments)
    if arguments is not None:
        sys.exit(status)
    # The process is ours alone. Taking it down piece by piece takes longer than many an answer.
    for each in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            each.flush()
    os._exit(status)


def _open_streams() -> None:
    """Where the shell has closed standard output or error, what goes there is lost, quietly."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `klprove` with `arguments` (None: those of the process); its exit status."""
    try:
        status = commands.main(
            args=None if arguments is None else list(arguments),
            prog_name="klprove",
            standalone_mode=False,
        )
        return status if isinstance(status, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        return _complain(error.format_message())
    except click.UsageError as error:
        return _usage(error, sys.argv[1:] if arguments is None else arguments)
    except click.ClickException as error:
        return _complain(f"klprove: error: {plain(error.format_message())}")
    except BadInput as error:
        return _complain("\n".join(each.render() for each in error.diagnostics))
    except (OutputFailed, Unavailable) as error:
        return _complain(f"klprove: error: {plain(str(error))}")
    except SystemExit:  # click's own, for a reader who left before the end of the help
        discard(sys.stdout)
        return 0
    except OSError as error:
        return _unsaid(error)
    except (KeyboardInterrupt, click.Abort):
        _complain("klprove: interrupted: there is no answer")
        return INCOMPLETE
    except Exception:  # noqa: BLE001 - every bug is told the same way
        return _bug()


def _usage(error: click.UsageError, arguments: Sequence[str]) -> int:
    message = plain(error.format_message().rstrip("."))
    if isinstance(error, click.exceptions.NoSuchCommand):
        message = f"no such command {plain(error.command_name)!r}{_meant(error.command_name)}"
    path = "klprove"
    if error.ctx:
        path = error.ctx.command_path
    elif arguments and arguments[0] in _COMMANDS:  # click's parser knows no command
        path = f"klprove {arguments[0]}"
    return _complain(
        f"klprove: error: {message[:1].lower() + message[1:]} [option]\n  = see `{path} --help`"
    )


def _meant(name: str) -> str:
    """What a command that there is not may be: one spelled like it, else an option or a place."""
    close = near(name, _COMMANDS, 0.6)
    if close:
        return f"; near it: {', '.join(close)}"
    return f"; {_ELSEWHERE[name]}" if name in _ELSEWHERE else ""


def _unsaid(error: OSError) -> int:
    """What becomes of help that click could not write. A file that an error names is none of it."""
    if error.filename is None and error.errno in _FULL:
        discard(sys.stdout)
        return _complain(f"klprove: error: cannot write to standard output: {error.strerror}")
    return _bug()


def _complain(text: str) -> int:
    tell(text)
    return BAD_INPUT


def _bug() -> int:
    import platform
    import traceback

    tell(
        f"{traceback.format_exc()}\nklprove: this is a bug in klprove {__version__} "
        f"(Python {platform.python_version()}, {platform.system()}).\n"
        "klprove: please open an issue in klprove's repository with the command line, the files "
        "and\nklprove: the text above. No verdict was reached."
    )
    return INTERNAL
