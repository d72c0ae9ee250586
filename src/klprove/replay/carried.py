# SPDX-License-Identifier: GPL-2.0-or-later
"""What a bundle does where it is unpacked: nothing but Python's own library is needed for it.

`klprove.replay.packing` writes what is read here, and takes this module and those that it imports
along, as they are.
"""

import argparse
import gzip
import json
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klprove.lab.lost import Lost
from klprove.lab.machine import Setup, command
from klprove.lab.memory import Word
from klprove.replay.driving import Driver
from klprove.replay.following import follow
from klprove.replay.led import Led
from klprove.replay.outcome import AGREED, Outcome, shown
from klprove.replay.places import Places
from klprove.replay.scenes import STOCK, Scene
from klprove.replay.schedule import Schedule, Step
from klprove.replay.telling import INDENT, done, said, told
from klprove.replay.words import Pair, Words
from klprove.source import Span, Unavailable
from klprove.verdict import Event

SCHEMA = "klprove.bundle/1"
SCHEDULE, SYMBOLS, INITRAMFS = "replay.json", "symbols.gz", "initramfs.gz"
"""Names in the bundle."""
_AGREED, _DISAGREED, _BAD, _LOST = 0, 1, 2, 4


@dataclass(frozen=True, slots=True)
class Known:
    """Of a kernel, what a bundle says."""

    named: Mapping[str, int]
    words: Mapping[str, Word]

    def variable(self, name: str, path: str) -> Word | None:
        """A per-CPU variable's part."""
        return self.words.get(name + path)

    def member(self, structure: str, path: str) -> Word | None:
        """A part of a structure of the running task."""
        return self.words.get(f"{structure}.{path}")


class Bundle:
    """The files of one."""

    def __init__(self, home: Path) -> None:
        """`home`: the folder that it was unpacked in. ValueError where it is of another format."""
        self.home = home
        self.content: Mapping[str, Any] = json.loads((home / SCHEDULE).read_text())
        if self.content.get("schema") != SCHEMA:
            raise ValueError(f"{SCHEDULE} is of {self.content.get('schema')}, not of {SCHEMA}")
        self.kernel = Known(self._symbols(), words_of(self.content["kernel"]))

    def _symbols(self) -> dict[str, int]:
        lines = gzip.decompress((self.home / SYMBOLS).read_bytes()).decode().splitlines()
        return {name: int(at, 16) for at, name in (line.split(" ") for line in lines)}

    def setup(self, vmlinux: Path) -> Setup:
        """The machine."""
        cpus = self.content["machine"]["cpus"]
        return Setup(vmlinux, initramfs=self.home / INITRAMFS, cpus=cpus)


def words_of(rows: Mapping[str, Any]) -> dict[str, Word]:
    """Words by name: of each, what `Word` has, in order."""
    return {name: Word(*row) for name, row in rows.items()}


class _Reading:
    """A schedule as it was written, given where the kernel has put the module's sections."""

    def __init__(self, content: Mapping[str, Any], sections: Mapping[str, int]) -> None:
        self._content, self._sections = content, sections
        self.pairs = {row["model"]: self._pair(row) for row in content["words"]}

    def value(self, given: Any) -> int:
        """A number, or a place in a section of the module."""
        if isinstance(given, int):
            return given
        return self._sections[given["section"]] + int(given["offset"])

    def _pair(self, row: Mapping[str, Any]) -> Pair:
        word = Word(row["home"], self.value(row["at"]), row["size"], row["signed"])
        meant = {0: 0} if row["address"] else {}  # what it means is resolved here already
        return Pair(row["model"], row["short"], word, row["mask"], row["order"], meant)

    def plan(self) -> Schedule:
        """The schedule."""
        resting = {name: self.value(each) for name, each in self._content["resting"].items()}
        return Schedule(tuple(map(self._step, self._content["steps"])), resting)

    def _step(self, row: Mapping[str, Any]) -> Step:
        event = Event(
            row["action"], 0, row["depth"], row["kind"], row["context"],
            Span(row["file"], row["line"], 0), tuple(row["calls"]), (), tuple(row["notes"]),
        )  # fmt: skip
        return Step(
            row["step"], event, row["do"], row["target"],
            self.pairs[row["word"]] if row["word"] else None,
            self.value(row["value"]), row["why"], row["away"],
        )  # fmt: skip


def plan_of(
    content: Mapping[str, Any], sections: Mapping[str, int]
) -> tuple[Schedule, dict[str, Pair]]:
    """The schedule in `content`, and its words, with the module's `sections` where these say."""
    reading = _Reading(content, sections)
    return reading.plan(), reading.pairs


def lead(bundle: Bundle, guest: Led, times: int, say: Callable[[str], None]) -> int:
    """Follow the bundle's schedule `times` times in a guest that has booted; the exit status."""
    content = bundle.content
    guest.prompt()
    sections = _insert(content, guest)
    guest.run(f"{content['task']} >/dev/null 2>&1 &")
    plan, pairs = plan_of(content, sections)
    own = {
        name: sections[section] + offset
        for name, (section, offset) in content["symbols"].items()
        if section in sections
    }
    symbols = {**bundle.kernel.named, **own}
    driver = Driver(
        guest.gdb, bundle.kernel, Places(symbols), Words(pairs, {}), guest.nmi, guest.disturb,
        symbols,
    )  # fmt: skip
    found = []
    for _ in range(times):
        found.append(follow(driver, plan, content["task"]))
        say(f"replay {len(found)} of {times}: {found[-1].result}")
    worst = worst_of(found)
    for line in _table(worst, pairs):
        say(line)
    if worst.first is not None:
        return _DISAGREED
    return _AGREED if all(each.result == AGREED for each in found) else _LOST


def worst_of(found: Sequence[Outcome]) -> Outcome:
    """The first that disagreed; else the first that did not agree; else the first."""
    return min(found, key=lambda each: (each.first is None, each.result == AGREED))


def _insert(content: Mapping[str, Any], guest: Led) -> dict[str, int]:
    """Insert the module; where its sections are."""
    module = content["module"]
    if module is None:
        return {}
    try:
        return guest.insert(module["name"], f"site={module['site']}")
    except ValueError as error:
        raise Lost(f"the kernel does not take the module: {error}") from None


def _table(outcome: Outcome, pairs: Mapping[str, Pair]) -> Sequence[str]:
    """A line a step: what was done, where the kernel stood, and the word that the step is about."""
    lines = []
    behind = " " * INDENT
    for row in outcome.rows:
        step, seen = row.step, ""
        if step.pair is not None and step.pair.model in row.cells:
            cell = row.cells[step.pair.model]
            pair = pairs[step.pair.model]
            seen = f"; {pair.short}: model {shown(pair, cell.model)}, "
            seen += f"kernel {shown(pair, cell.kernel)}"
        lines += said(step, f"{row.result}: {done(step)}{seen}")
        if row.at:
            lines.append(f"{behind}at {row.at}; {len(row.cells)} words compared")
        if row.text and row.text != step.why:
            lines.append(f"{behind}{row.text}")
    return lines


def show(bundle: Bundle, guest: Led, say: Callable[[str], None]) -> int:
    """Run the bundle's reproducer, which needs no schedule; the exit status."""
    content = bundle.content
    state = Word(*content["kernel"][content["state"]])
    pair = Pair(content["state"], "state", state, (1 << 64) - 1, True)
    scene = Scene(guest, bundle.kernel, pair, content["promised"])
    held = STOCK[content["name"]].run(scene)
    for line in scene.lines:
        say(line)
    say("it happened as promised" if held else "it did not happen as promised")
    return _AGREED if held else _DISAGREED


def _other(content: Mapping[str, Any], guest: Led) -> bool:
    """It runs another kernel than the schedule is for."""
    return bytes.fromhex(content["build_id"]) not in guest.read("/sys/kernel/notes")


def main(home: Path, words: Sequence[str]) -> int:
    """Do what the bundle in `home` is for; the exit status, as its README has them."""
    parser = argparse.ArgumentParser(prog="run.sh")
    parser.add_argument("vmlinux", type=Path)
    parser.add_argument("--times", type=int, default=1, help="replays in one boot")
    parser.add_argument("--log", type=Path, help="keep what the kernel says on its console")
    parser.add_argument("--dry-run", action="store_true", help="print the schedule, boot nothing")
    given = parser.parse_args(words)
    try:
        return _run(Bundle(home), given)
    except Lost as lost:
        print(f"lost: {lost}", file=sys.stderr)
        return _LOST
    except (OSError, ValueError, Unavailable) as error:
        print(f"error: {error}", file=sys.stderr)
        return _BAD


def _run(bundle: Bundle, given: argparse.Namespace) -> int:
    content, setup = bundle.content, bundle.setup(given.vmlinux)
    shell = shlex.join(command(setup, bundle.home / INITRAMFS, given.log or Path("LOG"), 3, 4))
    print(f"{content['title']}\nqemu: {shell}", flush=True)
    if given.dry_run:
        if "steps" in content:
            sections = {section: 0 for section, _ in content["symbols"].values()}
            print(*told(*plan_of(content, sections)), sep="\n")
        return 0
    with Led(setup, given.log) as guest:
        if _other(content, guest):
            print(f"error: {given.vmlinux} is another kernel, not {content['release']} "
                  f"of build-id {content['build_id']}", file=sys.stderr)  # fmt: skip
            return _BAD
        if "steps" in content:
            return lead(bundle, guest, given.times, _say)
        return show(bundle, guest, _say)


def _say(line: str) -> None:
    print(re.sub(r"[^\n -~]", "?", line), flush=True)
