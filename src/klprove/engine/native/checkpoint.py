"""A search on disk: what `--checkpoint` writes and `--resume` reads.

States, parts and pairs only ever grow, so a checkpoint appends what has come since the last one;
the table is made again from the keys. `search.json` says how much of each file counts, and is
replaced last and at one blow: whatever ends the process, the folder holds the last one whole.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from klprove.engine.limits import Limits
from klprove.engine.native import kernels
from klprove.engine.native.compiled import Compiled
from klprove.engine.native.store import Store
from klprove.ir.printer import render
from klprove.ir.program import Program
from klprove.source import BadInput, Diagnostic, Span

_FORMAT = 1
_HEAD = "search.json"
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
        self.states = 0
        """States of which the key has been written; `order` has to hold the others."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
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
        sizes = {}
        for name, buffer, size in store.streams():
            first = self._written.get(name, 0)
            self._append(name, first, (buffer.read(a, b - a) for a, b in _chunks(first, size)))
            sizes[name] = size
        spans = _chunks(self.states, states)
        self._append("keys", 8 * self.states, (store.keys(code, a, b) for a, b in spans))
        sizes["keys"] = 8 * states
        if not store.exact:  # their states cannot be had from the keys
            name = f"frontier-{expanded}-{states}"
            spans = _chunks(expanded, states)
            self._append(name, 0, (store.records(a, b) for a, b in spans))
            sizes[name] = (states - expanded) * store.stride
        head = {"format": _FORMAT, "digest": self._digest, **figures, "sizes": sizes}
        head |= {"unused": store.unused(), **rest}
        made = self._folder / (_HEAD + ".new")
        with open(made, "w", encoding="ascii") as file:
            json.dump(head, file)
            file.flush()
            os.fsync(file.fileno())
        made.replace(self._folder / _HEAD)
        self.states, self._written = states, sizes
        for old in self._folder.glob("frontier-*"):
            if old.name not in sizes:
                old.unlink()

    def _append(self, name: str, at: int, chunks: Iterable[bytes]) -> None:
        path = self._folder / name
        with open(path, "r+b" if path.exists() else "w+b") as file:
            file.seek(at)
            file.writelines(chunks)
            file.flush()
            os.fdatasync(file.fileno())

    def read(self, code: Compiled, store: Store) -> dict[str, Any]:
        """Put back what was written; what `write` was given as `rest`. Raises BadInput where there
        is no checkpoint of this search, or not all of it."""
        try:
            head = json.loads((self._folder / _HEAD).read_text(encoding="ascii"))
            if head["format"] != _FORMAT or head["digest"] != self._digest:
                raise self._refusal("is a checkpoint of another question, or of another klprove")
            for name, size in head["sizes"].items():
                if (self._folder / name).stat().st_size < size:
                    raise self._refusal(f"is damaged: {name} is too short")
            store.reserve({place: head[name] for name, place in _FIGURES.items()})
            for name, buffer, size in store.streams():
                self._fill(name, 0, size, buffer.write)
            store.restore(code, self._words, head["states"], head["unused"])
            if not store.exact:
                name = f"frontier-{head['expanded']}-{head['states']}"
                self._fill(name, 0, head["sizes"][name], store.order.write)
        except FileNotFoundError:
            raise self._refusal("holds no checkpoint") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._refusal(f"cannot be read: {error}") from None
        self.states, self._written = head["states"], head["sizes"]
        return dict(head)

    def _words(self, first: int, last: int) -> bytes:
        with open(self._folder / "keys", "rb") as file:
            file.seek(8 * first)
            return file.read(8 * (last - first))

    def _fill(self, name: str, first: int, last: int, write: Callable[[int, bytes], None]) -> None:
        with open(self._folder / name, "rb") as file:
            for a, b in _chunks(first, last):
                write(a, file.read(b - a))

    def _refusal(self, text: str) -> BadInput:
        return BadInput([Diagnostic("checkpoint", Span(str(self._folder), 0, 0), text)])


def _chunks(first: int, last: int) -> Iterator[tuple[int, int]]:
    return ((each, min(each + _CHUNK, last)) for each in range(first, last, _CHUNK))
