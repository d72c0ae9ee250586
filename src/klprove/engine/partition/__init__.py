# SPDX-License-Identifier: GPL-2.0-or-later
"""One search partitioned over workers: each owns the states whose hash is its own."""

from klprove.engine.partition.conductor import Conductor
from klprove.engine.partition.parts import PartLost, Parts
from klprove.engine.partition.processes import Processes

__all__ = ["Conductor", "PartLost", "Parts", "Processes"]
