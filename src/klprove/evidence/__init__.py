# SPDX-License-Identifier: GPL-2.0-or-later
"""Which model of the kernel fits an image or a source tree: what is in it decides."""

from klprove.evidence.calls import CallSite
from klprove.evidence.choice import IMAGE, Candidate, Evidence, Seen, resolve

__all__ = ["IMAGE", "CallSite", "Candidate", "Evidence", "Seen", "resolve"]
