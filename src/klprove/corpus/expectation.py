# SPDX-License-Identifier: GPL-2.0-or-later
"""What is expected of a model, and the question that it asks."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from klprove.check import SC, Question
from klprove.kernels import HANDLER

COUNTED_BY = ("reference", "native")
"""Engines whose numbers of states are the same, and are the ones that a header pins: every
reachable state of the program, `native` without reductions."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A verdict, the codes of all findings, the size of the complete search, and the question."""

    verdict: str
    """Of every site, where several functions are patched."""
    codes: frozenset[str] | None = frozenset()
    """Of all sites together; None: nobody has said which."""
    states: int | None = None
    """Every reachable state, summed over the sites; None: not pinned, and the search may be
    incomplete where it finds what is expected."""
    arrivals: Mapping[str, int] = field(default_factory=dict)
    nest: Mapping[str, int] = field(default_factory=dict)
    kernel: str | None = None
    patch: tuple[str, ...] = ()
    cpus: int | None = None
    recursion: int | None = None
    defines: Mapping[str, str] = field(default_factory=dict)
    further: tuple[str, ...] = ()
    """Files behind the model, as seen from its folder; a function in the last one replaces others
    of its name."""
    memory_model: str = SC
    store_buffer: int | None = None
    engine: str | None = None
    """Engine that answers where the user names none."""
    scene: str = HANDLER
    action: str | None = None

    def question(self, path: Path) -> Question:
        """The question that the model at `path` asks, without effort (engine, time)."""
        further = (os.path.normpath(path.parent / each) for each in self.further)
        return Question(
            files=(str(path), *further),
            kernel=self.kernel,
            scene=self.scene,
            action=self.action,
            patch=self.patch,
            cpus=self.cpus,
            arrivals=self.arrivals,
            nest=self.nest,
            recursion=self.recursion,
            defines=self.defines,
            memory_model=self.memory_model,
            store_buffer=self.store_buffer,
        )

    def text(self) -> str:
        """Verdict and codes: `violated assert`; the verdict alone where no code is named."""
        return " ".join([self.verdict, *sorted(self.codes or ())])
