# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove schema`."""

import click

from klprove.cli.output import say
from klprove.schemas import published, schema_text
from klprove.source import plain


@click.command("schema")
@click.argument("name", required=False, metavar="[NAME]")
def schema_command(name: str | None) -> None:
    """The JSON Schema of what klprove writes as JSON; without NAME, all of them and who writes it.

    \b
      klprove schema
      klprove schema check > check.schema.json
      klprove schema klprove.check/4

    JSON Schema 2020-12. docs/json.md says when a version rises.
    """
    if name is None:
        lines = []
        for each in published():
            lines += [f"{each.id:<24}{each.written}", f"    {each.title}"]
        say("\n".join(lines))
        return
    try:
        text = schema_text(name)
    except KeyError as error:
        close = f"; near it: {', '.join(map(str, error.args))}" if error.args else ""
        raise click.UsageError(
            f"no schema {plain(name)}{close}; klprove schema lists them"
        ) from None
    say(text.rstrip("\n"))
