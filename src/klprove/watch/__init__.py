# SPDX-License-Identifier: GPL-2.0-or-later
"""What a running livepatch waits for, and whether it has effect; only ever read."""

from pathlib import Path

from klprove.watch.blocking import ACTIONS, ENDS, REASONS, Action, Blocker
from klprove.watch.effect import STATES, Effect
from klprove.watch.evidence import bundle
from klprove.watch.judging import Answer, Finding, Transition, judge
from klprove.watch.looking import Look
from klprove.watch.memory import Memory
from klprove.watch.metrics import metrics
from klprove.watch.state import Frame, Patch, Snapshot, Thread
from klprove.watch.threads import MOST, Walker
from klprove.watch.trees import Folder, Recorder, Tree, open_tree

COLLECTOR = Path(__file__).with_name("collect.sh")
"""A shell script for machines without Python: it makes what `open_tree` takes."""

__all__ = [
    "ACTIONS",
    "COLLECTOR",
    "ENDS",
    "MOST",
    "REASONS",
    "STATES",
    "Action",
    "Answer",
    "Blocker",
    "Effect",
    "Finding",
    "Folder",
    "Frame",
    "Look",
    "Memory",
    "Patch",
    "Recorder",
    "Snapshot",
    "Thread",
    "Transition",
    "Tree",
    "Walker",
    "bundle",
    "judge",
    "metrics",
    "open_tree",
]
