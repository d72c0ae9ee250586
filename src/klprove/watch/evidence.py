# SPDX-License-Identifier: GPL-2.0-or-later
"""The evidence bundle: one tar with what was read and what was concluded.

It has the layout of a copied /proc and /sys, so `klprove watch --root bundle.tar` judges it again.
Of threads it holds those that block, and no others.
"""

import io
import tarfile
from collections.abc import Mapping

from klprove.watch.state import Snapshot
from klprove.watch.trees import Recorder


def bundle(found: Snapshot, read: Recorder | None, texts: Mapping[str, str]) -> bytes:
    """The archive. `read`: what the look read, None for a look at memory; `texts`: further files,
    such as the answer. Contents are those of the machine, bytes that are no text included."""
    files = dict(texts)
    folders: set[str] = set()
    if read is not None:
        files |= {path: text for path, text in read.texts.items() if not _private(path)}
        folders = {*read.folders, "/proc", "/sys/kernel"}
        for thread in found.pending:
            path = f"/proc/{thread.pid}/task/{thread.tid}/patch_state"
            files[path] = f"{thread.patch_state}\n"
    if found.log is not None:
        files["/dmesg"] = "".join(f"[{each.seconds:12.6f}] {each.text}\n" for each in found.log)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for folder in sorted(folders):
            entry = _entry(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for path in sorted(files):
            data = files[path].encode(errors="surrogateescape")
            entry = _entry(path)
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def _entry(path: str) -> tarfile.TarInfo:
    """Without owner and time: the same look makes the same archive."""
    return tarfile.TarInfo(path.lstrip("/"))


def _private(path: str) -> bool:
    """The whole log: only its lines about livepatching go along."""
    return path == "/dmesg"
