# SPDX-License-Identifier: GPL-2.0-or-later
"""Which model of the kernel fits an image or a source tree: what is in it decides."""

from klprove.evidence.choice import Candidate, Evidence, Seen, resolve

__all__ = ["Candidate", "Evidence", "Seen", "resolve"]
