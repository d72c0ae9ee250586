# SPDX-License-Identifier: GPL-2.0-or-later
"""The reproducers of `klprove.replay.scenes`, built for a kernel and run on it."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from klprove.kernels import load
from klprove.lab import Lost, Setup, module
from klprove.lab.layout import Layout, layout
from klprove.replay.handler import GUEST
from klprove.replay.led import Led
from klprove.replay.scenes import IDLE, STATE, STOCK, Scene, Shown
from klprove.replay.words import words
from klprove.source import BadInput, Diagnostic, Span
from klprove.watch import COLLECTOR, Look, judge, open_tree

_STALLED = "stalled"
_COLLECT, _COPY = "/collect.sh", "/tmp/copy.tar"
_NEEDED = {
    "klp_enable_patch": "it was built without CONFIG_LIVEPATCH",
    "ct_idle_enter": "kernels of before v6.0 are not tried",
}


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything that a reproducer needs before a machine is started."""

    name: str
    places: Layout
    setup: Setup
    promised: bool
    """As Scene's."""


def prepare_stock(name: str, vmlinux: str, model: str, headers: Path) -> Ready:
    """The reproducer `name` for the kernel `vmlinux`, which the kernel model `model` fits. Raises
    BadInput where image or headers cannot be used."""
    chosen, places = STOCK[name], layout(vmlinux)
    for lacking, why in _NEEDED.items():
        if lacking not in places.named:
            text = f"it has no {lacking}: {why}"
            raise BadInput([Diagnostic("image", Span(vmlinux, 0, 0), text)])
    files = {"patch.ko": patch(headers, chosen.what)} if chosen.what else {}
    files[_COLLECT[1:]] = COLLECTOR.read_bytes()
    setup = Setup(Path(vmlinux), files, cpus=chosen.cpus)
    return Ready(name, places, setup, IDLE in load(model).sites)


def reproduce(ready: Ready, log: Path | None) -> Shown:
    """Run it. Raises Lost where the machine dies."""
    with Led(ready.setup, log) as guest:
        state = words(ready.places).pairs[STATE]
        scene = Scene(guest, ready.places, state, ready.promised)
        held = STOCK[ready.name].run(scene)
        if ready.name == _STALLED:
            held = _explained(scene) and held
    return Shown(ready.name, held, tuple(scene.lines))


def _explained(scene: Scene) -> bool:
    """`klprove watch` names the thread that is waited for."""
    ran = scene.guest.run(f"sh {_COLLECT} {_COPY}", 120)
    if ran.status:
        raise Lost(f"the copy for klprove watch cannot be made: {ran.output[-200:]!r}")
    with tempfile.NamedTemporaryFile(suffix=".tar") as copy:
        copy.write(scene.guest.read(_COPY))
        copy.flush()
        answer = judge(Look(open_tree(copy.name))())
    scene.lines.append(f"klprove watch: {answer.word}")
    for each in answer.blockers:
        scene.lines.append(f"{each.thread.comm}: {each.ends}; {each.why}; {each.action.text}")
    threads = [each.thread.comm for each in answer.blockers]
    return answer.word == "STALLED" and threads == ["kswapd0"]


def source(what: str) -> dict[str, bytes]:
    """The files of the livepatch module with the replacement guest/stock/`what`.h, by name."""
    names = {"Kbuild": "Kbuild", "patch.c": "patch.c", f"{what}.h": "what.h"}
    return {name: (GUEST / "stock" / file).read_bytes() for file, name in names.items()}


def patch(headers: Path, what: str) -> bytes:
    """That module. Raises BadInput where it cannot be built."""
    with tempfile.TemporaryDirectory(prefix="klprove-") as folder:
        for name, content in source(what).items():
            (Path(folder) / name).write_bytes(content)
        return module(headers, Path(folder), "patch")
