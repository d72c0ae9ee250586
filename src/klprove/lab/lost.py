# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of a machine that dies."""


class Lost(Exception):
    """A virtual machine died, or did not answer in time; the text says what is known of it."""
