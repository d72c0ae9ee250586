# SPDX-License-Identifier: GPL-2.0-or-later
"""The native engine: the program as machine code, through llvmlite alone."""

from klprove.engine.native.compiled import available
from klprove.engine.native.search import Native

__all__ = ["Native", "available"]
