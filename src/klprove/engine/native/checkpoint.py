# SPDX-License-Identifier: GPL-2.0-or-later
"""A search on disk: what `--checkpoint` writes and `--resume` reads.

States, parts and pairs only ever grow, so a checkpoint appends what has come since the last one;
the table is made again from the keys. `search.json` says how much of each file counts, and is
replaced last and at one blow: whatever ends the process, the folder holds the last one whole. All
of it is sealed (`seal.py`): what has been written by somebody else, or damaged, is not read.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from klprove.engine.limits import Limits
from klprove.engine.native import kernels, seal
from klprove.engine.native.compiled import Compiled
from klprove.engine.native.store import Store
from klprove.ir.printer import render
from klprove.ir.program import Program
from klprove.source import BadInput, Diagnostic, Span

_FORMAT = 2
_HEAD = "search.json"
_TAIL = ', "seal": "%s"}'
"""The end of `_HEAD`; the seal is that of everything before."""
_CHUNK = 1 << 22
"""States, or bytes, written or read at a time."""
_FIGURES = {
    "states": kernels.COUNT,
    "expanded": kernels.HEAD,
    "transitions": kernels.TRANSITIONS,
    "pieces": kernels.PIECES,
    "pairs": kernels.PAIRS,
}


def fingerprint(program: Program, limits: Limits, off: frozenset[str]) -> str:
    """A digest of everything that the numbers of states depend on; `off`: reductions not used."""
    bounds = (sorted(limits.arrivals.items()), sorted(limits.nest.items()))
    said = json.dumps([_FORMAT, *bounds, limits.compact, sorted(off), render(program)])
    return hashlib.sha256(said.encode()).hexdigest()


class Checkpoint:
    """The folder of one search."""

    def __init__(self, folder: Path, digest: str, every: float) -> None:
        """Raises BadInput where the folder cannot be made. `every`: seconds between checkpoints."""
        self._folder, self._digest, self._every = folder, digest, every
        self._due = time.monotonic() + every
        self._written: dict[str, int] = {}
        self._seals: dict[str, hashlib.blake2b] = {}
        """Of each file that is appended to: the seal of what has been written."""
        self.states = 0
        """States of which the key has been written; `order` has to hold the others."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._key = seal.key()
        except OSError as error:
            raise self._refusal(error.strerror or "cannot be made") from None

    def due(self) -> bool:
        """True once in a while."""
        return time.monotonic() >= self._due

    def write(self, code: Compiled, store: Store, rest: dict[str, Any]) -> str:
        """Append what is new; what went wrong, if anything did: then the last one still counts.
        `rest`: what else the search has to know, in words of JSON."""
        try:
            self._write(code, store, rest)
        except OSError as error:
            return f"no checkpoint in {self._folder}: {error.strerror}"
        finally:
            self._due = time.monotonic() + self._every
        return ""

    def _write(self, code: Compiled, store: Store, rest: dict[str, Any]) -> None:
        figures = {name: store.figure(place) for name, place in _FIGURES.items()}
        states, expanded = figures["states"], figures["expanded"]
        sizes: dict[str, int] = {}
        seals: dict[str, hashlib.blake2b] = {}
        for name, buffer, size in store.streams():
            first = self._written.get(name, 0)
            chunks = (buffer.read(a, b - a) for a, b in _chunks(first, size))
            seals[name] = self._append(name, first, chunks)
            sizes[name] = size
        spans = _chunks(self.states, states)
        keys = (store.keys(code, a, b) for a, b in spans)
        seals["keys"] = self._append("keys", 8 * self.states, keys)
        sizes["keys"] = 8 * states
        if not store.exact:  # their states cannot be had from the keys
            name = f"frontier-{expanded}-{states}"
            spans = _chunks(expanded, states)
            seals[name] = self._append(name, 0, (store.records(a, b) for a, b in spans))
            sizes[name] = (states - expanded) * store.stride
        head = {"format": _FORMAT, "digest": self._digest, **figures, "sizes": sizes}
        head |= {"seals": {name: each.hexdigest() for name, each in seals.items()}}
        head |= {"unused": store.unused(), **rest}
        self._write_head(json.dumps(head).encode().removesuffix(b"}"))
        self._seals = seals
        self.states, self._written = states, sizes
        for old in self._folder.glob("frontier-*"):
            if old.name not in sizes:
                old.unlink()

    def _write_head(self, text: bytes) -> None:
        whole = seal.begun(self._key, _HEAD)
        whole.update(text)
        made = _HEAD + ".new"
        with seal.open_inside(self._folder, made, os.O_RDWR | os.O_CREAT | os.O_TRUNC) as file:
            file.write(text + (_TAIL % whole.hexdigest()).encode())
            file.flush()
            os.fsync(file.fileno())
        (self._folder / made).replace(self._folder / _HEAD)

    def _append(self, name: str, at: int, chunks: Iterable[bytes]) -> hashlib.blake2b:
        """Write to a file from byte `at` on; the seal of it with what has been written."""
        whole = self._seals[name].copy() if at else seal.begun(self._key, name)
        with seal.open_inside(self._folder, name, os.O_RDWR | os.O_CREAT) as file:
            file.seek(at)
            for each in chunks:
                file.write(each)
                whole.update(each)
            file.flush()
            os.fdatasync(file.fileno())
        return whole

    def read(self, code: Compiled, store: Store) -> dict[str, Any]:
        """Put back what was written; what `write` was given as `rest`. Raises BadInput where there
        is no checkpoint of this search, or not all of it."""
        try:
            head = self._head()
            store.reserve({place: head[name] for name, place in _FIGURES.items()})
            for name, buffer, size in store.streams():
                self._fill(name, 0, size, buffer.write)
            store.restore(code, self._words, head["states"], head["unused"])
            if not store.exact:
                name = f"frontier-{head['expanded']}-{head['states']}"
                self._fill(name, 0, head["sizes"][name], store.order.write)
        except FileNotFoundError:
            raise self._refusal("holds no checkpoint") from None
        except OSError as error:
            raise self._refusal(f"cannot be read: {error.strerror}") from None
        self.states, self._written = head["states"], head["sizes"]
        return head

    def _head(self) -> dict[str, Any]:
        """What `search.json` says, after it and all other files have been found to be ours."""
        whole = seal.begun(self._key, _HEAD)
        tail = len(_TAIL % whole.hexdigest())
        with seal.open_inside(self._folder, _HEAD, os.O_RDONLY) as file:
            size = os.fstat(file.fileno()).st_size - tail
            seal.add(whole, file, size)
            if file.read(tail + 1) != (_TAIL % whole.hexdigest()).encode():
                raise self._refusal("is damaged, or was written by somebody else")
            file.seek(0)
            head: dict[str, Any] = json.loads(file.read(size) + b"}")
        if head["format"] != _FORMAT or head["digest"] != self._digest:
            raise self._refusal("is a checkpoint of another question, or of another klprove")
        for name, said in head["seals"].items():
            self._seals[name] = seal.begun(self._key, name)
            with seal.open_inside(self._folder, name, os.O_RDONLY) as file:
                seal.add(self._seals[name], file, head["sizes"][name])
            if not seal.holds(self._seals[name], said):
                raise self._refusal(f"is damaged: {name} is not what was written")
        return head

    def _words(self, first: int, last: int) -> bytes:
        with seal.open_inside(self._folder, "keys", os.O_RDONLY) as file:
            file.seek(8 * first)
            return file.read(8 * (last - first))

    def _fill(self, name: str, first: int, last: int, write: Callable[[int, bytes], None]) -> None:
        with seal.open_inside(self._folder, name, os.O_RDONLY) as file:
            for a, b in _chunks(first, last):
                write(a, file.read(b - a))

    def _refusal(self, text: str) -> BadInput:
        return BadInput([Diagnostic("checkpoint", Span(str(self._folder), 0, 0), text)])


def _chunks(first: int, last: int) -> Iterator[tuple[int, int]]:
    return ((each, min(each + _CHUNK, last)) for each in range(first, last, _CHUNK))
