"""The livepatch core's scene: cases with a known answer, a generation at a time.

`python -m tests.kernels.transitions` asks them all and writes the tables of docs/livepatch-core.md.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from klprove.check import Question
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

    def generations(self) -> Iterator[str]:
        """Those that the case is asked of."""
        first = next(iter(self.expect))
        known = names(HOME, TRANSITION)
        for name in known[known.index(first) :]:
            if self.action in load(name, scene=TRANSITION).actions:
                yield name

    def expected(self, generation: str) -> str:
        """The codes that are known to be found there."""
        known = names(HOME, TRANSITION)
        earlier = [name for name in self.expect if known.index(name) <= known.index(generation)]
        return self.expect[earlier[-1]]

    def question(self, generation: str) -> Question:
        """The case asked of `generation`."""
        files = (str(HERE / "mutants" / f"{self.mutant}.c"),) if self.mutant else ()
        defines = {**TASKS[self.tasks], **self.define}
        return Question(files, generation, defines=defines, scene=TRANSITION, action=self.action)


def cases() -> tuple[Case, ...]:
    """All of `cases.toml`, in its order."""
    found = tomllib.loads((HERE / "cases.toml").read_text())["case"]
    return tuple(Case(**{"define": {}, "mutant": "", **each}) for each in found)
