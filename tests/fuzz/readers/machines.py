"""Readers of what a machine says: its /proc and /sys, and what was seen at functions."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from random import Random

from prometheus_client.parser import text_string_to_metric_families

from klprove.lab import Run, Seen, compare_seen, merged, read_seen, seen_document
from klprove.lab.seen import parse as table_of_sites
from klprove.report.seen import observed, observed_document
from klprove.scan import Map, scan
from klprove.source import BadInput, plain_lines
from tests.fuzz.mutation import mutated
from tests.fuzz.readers.reader import STATUSES, Reader, said, strings
from tests.scan.toy import toy
from tests.watch.copies import guest

_NO_SUPPORT = 4


@cache
def _machines() -> Mapping[str, bytes]:
    """The files of a machine whose transition stalls."""
    files = guest("stalled").files
    return {name: (text or "").encode(errors="surrogateescape") for name, text in files.items()}


def _copied(random: Random) -> bytes:
    """The name of a file, and what is in its place; or an archive as a whole."""
    names = [each for each in _machines() if not each.endswith("patch_state")]
    if random.random() < 0.2:
        with tempfile.TemporaryDirectory() as folder:
            whole = guest("stalled").archive(Path(folder) / "copy.tar")
            return b"\n" + mutated(random, [Path(whole).read_bytes()])
    name = random.choice([*names, "/proc/38/task/38/patch_state"])
    return name.encode() + b"\n" + mutated(random, list(_machines().values()))


def _watched(data: bytes, folder: Path) -> None:
    name, _, content = data.partition(b"\n")
    path = folder / "copy.tar"
    if name:
        machine = guest("stalled")
        machine.files[name.decode(errors="replace")] = content.decode(errors="surrogateescape")
        machine.archive(path)
    else:
        path.write_bytes(content)
    words = ["watch", "--once", "--root", str(path)]
    said(words, (*STATUSES, _NO_SUPPORT))
    out = ["--json", "-", "--metrics", str(folder / "out.prom"), "--bundle", f"{folder}/out.tar"]
    told = said([*words, *out], (*STATUSES, _NO_SUPPORT))
    if told.startswith("{"):
        strings(json.loads(told))
        list(text_string_to_metric_families((folder / "out.prom").read_text(encoding="ascii")))


@cache
def _toy_map() -> Map:
    return scan(str(toy()), cache=False)


@cache
def _observations() -> Sequence[bytes]:
    """What a run of the toy could have seen, as a file and as the module writes it."""
    found = _toy_map()
    pairs = zip(found.addresses, found.offsets, strict=True)
    sites = [at + offset for at, offset in pairs if offset >= 0]
    table = "".join(f"{site:x} {n % 32:x} {n + 1} {site:x}\n" for n, site in enumerate(sites))
    runs = [Run("max", ["idle=poll"], 1.5, 3, 0, 0)]
    names = frozenset(found.names)
    seen = Seen(found.release, found.build_id, runs, names, table_of_sites(table, "seen"))
    return [json.dumps(seen_document(seen)).encode(), table.encode()]


def _looked_on(data: bytes, folder: Path) -> None:
    path = folder / "seen.json"
    path.write_bytes(data)
    with suppress(BadInput):
        table_of_sites(data.decode(errors="replace"), "seen")
    found, seen = _toy_map(), merged([read_seen(str(path))])
    compared = compare_seen(found, seen)
    calls = ["unknown"] * len(compared.missing)
    plain_lines(observed(found, seen, compared, calls))
    json.dumps(observed_document(found, seen, compared, calls))


READERS: Mapping[str, Reader] = {
    "machine": Reader(_copied, _watched),
    "seen": Reader(lambda random: mutated(random, _observations()), _looked_on),
}
"""By name."""
