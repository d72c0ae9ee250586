# SPDX-License-Identifier: GPL-2.0-or-later
"""The nested engine: one CPU that takes interrupts, any number of arrivals, each interrupt explored
once for what it can see.

An interrupt runs on top of whatever it interrupts and returns to it; of what lies below it sees
nothing but memory. So a CPU with its interrupts is a pushdown system, and it is explored as one: an
*activation* is an interrupt entered with certain bytes in its footprint (`engine/footprint.py`);
its exits, the memories it can leave behind, are computed once and applied wherever an equal
activation arrives. Other CPUs that run tasks only have finitely many states of their own. These
belong to what an interrupt sees and leaves behind, and they step inside of an activation as well.
This is exact: a finding exists here if and only if the reference engine finds it, and the lengths
of shortest traces are equal.

Sources: summaries of procedures, Sharir and Pnueli 1981; Reps, Horwitz and Sagiv, POPL 1995.
Shortest runs of a pushdown system by a heap: Knuth, "A generalization of Dijkstra's algorithm",
1977; Reps, Schwoon, Jha and Melski, "Weighted pushdown systems", 2005. Finite processes beside a
pushdown process: Qadeer and Rehof, TACAS 2005.
"""

from klprove.engine.nested.cpus import applicable, home
from klprove.engine.nested.exploring import Nested

__all__ = ["Nested", "applicable", "home"]
