# SPDX-License-Identifier: GPL-2.0-or-later
"""The picture of an interleaving as a page that needs no network."""

from klprove.report.picture.page import MOST_STEPS, page

__all__ = ["MOST_STEPS", "page"]
