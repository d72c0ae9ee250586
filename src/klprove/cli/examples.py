# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove examples`."""

from pathlib import Path

import click

import klprove
from klprove.cli.output import OutputFailed, say, write_bytes

FOLDERS = ("handlers", "corpus")


@click.command("examples")
@click.argument("folder", metavar="[DIR]", default="klprove-examples")
def examples_command(folder: str) -> None:
    """Write the handlers of 2017 and the corpus of bugs to DIR (default: klprove-examples).

    \b
      klprove examples
      cd klprove-examples
      klprove check handlers/2017/F.c --kernel v4.12rc --patch each
      klprove corpus

    They are the files that the README's commands are about. DIR must not be there, or be empty.
    """
    target = Path(folder)
    _refuse_full(target)
    count = 0
    for name in FOLDERS:
        home = _home() / name
        for path in sorted(each for each in home.rglob("*") if each.is_file()):
            if path.suffix == ".pyc":
                continue
            place = target / name / path.relative_to(home)
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputFailed(f"cannot write {place.parent}: {error.strerror}") from None
            write_bytes(str(place), path.read_bytes())
            count += 1
    say(f"klprove: {count} files in {folder}: {', '.join(FOLDERS)}")


def _home() -> Path:
    """Where the examples are: in the package of a wheel, at the root of a checkout."""
    package = Path(klprove.__file__).parent
    inside = package / "examples"
    return inside if inside.is_dir() else package.parents[1]


def _refuse_full(target: Path) -> None:
    """Raise OutputFailed for a folder with something in it: nobody's work is written over."""
    try:
        full = next(target.iterdir(), None) is not None
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputFailed(f"cannot write {target}: {error.strerror}") from None
    if full:
        raise OutputFailed(f"cannot write {target}: it is not empty; name another folder")
