"""SPIN against klprove, model by model: `make cross`.

    python -m tests.export.cross [WORD...]

The corpus, every handler of 2017 at a few sites, litmus shapes under x86-TSO, and generated
programs; with words only the models whose line has one of them. For each: the states and
transitions of the search that reduces nothing (SPIN counts the state at boot as one more
transition), and the codes of what both found. Models that disagree say how. The last line counts,
and the exit status says whether all agree.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from klprove.check import TSO, Question, program
from klprove.corpus import read
from klprove.engine.limits import Limits
from klprove.ir.program import Program
from klprove.source import BadInput
from tests.engine import generated, interleaved, rich
from tests.export.spin import INSTALLED, WHY, Comparison, compare
from tests.litmus.machine import outcomes
from tests.litmus.models import model
from tests.litmus.shapes import SHAPES, SIZE

ROOT = Path(__file__).parents[2]
ONE_EACH = {"irq": 1, "nmi": 1, "exception": 1}
SITES = ("rcu_irq_enter", "rcu_dynticks_eqs_exit", "ist_enter")
BENCH = {"NCPU": "2", "NIST": "0", "NNMI": "0"}


@dataclass(frozen=True, slots=True)
class Case:
    """One model: its group, what it is called there, and the bound on arrivals, if any."""

    group: str
    name: str

    def __str__(self) -> str:
        return f"{self.group} {self.name}"

    def made(self) -> tuple[Program, Limits]:
        """The program and its bounds."""
        return _GROUPS[self.group](self.name)


def _corpus(name: str) -> tuple[Program, Limits]:
    path = ROOT / "corpus" / f"{name}.c"
    question = read(path).question(path)
    return program(question), Limits(arrivals=question.arrivals, nest=question.nest)


def _handler(name: str) -> tuple[Program, Limits]:
    handler, site = name.split()
    path = str(ROOT / "handlers" / "2017" / handler)
    return program(Question((path,), kernel="v4.12rc", patch=(site,))), Limits(arrivals=ONE_EACH)


def _bench(name: str) -> tuple[Program, Limits]:
    path = str(ROOT / "bench" / name)
    return program(Question((path,), defines=BENCH)), Limits(arrivals=ONE_EACH)


def _litmus(name: str) -> tuple[Program, Limits]:
    ops = SHAPES[int(name.split()[0])].ops()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shape.c"
        path.write_text(model(ops, SIZE, sorted(outcomes(ops, SIZE))))
        return program(Question((str(path),), memory_model=TSO)), Limits()


def _one_cpu(name: str) -> tuple[Program, Limits]:
    seed = int(name)
    return generated.program(seed), Limits(arrivals={} if seed % 3 else ONE_EACH)


def _two_cpus(name: str) -> tuple[Program, Limits]:
    return generated.program(int(name), cpus=2), Limits(arrivals=ONE_EACH)


def _rich(name: str) -> tuple[Program, Limits]:
    return rich.program(int(name)), Limits(arrivals={**ONE_EACH, "softirq": 1})


def _interleaved(name: str) -> tuple[Program, Limits]:
    seed = int(name)
    return interleaved.program(seed), Limits(arrivals=interleaved.arrivals(seed))


_GROUPS: dict[str, Callable[[str], tuple[Program, Limits]]] = {
    "corpus": _corpus,
    "handler": _handler,
    "bench": _bench,
    "tso": _litmus,
    "one-cpu": _one_cpu,
    "two-cpus": _two_cpus,
    "rich": _rich,
    "interleaved": _interleaved,
}
GENERATED = ("one-cpu", "two-cpus", "rich", "interleaved")
MOST = {**dict.fromkeys(GENERATED, 30_000), "tso": 60_000}
"""States beyond which a model is left out; the others are all searched."""


def cases() -> Iterator[Case]:
    """All of them, the long ones first."""
    for path in sorted((ROOT / "handlers" / "2017").glob("*.c")):
        for site in SITES:
            yield Case("handler", f"{path.name} {site}")
    yield Case("bench", "dynticks_nest.c")
    for path in sorted((ROOT / "corpus").rglob("*.c")):
        if read(path).kernel is None:
            yield Case("corpus", str(path.relative_to(ROOT / "corpus").with_suffix("")))
    for number, shape in enumerate(SHAPES):
        if len(shape.threads) == 2 and shape.how in ("", "mb"):
            yield Case("tso", f"{number} {shape.name} {shape.how}".strip())
    for seed in range(40):
        yield Case("one-cpu", str(seed))
    for seed in range(2000, 2025):
        yield Case("two-cpus", str(seed))
    for seed in range(45):
        yield Case("rich", str(seed))
    for seed in range(40):
        yield Case("interleaved", str(seed))


def crossed(case: Case) -> Comparison | None:
    """One model through SPIN and an engine; None where it is too large, or a step of it is."""
    made, limits = case.made()
    most = MOST.get(case.group)
    try:
        return compare(made, limits, most=most or 30_000, beyond=most is None)
    except BadInput:
        return None


def main() -> int:
    """Print the table, and say by the exit status whether all agree."""
    if not INSTALLED:
        print(f"cross: skipped, {WHY}")
        return 0
    chosen = [each for each in cases() if not sys.argv[1:] or _asked(str(each))]
    compared = wrong = found = states = 0
    print(f"{'model':<48} {'states':>9} {'transitions':>11}  findings")
    with ProcessPoolExecutor() as pool:
        for case, each in zip(chosen, pool.map(crossed, chosen), strict=True):
            if each is None:
                continue
            compared += 1
            states += each.states
            found += len(each.codes) > 0
            wrong += len(each.wrong) > 0
            mark = "DIFFERS " if each.wrong else ""
            codes = ", ".join(each.codes) or "none"
            print(f"{case!s:<48} {each.states:>9,} {each.transitions:>11,}  {mark}{codes}")
            for line in each.wrong:
                print(f"    {line}")
            sys.stdout.flush()
    print(
        f"{compared} models, {states:,} states, {found} with findings: SPIN and klprove "
        f"{'agree on all' if not wrong else f'disagree on {wrong}'}; "
        f"{len(chosen) - compared} too large to compare"
    )
    return 1 if wrong else 0


def _asked(name: str) -> bool:
    return any(word in name for word in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
