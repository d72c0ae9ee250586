# SPDX-License-Identifier: GPL-2.0-or-later
"""What is asked: which text, which kernel, what is patched, within which bounds."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from klprove.evidence import Evidence

from klprove.kernels import HANDLER

EACH = "each"

SC, TSO = "sc", "tso"
MEMORY_MODELS = (SC, TSO)
"""Sequential consistency, and x86-TSO."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question. Everything that can change the answer stands here, except how hard we try
    (`seconds`, `memory`, `engine`, `no_reduce`)."""

    files: tuple[str, ...]
    """The user's C files, in order; none: the kernel model as it is."""
    kernel: str | None = None
    patch: tuple[str, ...] = ()
    """Sites, one question each: functions, or `each` for every function that can be patched; `f+g`
    patches both at once. Empty: one question, with nothing patched."""
    cpus: int | None = None
    """None: as many as the model names."""
    arrivals: Mapping[str, int] = field(default_factory=dict)
    """Most deliveries of each interrupt function on each CPU, by kind; absent is unbounded."""
    nest: Mapping[str, int] = field(default_factory=dict)
    """Most frames of a kind stacked on one CPU; absent is the engine's default."""
    recursion: int | None = None
    """How often a function may stand in one call chain; None: the kernel model's own bound."""
    defines: Mapping[str, str] = field(default_factory=dict)
    inlined: frozenset[str] = frozenset()
    """Functions that the compiler is taken to have inlined: they have no fentry of their own.
    `caller:callee`: it inlined that call, and the function is there for others."""
    memory_model: str = SC
    store_buffer: int | None = None
    """Entries of a CPU's store buffer under `tso`; None: the engine's default."""
    werror: bool = False
    """A warning counts as a violation."""
    seconds: float | None = None
    """Wall time for everything together."""
    memory: int | None = None
    """Bytes for everything together."""
    engine: str = "auto"
    no_reduce: frozenset[str] = frozenset()
    """Reductions of the search that are not used."""
    compact: bool = False
    """States by their fingerprints alone; the answer says what that leaves to chance."""
    checkpoint: str | None = None
    """A folder for checkpoints, one folder in it for each site."""
    checkpoint_seconds: float = 60.0
    resume: bool = False
    """Go on from the checkpoints that the folder holds."""
    evidence: "Evidence | None" = None
    """Why `kernel` is what it is, where an image or a source tree was named in its place."""
    tree: str | None = None
    """A tree of kernel source."""
    lift: tuple[str, ...] = ()
    """FILE:FUNCTION, each: text of the tree that takes the place of the model's."""
    source: tuple[tuple[str, ...], ...] = ()
    """The words of `klprove check` that stand for `files` where these were made from something
    else; empty where they are the user's own."""
    scene: str = HANDLER
    """Which scene of the kernel model."""
    action: str | None = None
    """What the administrator of that scene does; None: its default."""

    def fingerprint(self, model: str) -> str:
        """Twelve hex digits of the question asked of `model` (a digest of all its text).

        File names and effort stay outside: whoever has the same text and the same bounds has
        the same fingerprint.
        """
        bounds: dict[str, object] = {
            "model": model,
            "kernel": self.kernel,
            "patch": self.patch,
            "cpus": self.cpus,
            "arrivals": dict(self.arrivals),
            "nest": dict(self.nest),
            "recursion": self.recursion,
            "defines": dict(self.defines),
            "inlined": sorted(self.inlined),
        }
        if self.scene != HANDLER:
            bounds["scene"] = [self.scene, self.action]
        if self.memory_model != SC:
            bounds["memory_model"] = [self.memory_model, self.store_buffer]
        return hashlib.sha256(json.dumps(bounds, sort_keys=True).encode()).hexdigest()[:12]
