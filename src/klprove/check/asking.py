# SPDX-License-Identifier: GPL-2.0-or-later
"""Several questions, one after the other, up to Ctrl-C."""

from collections.abc import Callable

from klprove.check.answer import Answer
from klprove.check.checking import Progress, check, unsearched
from klprove.check.question import Question
from klprove.cluster import Cluster


class Asking:
    """Answers questions; after Ctrl-C, that nothing was searched."""

    def __init__(self, jobs: int | None = None, cluster: Cluster | None = None) -> None:
        self._jobs, self._cluster = jobs, cluster
        self.interrupted = False
        self.known = False
        """True where anything was searched."""

    def answer(self, question: Question, watch: Callable[[Progress], None] | None = None) -> Answer:
        """The answer, as far as it comes. Raises BadInput."""
        if self.interrupted:
            return unsearched(question)
        try:
            found = check(question, watch, self._jobs, self._cluster)
        except KeyboardInterrupt:
            found = unsearched(question)
        self.interrupted = found.interrupted
        self.known |= found.searched
        return found
