"""The command `klprove`: dispatch, and what becomes of every way to fail."""

import platform
import sys
import traceback
from collections.abc import Sequence

import click

from klprove import __version__
from klprove.cli.checking import check_command
from klprove.cli.comparing import compare_command
from klprove.cli.explaining import explain_command
from klprove.cli.exporting import export_command
from klprove.cli.generations import kernels_command
from klprove.cli.lowering import lower_command
from klprove.cli.output import OutputFailed
from klprove.cli.threads import thread_command
from klprove.cluster import Unavailable
from klprove.source import BadInput

BAD_INPUT, INCOMPLETE, INTERNAL = 2, 3, 70


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="klprove %(version)s")
def commands() -> None:
    """Model checker for Linux livepatch handlers and nested kernel contexts.

    \b
    Exit status of every command:
      0   holds: every property in every reachable state, searched completely
      1   violated: something was found; its trace has been replayed
      2   bad input: usage, a file that cannot be used, output not writable
      3   incomplete: out of time or memory, interrupted, or vacuous
      70  a bug in klprove
    """


for _command in (
    check_command,
    compare_command,
    thread_command,
    kernels_command,
    lower_command,
    export_command,
    explain_command,
):
    commands.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `klprove` and exit."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `klprove` with `arguments` (None: those of the process); its exit status."""
    try:
        status = commands.main(
            args=None if arguments is None else list(arguments),
            prog_name="klprove",
            standalone_mode=False,
        )
        return status if isinstance(status, int) else 0
    except click.UsageError as error:
        return _usage(error)
    except click.ClickException as error:
        return _complain(f"klprove: error: {error.format_message()}")
    except BadInput as error:
        return _complain("\n".join(each.render() for each in error.diagnostics))
    except (OutputFailed, Unavailable) as error:
        return _complain(f"klprove: error: {error}")
    except (KeyboardInterrupt, click.Abort):
        _complain("klprove: interrupted before the search began: nothing is known")
        return INCOMPLETE
    except Exception:  # noqa: BLE001 - every bug is told the same way
        return _bug(traceback.format_exc())


def _usage(error: click.UsageError) -> int:
    message = error.format_message().rstrip(".")
    path = error.ctx.command_path if error.ctx else "klprove"
    return _complain(
        f"klprove: error: {message[:1].lower() + message[1:]} [option]\n  = see `{path} --help`"
    )


def _complain(text: str) -> int:
    print(text, file=sys.stderr)
    return BAD_INPUT


def _bug(trace: str) -> int:
    print(
        f"{trace}\nklprove: this is a bug in klprove {__version__} "
        f"(Python {platform.python_version()}, {platform.system()}).\n"
        "klprove: please open an issue in klprove's repository with the command line, the files "
        "and\nklprove: the text above. No verdict was reached.",
        file=sys.stderr,
    )
    return INTERNAL
