# SPDX-License-Identifier: GPL-2.0-or-later
"""Lift: the unmodified text of a kernel tree in place of a model's words."""

from klprove.lift.composition import Composed, compose, words_of
from klprove.lift.configuration import configuration
from klprove.lift.lifted import Lifted
from klprove.lift.modelled import Modelled, modelled
from klprove.lift.requests import advised, requested
from klprove.lift.survey import ABSENT, LIFTED, REFUSED, Entry, Survey, survey
from klprove.lift.tree import KernelTree

__all__ = [
    "ABSENT",
    "LIFTED",
    "REFUSED",
    "Composed",
    "Entry",
    "KernelTree",
    "Lifted",
    "Modelled",
    "Survey",
    "advised",
    "compose",
    "configuration",
    "modelled",
    "requested",
    "survey",
    "words_of",
]
