"""The livepatch core's scene: cases with a known answer, a generation at a time.

`python -m tests.kernels.transitions` asks them all and writes the tables of docs/livepatch-core.md.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from klprove.check import SC, TSO, Question
from klprove.kernels import HOME, TRANSITION, load, names

HERE = Path(__file__).parent

TASKS: Mapping[str, Mapping[str, str]] = {
    "lean": {"KTHREAD": "0", "IDLE_CALLS": "0"},
    "kthread": {"USER_TASK": "0", "IDLE_CALLS": "0"},
    "idle": {"USER_TASK": "0", "KTHREAD": "0"},
    "all": {},
}

LETTERS = {
    "mixed-versions": "M",
    "stale-entry": "E",
    "stale-frame": "F",
    "use-after-free": "U",
    "null-dereference": "N",
    "invariant": "I",
    "warned": "W",
    "stuck": "S",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One question to every generation, and what is known about the answers."""

    name: str
    says: str
    action: str
    tasks: str
    expect: Mapping[str, str]
    """From a generation on: the codes of all that is found, in their order."""
    define: Mapping[str, str]
    mutant: str
    store_buffer: int | None
    """Entries of a CPU's store buffer, under x86-TSO; None: sequential consistency."""

    def generations(self) -> tuple[str, ...]:
        """Those that the case is asked of: all that can; large ones and mutants first and last."""
        first = next(iter(self.expect))
        known = names(HOME, TRANSITION)
        able = tuple(
            name
            for name in known[known.index(first) :]
            if self.action in load(name, scene=TRANSITION).actions
        )
        return (able[0], able[-1]) if self.mutant or self.tasks == "all" else able

    def expected(self, generation: str) -> str:
        """The codes that are known to be found there."""
        known = names(HOME, TRANSITION)
        earlier = [name for name in self.expect if known.index(name) <= known.index(generation)]
        return self.expect[earlier[-1]]

    def question(self, generation: str) -> Question:
        """The case asked of `generation`."""
        files = (str(HERE / "mutants" / f"{self.mutant}.c"),) if self.mutant else ()
        defines = {**TASKS[self.tasks], **self.define}
        return Question(
            files,
            generation,
            defines=defines,
            memory_model=TSO if self.store_buffer else SC,
            store_buffer=self.store_buffer,
            scene=TRANSITION,
            action=self.action,
        )


def cases() -> tuple[Case, ...]:
    """All of `cases.toml`, in its order."""
    found = tomllib.loads((HERE / "cases.toml").read_text())["case"]
    usual = {"define": {}, "mutant": "", "store_buffer": None}
    return tuple(Case(**{**usual, **each}) for each in found)
