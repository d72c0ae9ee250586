# SPDX-License-Identifier: GPL-2.0-or-later
"""A real kernel in a virtual machine, and what is seen there."""

from klprove.lab.building import headers_tree, module, modules, release_of
from klprove.lab.calling import WAYS_OF_CALL, way_of_call
from klprove.lab.comparing import Comparison, Missing, Share, compare_seen, fits
from klprove.lab.images import image_of
from klprove.lab.lost import Late, Lost
from klprove.lab.machine import Machine, Ran, Setup, command
from klprove.lab.observing import Plan, guest_files, observe, plan
from klprove.lab.seen import Entered, Run, Seen, Way, merged, read_seen, seen_document, totals

__all__ = [
    "WAYS_OF_CALL",
    "Comparison",
    "Entered",
    "Late",
    "Lost",
    "Machine",
    "Missing",
    "Plan",
    "Ran",
    "Run",
    "Seen",
    "Setup",
    "Share",
    "Way",
    "command",
    "compare_seen",
    "fits",
    "guest_files",
    "headers_tree",
    "image_of",
    "merged",
    "module",
    "modules",
    "observe",
    "plan",
    "read_seen",
    "release_of",
    "seen_document",
    "totals",
    "way_of_call",
]
