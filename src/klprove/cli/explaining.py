# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove explain`."""

from difflib import get_close_matches

import click

from klprove.cli.output import say
from klprove.report import EXPLANATIONS, field


@click.command("explain")
@click.argument("code", required=False)
def explain_command(code: str | None) -> int:
    """What a finding means and what would make it wrong; without CODE, all codes."""
    if code is None:
        say(
            "\n".join(
                line for name, each in EXPLANATIONS.items() for line in _brief(name, each.why)
            )
        )
        return 0
    if code not in EXPLANATIONS:
        near = get_close_matches(code, EXPLANATIONS, n=3, cutoff=0.4)
        hint = f"; near it: {', '.join(near)}" if near else ""
        raise click.UsageError(f"no finding has the code {code}{hint}")
    say(
        "\n".join(
            [*field("why", EXPLANATIONS[code].why), *field("wrong if", EXPLANATIONS[code].wrong_if)]
        )
    )
    return 0


def _brief(name: str, why: str) -> list[str]:
    return [name, *("  " + line for line in field("why", why))]
