"""Readers of models, of printed IR and of kernel source."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from klprove.c import parse
from klprove.check import Question, program
from klprove.ir import parse_ir, render
from klprove.ir.verify import verify
from klprove.lift import KernelTree
from klprove.lower import lower
from tests.fuzz.mutation import mutated
from tests.fuzz.readers.reader import ROOT, Reader, Wrong, said
from tests.lift.trees import FILES, plant
from tests.litmus.reader import read as read_litmus


@cache
def _models() -> Sequence[bytes]:
    found = [*(ROOT / "corpus").glob("*/buggy.c"), *(ROOT / "tests" / "lower").glob("*/*.c")]
    return [path.read_bytes() for path in sorted(found)]


@cache
def _trees() -> Sequence[bytes]:
    return [text.encode() for text in FILES.values()]


@cache
def _printed() -> Sequence[bytes]:
    paths = sorted((ROOT / "corpus").glob("*/buggy.c"))[:10]
    whole = [render(program(Question((str(path),)))).encode() for path in paths]
    return [*whole, *(path.read_bytes() for path in sorted((ROOT / "tests").glob("lower/*/*.ir")))]


def _lowered(data: bytes, folder: Path) -> None:
    path = folder / "model.c"
    path.write_bytes(data)
    wrong = verify(lower(parse([], user=path)))
    if wrong:
        raise Wrong(f"the verifier: {wrong[0]}")


def _checked(data: bytes, folder: Path) -> None:
    path = folder / "model.c"
    path.write_bytes(data)
    # So few states that no limit is waited for.
    bounds = ["--time", "1s", "-j", "1", "--arrivals", "1", "--recursion", "2"]
    said(["check", str(path), *bounds, "--engine", "reference"])
    said(["export", "--promela", str(path)])
    _exported(path)


def _exported(path: Path) -> None:
    """A litmus test of `path`, where it fits, is one that herd's grammar has."""
    out = path.with_name("model.litmus")
    out.unlink(missing_ok=True)
    said(["export", "--litmus", "--observe", str(path), "-o", str(out)])
    if out.exists():
        read_litmus(out.read_text(encoding="ascii"))


def _parsed(data: bytes, folder: Path) -> None:
    made = parse_ir(data.decode(errors="replace"), "printed.ir")
    if not verify(made) and parse_ir(render(made), "again.ir") != made:
        raise Wrong("printed and read again it is another program")


def _source(data: bytes, folder: Path) -> None:
    """A file of a kernel tree, every function and macro of it, and one of them put into a model."""
    names = {"rcu_nmi_enter", "rcu_nmi_exit", "nmi_enter", "still_to_come", "main"}
    plant(folder, {**FILES, "kernel/rcu/tree.c": ""})
    (folder / "kernel" / "rcu" / "tree.c").write_bytes(data)
    for name, places in KernelTree(str(folder), {"CONFIG_A": "1"}).find(names).items():
        for each in places:
            if not 0 <= each.definition.start < each.definition.end <= len(data) + 4096:
                raise Wrong(f"{name} is at {each.definition}")
    lift = ("--tree", str(folder), "--lift", "kernel/rcu/tree.c:rcu_nmi_enter")
    said(["lower", str(ROOT / "handlers/2017/G.c"), "--kernel", "v4.12", *lift])


READERS: Mapping[str, Reader] = {
    "model": Reader(lambda random: mutated(random, _models()), _lowered),
    "kernel source": Reader(lambda random: mutated(random, _trees()), _source),
    "check": Reader(lambda random: mutated(random, _models()), _checked),
    "ir": Reader(lambda random: mutated(random, _printed()), _parsed),
}
"""By name."""
