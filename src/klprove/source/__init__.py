# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things stand in the user's files, and how we complain about them."""

from klprove.source.diagnostic import CODES, BadInput, Diagnostic, Unavailable, given
from klprove.source.span import NOWHERE, Span
from klprove.source.spelling import near, plain, plain_lines

__all__ = [
    "CODES",
    "NOWHERE",
    "BadInput",
    "Diagnostic",
    "Span",
    "Unavailable",
    "given",
    "near",
    "plain",
    "plain_lines",
]
