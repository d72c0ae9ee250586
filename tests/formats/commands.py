"""Every command that finds something, asked something small of which the answer is known."""

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from klprove.cli import observing, replayed
from klprove.cli.main import run
from klprove.lab import Entered, Seen, seen_document
from klprove.replay import Campaign, Case, Outcome, Row, Step, Tried
from klprove.replay.walk import Walk
from klprove.source import Span
from klprove.verdict import Access, Event, Trace
from tests.lab.test_comparing import WAYS, map_of, site
from tests.mutation.test_campaign import CAMPAIGN, MODEL
from tests.replay.guest import columns
from tests.scan.toy import toy
from tests.watch.copies import guest

ROOT = Path(__file__).parents[2]
TWIN = ROOT / "corpus" / "x86-nmi-cr2"

Patch = pytest.MonkeyPatch
Prepare = Callable[[Path, Patch], list[str]]


class Known(NamedTuple):
    """A command, and what every format has to say about its answer."""

    prepare: Prepare
    """Makes the files that it reads, in the folder that it is called in; its words."""
    status: int
    passed: int
    failed: int
    unknown: int = 0
    skipped: int = 0
    codes: frozenset[str] = frozenset()
    """Of the findings."""
    errors: int = 0
    """Findings of the gravest kind."""
    drawn: int | None = None
    """Nodes of its graph; None where nothing of it can be drawn."""


def _check(folder: Path, _: Patch) -> list[str]:
    (folder / "cr2.c").write_text((TWIN / "buggy.c").read_text())
    return ["check", "cr2.c"]


def _holds(folder: Path, _: Patch) -> list[str]:
    (folder / "cr2.c").write_text((TWIN / "fixed.c").read_text())
    return ["check", "cr2.c"]


def _incomplete(folder: Path, _: Patch) -> list[str]:
    text = "int x;\n__task(0) void t(void)\n{\n\tif (x)\n\t\treach(never);\n}\n"
    (folder / "vacuous.c").write_text(text)
    return ["check", "vacuous.c"]


def _sites(folder: Path, _: Patch) -> list[str]:
    handler = str(ROOT / "handlers" / "2017" / "A.c")
    words = ["--kernel", "v4.12rc", "--patch", "vfs_read,cpuidle_reflect", "--arrivals", "0"]
    return ["check", handler, *words]


def _compare(folder: Path, _: Patch) -> list[str]:
    handler = str(ROOT / "handlers" / "2017" / "D.c")
    words = ["--arrivals", "0", "-D", "KLP_WAIT_RCU=1", "--kernels", "v4.12rc,v6.0"]
    return ["compare", handler, *words]


def _corpus(folder: Path, _: Patch) -> list[str]:
    for name in ("buggy.c", "fixed.c"):
        (folder / "twin").mkdir(exist_ok=True)
        text = (TWIN / name).read_text()
        (folder / "twin" / name).write_text(text.replace("states 24", "states 25"))
    return ["corpus", "twin", "-j", "1"]


def _mutate(folder: Path, _: Patch) -> list[str]:
    (folder / "model.c").write_text(MODEL)
    (folder / "lock.toml").write_text(CAMPAIGN.replace('"model.c: leave: swap*"', '"nothing"'))
    return ["mutate", "lock.toml", "-j", "1"]


_CLAIM = """
number = 1
who = "somebody"
source = "somewhere"
claim = "it holds"
refuted_by = "a finding"
[[run]]
files = ["HANDLER"]
kernel = "v4.12rc"
patch = ["vfs_read", "cpuidle_reflect"]
arrivals = { irq = 0, nmi = 0, exception = 0 }
expect = [{ finding = "unwatched-silent", at = "none" }]
"""


def _thread(folder: Path, _: Patch) -> list[str]:
    (folder / "claims").mkdir()
    handler = str(ROOT / "handlers" / "2017" / "A.c")
    (folder / "claims" / "1.toml").write_text(_CLAIM.replace("HANDLER", handler))
    return ["thread", "claims", "-j", "1"]


def _lint(folder: Path, _: Patch) -> list[str]:
    from tests.lint.building import build_kernel, build_module, has_gcc

    if not has_gcc():
        pytest.skip("gcc for x86-64 builds the modules")
    kernel, module = build_kernel(folder), build_module("h12_bad", folder)
    return ["lint", str(module), "--vmlinux", str(kernel), "--rule", "H12", "--rule", "H20"]


def _scanned(*words: str) -> Prepare:
    return lambda folder, _: ["scan", str(toy()), "--no-cache", *words]


def _watch(folder: Path, _: Patch) -> list[str]:
    return ["watch", "--once", "--root", guest("stalled").archive(folder / "copy.tar")]


class _Bytes:
    """An image without code."""

    def at(self, address: int, size: int) -> memoryview:
        """Nothing."""
        return memoryview(b"")


def _observe(folder: Path, patch: Patch) -> list[str]:
    patch.setattr(observing, "mapped", lambda _: map_of(reached={"irq": {"handler": 1}}))
    patch.setattr("klprove.image.open_image", lambda _: _Bytes())
    ways = {WAYS["nmi"]: Entered(7, site("plain")), WAYS["irq"]: Entered(1, 2)}
    seen = Seen("6.1", "ab", [], frozenset(), {site("handler"): ways})
    (folder / "seen.json").write_text(json.dumps(seen_document(seen)))
    return ["observe", "vmlinux", "--seen", "seen.json"]


def _event(action: str, depth: int, line: int) -> Event:
    kind, name = (("task", "t"), ("nmi", "nmi"))[depth]
    touched = (Access("write", "x", 0, 1),) if action == "step" else ()
    return Event(action, 0, depth, kind, name, Span("f.c", line, 1), (name,), touched)


TRACE = Trace((("x", 0),), (_event("step", 0, 3), _event("enter", 1, 7), _event("exit", 1, 9),
                            _event("step", 0, 4)))  # fmt: skip


def _outcome(result: str) -> Outcome:
    return Outcome((Row(Step(4, TRACE.events[3], "look"), result, "f+0x1", text="x is 5"),), 1)


def _stand_ins(patch: Patch, **others: Any) -> None:
    stand_ins: dict[str, Any] = {
        "resolve": lambda path, scene="handler": ("v6.0", None),
        "open_image": lambda path: None,
        "release": lambda image: "6.1.0",
        "image_of": lambda path: path,
        **others,
    }
    for name, stand_in in stand_ins.items():
        patch.setattr(replayed, name, stand_in)


class _Ready:
    """What stands in for a prepared replay."""

    case = Case("assert at f", "v6.0", "f", "", TRACE, None)  # type: ignore[arg-type]


class _Plan:
    """What stands in for its schedule."""

    fatal = None


def _replay(folder: Path, patch: Patch) -> list[str]:
    outcomes = [_outcome("agreed"), _outcome("differs"), _outcome("spoiled")]
    _stand_ins(
        patch,
        read_case=lambda *_: _Ready.case,
        prepare=lambda *_: _Ready,
        planned=lambda _: (_Plan, columns()),
        replay=lambda *_: iter(outcomes),
    )
    return ["replay", "trace.json", "--vmlinux", "vmlinux"]


def _fidelity(folder: Path, patch: Patch) -> list[str]:
    walks = [Walk(f"idle {n}", "idle", "in ct_idle_enter 1", TRACE, {}, True) for n in (1, 2)]
    tried = [Tried(each, _outcome("agreed")) for each in walks]
    _stand_ins(patch, campaign=lambda *_: Campaign(tried, ["ct_user_exit"]))
    return ["fidelity", "--kernel", "vmlinux"]


def _codes(*codes: str) -> frozenset[str]:
    return frozenset(codes)


COMMANDS = {
    "check": Known(_check, 1, 0, 1, codes=_codes("assert"), errors=1, drawn=5),
    "check, holds": Known(_holds, 0, 1, 0, drawn=1),
    "check, incomplete": Known(_incomplete, 3, 0, 0, 1, drawn=1),
    "check, sites": Known(_sites, 1, 1, 1, codes=_codes("unwatched-silent"), errors=1, drawn=28),
    "compare": Known(_compare, 0, 12, 1, 16, 1, _codes("redirect-lost"), 1, drawn=29),
    "corpus": Known(_corpus, 1, 1, 1, codes=_codes("expected"), errors=1),
    "mutate": Known(_mutate, 1, 12, 7, codes=_codes("survived"), errors=7),
    "thread": Known(_thread, 0, 1, 0, codes=_codes("unwatched-silent"), drawn=28),
    "lint": Known(_lint, 1, 1, 1, codes=_codes("H12"), errors=1),
    "scan": Known(_scanned(), 0, 6, 0),
    "scan --patchable": Known(_scanned("--patchable"), 0, 1, 0, codes=_codes("patchable")),
    "scan --rcu-off": Known(_scanned("--rcu-off"), 0, 1, 0, codes=_codes("rcu-off"), drawn=10),
    "scan --why": Known(
        _scanned("--why", "in_the_window"), 0, 6, 0, codes=_codes("rcu-off", "irqs-off"), drawn=3
    ),
    "scan --diff": Known(_scanned("--diff", str(toy())), 0, 6, 0),
    "scan --numbers": Known(_scanned("--numbers"), 0, 46, 0),
    "watch": Known(
        _watch,
        1,
        2,
        2,
        codes=_codes("in-transition", "never-ends", "not-switched"),
        errors=3,
        drawn=4,
    ),
    "observe": Known(_observe, 1, 4, 1, skipped=1, codes=_codes("nmi"), errors=1),
    "replay": Known(_replay, 1, 1, 1, 1, codes=_codes("agreed", "disagreed"), errors=1, drawn=8),
    "fidelity": Known(_fidelity, 0, 2, 0, codes=_codes("agreed"), drawn=4),
}
"""Numbers are of parts, or of what has none."""


class Answered(NamedTuple):
    """What a run came to."""

    status: int
    out: str
    err: str


def asked(words: list[str], folder: Path) -> Answered:
    """Run klprove in `folder`, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run(words)
    return Answered(status, out.getvalue(), err.getvalue())
