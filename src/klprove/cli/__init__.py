# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line: the only room that prints and exits."""

from klprove.cli.main import main

__all__ = ["main"]
