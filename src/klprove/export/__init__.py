# SPDX-License-Identifier: GPL-2.0-or-later
"""A program as a model of another checker: Promela for SPIN, a litmus test for herd7."""

from klprove.export.events import Event
from klprove.export.litmus import litmus
from klprove.export.promela import Model, promela

__all__ = ["Event", "Model", "litmus", "promela"]
