# SPDX-License-Identifier: GPL-2.0-or-later
"""Leads the guest along the schedule beside this file. Needs Python 3.11 and its own library."""

import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HOME / "driver"))

from klprove.replay.carried import main  # noqa: E402 # it is in that folder

sys.exit(main(HOME, sys.argv[1:]))
