"""The first line of a corpus file: what klprove is expected to say about it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

_LINE = re.compile(r"/\* klprove: (?P<parts>[^*]*) \*/")
_BOUNDS = re.compile(r"[a-z]+=\d+(?:,[a-z]+=\d+)*")


@dataclass(frozen=True, slots=True)
class Expectation:
    """A verdict, the codes of all findings, and the size of the complete reference search."""

    verdict: str
    codes: frozenset[str]
    states: int
    arrivals: Mapping[str, int] = field(default_factory=dict)
    nest: Mapping[str, int] = field(default_factory=dict)

    def line(self) -> str:
        """The line that `read` would read this from."""
        parts = [f"expect {self.verdict} {' '.join(sorted(self.codes))}".strip()]
        for word, bounds in (("arrivals", self.arrivals), ("nest", self.nest)):
            if bounds:
                parts.append(f"{word} " + ",".join(f"{kind}={n}" for kind, n in bounds.items()))
        return f"/* klprove: {'; '.join([*parts, f'states {self.states}'])} */"


def read(path: Path) -> Expectation:
    """The expectation in the first line of `path`; ValueError where it is not one."""
    return parse(path.read_text().partition("\n")[0])


def parse(line: str) -> Expectation:
    """The expectation that `line` states; ValueError where it is not one."""
    found = _LINE.fullmatch(line)
    if not found:
        raise ValueError(f"not `/* klprove: ... */`: {line}")
    parts = dict(part.partition(" ")[::2] for part in found["parts"].split("; "))
    verdict, *codes = parts.pop("expect", "").split() or [""]
    states = parts.pop("states", "")
    bounds = {word: _bounds(parts.pop(word)) for word in ("arrivals", "nest") if word in parts}
    if verdict not in ("holds", "violated", "incomplete") or not states.isdecimal() or parts:
        raise ValueError(f"not an expectation: {line}")
    return Expectation(verdict, frozenset(codes), int(states), **bounds)


def pin(path: Path, states: int) -> None:
    """Write `states` into the first line of `path`."""
    _, newline, rest = path.read_text().partition("\n")
    path.write_text(replace(read(path), states=states).line() + newline + rest)


def updating() -> bool:
    """True where numbers of states are to be written, not compared: never under CI."""
    if not os.environ.get("KLPROVE_UPDATE"):
        return False
    if os.environ.get("CI"):
        raise RuntimeError("KLPROVE_UPDATE is refused under CI: pins are changed by hand and read")
    return True


def _bounds(text: str) -> dict[str, int]:
    if not _BOUNDS.fullmatch(text):
        raise ValueError(f"not bounds: {text}")
    return {kind: int(n) for kind, n in (each.split("=") for each in text.split(","))}
