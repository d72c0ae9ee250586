# SPDX-License-Identifier: GPL-2.0-or-later
"""x86-TSO as a program: store buffers become memory, and a task that drains each.

The model is that of Owens, Sarkar and Sewell, "A better x86 memory model: x86-TSO" (TPHOLs 2009),
and of Sewell, Sarkar, Owens, Zappa Nardelli and Myreen (CACM 53, 2010). docs/memory-model.md says
what each part becomes and why nothing is lost by what is left out.
"""

from klprove.engine.tso.rewrite import buffered

DEFAULT_ENTRIES = 4
"""Entries of a store buffer, where nothing else is asked for."""

__all__ = ["DEFAULT_ENTRIES", "buffered"]
