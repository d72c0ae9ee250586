"""The search for calls in bytes, compared with a decoding of every function."""

from pathlib import Path

import numpy as np
import pytest

from klprove.image import open_image
from klprove.scan.code import Code
from klprove.scan.graph import CALL, TAIL, graph
from klprove.scan.subject import Subject, subject
from tests.scan.kernels import kernel
from tests.scan.toy import toy


def missing_and_extra(it: Subject, part: slice) -> tuple[set[tuple[int, int]], int, int]:
    """Edges that only the decoding finds; the number that only the search finds; of all."""
    code = Code(it.image, it.functions, it.tables, {})
    starts = it.functions.starts.tolist()
    decoded = {
        (source, each.target)
        for source in range(len(starts))[part]
        for each in code.body(source).exits
        if each.target >= 0 and each.target != source
    }
    found = graph(it.image, it.functions, it.tables.alternatives)
    kept = np.isin(found.kinds, (CALL, TAIL)) & np.isin(found.sources, np.arange(len(starts))[part])
    quiet = code.quiet | set(code.thunks)
    searched = {
        (int(source), int(target))
        for source, target in zip(found.sources[kept], found.targets[kept], strict=True)
        if target not in quiet and source != target
    }
    # The decoding also sees jumps into the middle of a function, which are no edge to its start.
    return decoded - searched, len(searched - decoded), len(searched)


def test_the_toy() -> None:
    lacking, extra, every = missing_and_extra(subject(open_image(str(toy()))), slice(None))
    assert (lacking, extra) == (set(), 0)
    assert every > 20


def test_a_jump_of_two_bytes_is_one_only_where_an_instruction_starts() -> None:
    it = subject(open_image(str(toy())))
    number = it.functions.number
    found = graph(it.image, it.functions, it.tables.alternatives)
    targets = [target for target, _, _ in found.edges(number["jumps_near"])]
    assert targets == [number["near_one"]]


@pytest.mark.parametrize("series", ["6.1", "6.12"])
def test_a_part_of_a_real_kernel(series: str) -> None:
    path: Path = kernel(series)
    it = subject(open_image(str(path)))
    lacking, extra, every = missing_and_extra(it, slice(0, 2000))
    inside = {each for each in lacking if not it.functions.fragment(each[1])}
    inside = {each for each in inside if not it.functions.fragment(each[0])}
    assert every > 3000
    assert len(inside) <= every // 100  # jumps into the middle of assembler code
    assert extra <= every // 1000
