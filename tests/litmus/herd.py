"""`make herd`: exported litmus tests through herd7, under SC and under the kernel's memory model.

Under SC the states that herd7 lists have to be those of the axiom (tests/litmus/axiomatic.py),
which are klprove's; under LKMM they have to be among what it allows. LKMM=DIR is tools/memory-model
of a kernel: its macros say what READ_ONCE() and the others are.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.litmus.axiomatic import outcomes
from tests.litmus.exporting import KEPT, exported, shape_model
from tests.litmus.programs import Made
from tests.litmus.reader import read

_PROGRAMS = 100
_MODELS = {
    "sc": ("-macros", "linux-kernel.def", "-bell", "linux-kernel.bell", "-model", "sc.cat"),
    "lkmm": ("-conf", "linux-kernel.cfg"),
}


def states(text: str, locations: Sequence[str]) -> set[tuple[int, ...]]:
    """The final states in what herd7 printed: `States N`, then a line each, `0:r0=1; [x]=2;`.
    Raises ValueError where there are none."""
    found = re.search(r"^States (\d+)\n((?:.*\n)*)", text, re.M)
    if found is None:
        raise ValueError(text)
    listed = set()
    for line in found[2].splitlines()[: int(found[1])]:
        values = dict(re.findall(r"\[?((?:\d+:)?\w+)\]?=(-?\d+);", line))
        listed.add(tuple(int(values[each]) for each in locations))
    return listed


def _compare(name: str, model: str, folder: Path, lkmm: str) -> bool:
    text = exported(folder / f"{name}.c", model)
    path = folder / f"{name}.litmus"
    path.write_text(text)
    test = read(text)
    wanted = outcomes(test)
    seen = {}
    for memory, options in _MODELS.items():
        command = ["herd7", *options, str(path)]
        done = subprocess.run(command, cwd=lkmm, capture_output=True, text=True, check=True)
        seen[memory] = states(done.stdout, test.locations)
    right = seen["sc"] == wanted <= seen["lkmm"]
    if not right:
        print(f"{name}: DIFFERS\n{text}", flush=True)
    return right


def main() -> int:
    """Compare the shapes and some programs; 1 where one differs."""
    lkmm = os.environ.get("LKMM", "")
    if shutil.which("herd7") is None:
        print("skipped, herd7 is not installed (opam install herdtools7)")
        return 0
    if not (Path(lkmm) / "linux-kernel.def").is_file():
        print("skipped, say where the kernel's memory model is: LKMM=.../tools/memory-model")
        return 0
    models = {f"shape-{n}": shape_model(shape) for n, shape in enumerate(KEPT)}
    models |= {f"program-{seed}": Made(seed).text() for seed in range(_PROGRAMS)}
    with tempfile.TemporaryDirectory() as folder:
        right = [_compare(name, model, Path(folder), lkmm) for name, model in models.items()]
    print(f"{len(right)} litmus tests, {sum(right)} as herd7 has them under SC and within LKMM")
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
