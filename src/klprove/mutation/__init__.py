# SPDX-License-Identifier: GPL-2.0-or-later
"""What a model and its properties are worth: the smallest changes of a text, and who sees them."""

from klprove.mutation.campaign import Campaign, load_campaign
from klprove.mutation.mutants import Mutant, mutants
from klprove.mutation.running import Report, Result, mutate

__all__ = ["Campaign", "Mutant", "Report", "Result", "load_campaign", "mutants", "mutate"]
