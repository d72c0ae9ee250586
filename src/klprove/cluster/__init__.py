# SPDX-License-Identifier: GPL-2.0-or-later
"""Workers on a Ray cluster: calls go out, results and losses come in. Knows nothing of what runs.

The only room that speaks to Ray, which is optional (`klprove[cluster]`) and imported by a process
of its own.
"""

from klprove.cluster.crew import Cluster, Crew, Event, Worker

__all__ = ["Cluster", "Crew", "Event", "Worker"]
