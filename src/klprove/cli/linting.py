# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove lint`: its options."""

from typing import Any

import click

from klprove.cli.formats import format_options
from klprove.source import Unavailable


@click.command("lint")
@click.argument("module", required=False, metavar="LIVEPATCH.ko")
@click.option("--vmlinux", metavar="FILE", help="The kernel it is for, with a symbol table.")
@click.option("--debug", metavar="FILE", help="Its DWARF, where that is in a file of its own.")
@click.option("--names", metavar="FILE", help="System.map or kallsyms, for a stripped vmlinux.")
@click.option(
    "--object",
    "objects",
    multiple=True,
    metavar="FILE|FOLDER",
    help="A module that it patches, or a folder that has it (/lib/modules/VERSION). Repeatable.",
)
@click.option(
    "--running", metavar="/sys", help="Check that these builds run: build-ids in /sys, or a copy."
)
@click.option(
    "--after",
    multiple=True,
    metavar="OLD.ko",
    help="A livepatch that is loaded before this one. Repeatable, the oldest first.",
)
@click.option("--list", "listed", is_flag=True, help="Say what the module patches; ask no rule.")
@click.option("--rule", "rules", multiple=True, metavar="H04", help="Only this one. Repeatable.")
@click.option(
    "--explain", metavar="H04|all", help="What a rule is about, where it bit, what to do."
)
@click.option("--list-rules", is_flag=True, help="A line a rule.")
@click.option("--waivers", metavar="FILE", help="Accepted findings, each with its reason (TOML).")
@click.option("--baseline", metavar="FILE", help="Findings that are not told again.")
@click.option("--write-baseline", metavar="FILE", help="Write what is found as a baseline.")
@click.option("-v", "verbose", is_flag=True, help="The evidence below each finding.")
@format_options(pictured=False)
def lint_command(**options: Any) -> int:
    """Say what will bite when a finished livepatch module is loaded.

    \b
      klprove lint livepatch.ko --vmlinux vmlinux
      klprove lint livepatch.ko --vmlinux vmlinux --object /lib/modules/6.1.0-56-amd64
      klprove lint new.ko --vmlinux vmlinux --after old.ko
      klprove lint livepatch.ko --list
      klprove lint --explain H12

    The first run for a kernel makes its map (klprove scan) and reads its DWARF, which takes half a
    minute; both are kept. One line a finding, `file: severity: rule: function+offset: text`;
    docs/lint.md has the rules.

    Exit status: 0 nothing found and everything known, 1 errors or warnings, 2 a file cannot be
    used (what can be said without it is said), 3 a rule cannot tell.
    """
    try:
        from klprove.cli.linted import linted
    except ModuleNotFoundError as error:
        text = f"lint needs the package {error.name}: pip install 'klprove[scan]'"
        raise Unavailable(text) from None
    return linted(**options)
