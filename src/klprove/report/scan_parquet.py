# SPDX-License-Identifier: GPL-2.0-or-later
"""The map of a kernel image as a Parquet file: a row a function. See docs/scan.md."""

import json
from typing import Any

from klprove.report.scan_data import SCHEMA
from klprove.scan import GRADES, QUESTIONS, REASONS, Map, Step
from klprove.source import Unavailable


def scan_parquet(found: Map) -> bytes:
    """The map as the bytes of a Parquet file: what JSON has, addresses as unsigned integers. What
    is said of the whole image is in the file's own metadata, under `klprove`, as JSON.

    Raises Unavailable without pyarrow.
    """
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise Unavailable(
            "--parquet needs the package pyarrow: pip install 'klprove[parquet]'; or use --sqlite"
        ) from None
    step = arrow.struct(
        [("grade", arrow.string()), ("hops", arrow.int32()), ("parent", arrow.int32()),
         ("how", arrow.string()), ("at", arrow.uint64())]
    )  # fmt: skip
    kinds = {
        "name": arrow.string(),
        "aliases": arrow.list_(arrow.string()),
        "address": arrow.uint64(),
        "size": arrow.uint64(),
        "region": arrow.string(),
        "patchable": arrow.bool_(),
        "reason": arrow.string(),
        "site": arrow.int64(),
        "sympos": arrow.int32(),
        "kprobe_refused": arrow.bool_(),
        **dict.fromkeys(QUESTIONS, step),
    }
    about = {
        "schema": SCHEMA,
        "path": found.path,
        "machine": found.machine,
        "release": found.release,
        "build_id": found.build_id,
        "counts": dict(found.counts),
        "notes": list(found.notes),
        "open": dict(found.open),
    }
    schema = arrow.schema(list(kinds.items()), metadata={"klprove": json.dumps(about)})
    content = arrow.BufferOutputStream()
    table = arrow.table(_columns(found), schema=schema)
    parquet.write_table(table, content, compression="zstd")
    return bytes(content.getvalue())


def _columns(found: Map) -> dict[str, list[Any]]:
    every = range(len(found.names))
    return {
        "name": list(found.names),
        "aliases": [list(found.aliases.get(index, ())) for index in every],
        "address": list(found.addresses),
        "size": list(found.sizes),
        "region": list(found.regions),
        "patchable": [None if word == "unknown" else word == "site" for word in found.patch],
        "reason": [REASONS[word] for word in found.patch],
        "site": [offset if offset >= 0 else None for offset in found.offsets],
        "sympos": [found.sympos.get(index) for index in every],
        "kprobe_refused": [index in found.blacklisted for index in every],
        **{
            question: [_step(found.reached.get(question, {}).get(index)) for index in every]
            for question in QUESTIONS
        },
    }


def _step(step: Step | None) -> dict[str, Any] | None:
    if step is None:
        return None
    return {
        "grade": GRADES[step.grade],
        "hops": step.hops,
        "parent": step.parent if step.parent >= 0 else None,
        "how": step.how,
        "at": step.site or None,
    }
