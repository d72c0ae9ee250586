# SPDX-License-Identifier: GPL-2.0-or-later
"""Mail: the C that somebody proposes in one, found, put where it belongs, and told apart from what
we had to add."""

from klprove.mail.message import MOST_BYTES, Line, Message, read
from klprove.mail.placing import ENTRY, EXIT, Placed, place
from klprove.mail.snippets import FUNCTIONS, Snippet, choose, find
from klprove.mail.taking import STDIN, Taken, complaints, take, told

__all__ = [
    "ENTRY",
    "EXIT",
    "FUNCTIONS",
    "MOST_BYTES",
    "STDIN",
    "Line",
    "Message",
    "Placed",
    "Snippet",
    "Taken",
    "choose",
    "complaints",
    "find",
    "place",
    "read",
    "take",
    "told",
]
