# SPDX-License-Identifier: GPL-2.0-or-later
"""A trace of a model, done to a real kernel in a virtual machine, and compared step by step."""

from klprove.replay.fidelity import SECONDS, Campaign, Hook, Tried, campaign, disagreements, hooks
from klprove.replay.outcome import (
    AGREED,
    DIFFERS,
    MERGED,
    NOT_MAPPED,
    NOT_REACHED,
    SPOILED,
    Cell,
    Outcome,
    Row,
    shown,
)
from klprove.replay.packing import bundle, stock_bundle
from klprove.replay.replaying import Prepared, planned, prepare, replay
from klprove.replay.scenes import STOCK, Shown
from klprove.replay.schedule import SKIP, Schedule, Step, schedule
from klprove.replay.stock import Ready, prepare_stock, reproduce
from klprove.replay.telling import told
from klprove.replay.trace import Case, NotMappable, read_case
from klprove.replay.words import Words, words

__all__ = [
    "AGREED",
    "DIFFERS",
    "MERGED",
    "NOT_MAPPED",
    "NOT_REACHED",
    "SECONDS",
    "SKIP",
    "SPOILED",
    "STOCK",
    "Campaign",
    "Case",
    "Cell",
    "Hook",
    "NotMappable",
    "Outcome",
    "Prepared",
    "Ready",
    "Row",
    "Schedule",
    "Shown",
    "Step",
    "Tried",
    "Words",
    "bundle",
    "campaign",
    "disagreements",
    "hooks",
    "planned",
    "prepare",
    "prepare_stock",
    "read_case",
    "replay",
    "reproduce",
    "schedule",
    "shown",
    "stock_bundle",
    "told",
    "words",
]
