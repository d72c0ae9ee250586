"""gcc as the judge of sequential C: `make gcc`.

    python -m tests.lower.judge [PROGRAMS]

Programs of three kinds (1,200 in all): made by Csmith, over objects, over arithmetic. Each is
compiled by gcc at -O0 and at -O2 and run; klprove lowers and runs the same text. Programs on which
they differ are printed with what each says; the last line counts, and the exit status says whether
none differs. What klprove refuses is counted by the code of its diagnostic.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.lower.generator import Generator
from tests.lower.judge.compare import INSTALLED, Comparison, compare
from tests.lower.judge.csmith import INSTALLED as CSMITH
from tests.lower.judge.csmith import csmith
from tests.lower.judge.objects import Objects

GROUPS: Mapping[str, Callable[[int], str]] = {
    "csmith": csmith,
    "objects": lambda seed: Objects(seed).text(),
    "arithmetic": lambda seed: Generator(seed).program(10),
}
_PROGRAMS = 1200
_WORKERS = 2


def one(case: tuple[str, int]) -> Comparison:
    """The comparison of a group's program."""
    group, seed = case
    with tempfile.TemporaryDirectory() as folder:
        return compare(GROUPS[group](seed), Path(folder))


def main() -> int:
    """Compare, print, count."""
    if not INSTALLED:
        print("skipped, gcc is not installed")
        return 0
    total = int(sys.argv[1]) if len(sys.argv) > 1 else _PROGRAMS
    shares = {"csmith": total // 2, "objects": total // 3, "arithmetic": total // 6}
    if not CSMITH:
        print("without Csmith, which is not installed (make csmith)")
        del shares["csmith"]
    cases = [(group, seed) for group, count in shares.items() for seed in range(count)]
    kinds: dict[str, Counter[str]] = {group: Counter() for group in shares}
    refused = Counter[str]()
    with ProcessPoolExecutor(_WORKERS) as pool:
        for (group, seed), result in zip(cases, pool.map(one, cases, chunksize=5), strict=True):
            kinds[group][result.kind] += 1
            if result.kind == "refused":
                refused[result.why] += 1
            elif result.kind == "different":
                print(f"{group} {seed}: {result.why}", flush=True)
    for group, counts in kinds.items():
        print(f"{group}: " + ", ".join(f"{count} {kind}" for kind, count in counts.most_common()))
    print("refused: " + ", ".join(f"{count} {why}" for why, count in refused.most_common()))
    whole = sum(kinds.values(), Counter[str]())
    compared = whole["equal"] + whole["different"]
    rest = f"{whole['refused']} refused, {whole['too long']} too long"
    print(f"{compared} compared, {whole['equal']} equal, {whole['different']} different; {rest}")
    return 1 if whole["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
