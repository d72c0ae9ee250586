"""Readers of claims, heads, catalogues, campaigns and manifests."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from klprove.check import load_claims
from klprove.corpus import find
from klprove.kernels import HOME, load
from klprove.mutation import load_campaign
from tests.fuzz.mutation import mutated
from tests.fuzz.readers.reader import ROOT, TINY, Reader, Wrong, said, strings


@cache
def _claims() -> Sequence[bytes]:
    return [path.read_bytes() for path in sorted((ROOT / "claims").glob("*/*.toml"))]


@cache
def _manifests() -> Sequence[bytes]:
    return [path.read_bytes() for path in sorted(HOME.glob("*/kernel.toml"))]


def _claimed(data: bytes, folder: Path) -> None:
    (folder / "01.toml").write_bytes(data)
    load_claims(folder)


@cache
def _heads() -> Sequence[bytes]:
    paths = sorted((ROOT / "corpus").glob("*/*.c"))
    heads = {path.read_bytes().partition(b"*/")[0] + b"*/\n" for path in paths}
    return [
        *sorted(heads),
        b"/* klprove: expect incomplete; nest irq=2; engine native; kernel v4.12 */",
    ]


def _expected(data: bytes, folder: Path) -> None:
    """A head, as `klprove corpus` finds it before it runs anything."""
    entry = folder / "entry"
    entry.mkdir(exist_ok=True)
    (entry / "buggy.c").write_bytes(data)
    find([str(folder)], folder)


_CATALOGUE = (
    b'[{"id": "entry", "year": 2017, "min_arrivals": 2, "buggy": "fails", "fixed": "holds"}]',
    b'[{"id": "entry", "buggy": "violated"}, {"id": "other", "buggy": null, "fixed": []}]',
    b'[{"id": "\\u202eentry", "year": {"a": [1e99]}, "min_arrivals": 200, "fixed": "holds"}]',
)


def _catalogued(data: bytes, folder: Path) -> None:
    """A catalogue, with what is said of its twins."""
    (folder / "catalogue.json").write_bytes(data)
    entry = folder / "entry"
    entry.mkdir(exist_ok=True)
    for name in ("buggy", "fixed"):
        (entry / f"{name}.c").write_text(TINY)
    words = ["--engine", "reference", "--time", "1s", "-j", "1"]
    told = said(["corpus", str(folder), "--json", "-", *words])
    if told.startswith("{"):
        strings(json.loads(told))
    said(["corpus", str(folder), "--as", "ktap", *words])


@cache
def _campaigns() -> Sequence[bytes]:
    return [path.read_bytes() for path in sorted((ROOT / "campaigns").glob("*.toml"))]


def _campaigned(data: bytes, folder: Path) -> None:
    path = folder / "campaign.toml"
    path.write_bytes(data)
    load_campaign(path)


def _kernel(data: bytes, folder: Path) -> None:
    home = folder / "home" / "v4.12rc"
    home.mkdir(parents=True, exist_ok=True)
    (home / "kernel.toml").write_bytes(data)
    (home / "klprove.c").write_text("int x;\n")
    kernel = load("v4.12rc", folder / "home")
    outside = [path for path in kernel.files if path.parent.parent != folder / "home"]
    if outside:
        raise Wrong(f"reads {outside}")


READERS: Mapping[str, Reader] = {
    "claim": Reader(lambda random: mutated(random, _claims()), _claimed),
    "head": Reader(lambda random: mutated(random, _heads()), _expected),
    "catalogue": Reader(lambda random: mutated(random, _CATALOGUE), _catalogued),
    "campaign": Reader(lambda random: mutated(random, _campaigns()), _campaigned),
    "kernel": Reader(lambda random: mutated(random, _manifests()), _kernel),
}
"""By name."""
