# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m klprove`."""

from klprove.cli import main

main()
