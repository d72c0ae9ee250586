# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of a machine that dies."""


class Lost(Exception):
    """A virtual machine died, or did not answer in time; the text says what is known of it."""


class Late(Lost):
    """What was asked of a virtual machine has not begun in time: nothing was learned of its kernel,
    and another machine may do better."""
