"""The readers: what gets the bytes, from which good inputs they are made, what may come of them."""

from collections.abc import Mapping
from pathlib import Path

from klprove.source import BadInput
from tests.fuzz.readers import (
    checkpoints,
    commands,
    corpus,
    images,
    letters,
    machines,
    models,
    modules,
    traces,
)
from tests.fuzz.readers.reader import ROOT, Reader, Wrong

__all__ = ["READERS", "ROOT", "Reader", "read"]

READERS: Mapping[str, Reader] = {
    **images.READERS,
    **models.READERS,
    **letters.READERS,
    **modules.READERS,
    **corpus.READERS,
    **commands.READERS,
    **checkpoints.READERS,
    **machines.READERS,
    **traces.READERS,
}


def read(name: str, data: bytes, folder: Path) -> None:
    """Give `data` to a reader; raises what must not happen."""
    try:
        READERS[name].read(data, folder)
    except BadInput as refused:
        alive = [each for each in str(refused) if not (" " <= each <= "~" or each == "\n")]
        if alive or not refused.diagnostics:
            raise Wrong(f"complains with {alive}") from None
