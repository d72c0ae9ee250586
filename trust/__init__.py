# SPDX-License-Identifier: GPL-2.0-or-later
"""What a verdict rests on: the runs that check the checker, their counts, and the page on them."""
