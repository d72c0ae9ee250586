"""The reader of checkpoints."""

import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random

from klprove.check import Question, program
from klprove.engine import Limits, explore
from klprove.ir import Program
from tests.fuzz.mutation import mutated
from tests.fuzz.readers.reader import TINY, Reader, Wrong


@cache
def _tiny() -> Program:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.c"
        path.write_text(TINY)
        return program(Question((str(path),)))


@cache
def saved() -> Mapping[str, bytes]:
    """The files of a checkpoint of `resumed`, made once."""
    with tempfile.TemporaryDirectory() as folder:
        resumed(Path(folder), False)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def resumed(folder: Path, resume: bool) -> None:
    """Search a tiny model, whose answer is known, with a checkpoint in `folder`."""
    limits = Limits(
        engine="native",
        arrivals={"irq": 1},
        checkpoint=folder,
        checkpoint_seconds=0.0,
        resume=resume,
    )
    verdict = explore(_tiny(), limits)
    if verdict.word != "violated":
        raise Wrong(f"a checkpoint that is not ours made it {verdict.word}")


def _damage(random: Random) -> bytes:
    """The name of a file, and what is in its place."""
    name = random.choice([*saved(), "search.json"])
    content = mutated(random, list(saved().values()))
    if name == "search.json" and random.random() < 0.5:
        content = mutated(random, [saved()[name]])
    return name.encode() + b"\n" + content


def _restored(data: bytes, folder: Path) -> None:
    name, _, content = data.partition(b"\n")
    for each, good in saved().items():
        (folder / each).unlink(missing_ok=True)
        (folder / each).write_bytes(content if each.encode() == name else good)
    resumed(folder, True)


READERS: Mapping[str, Reader] = {
    "checkpoint": Reader(_damage, _restored),
}
"""By name."""
