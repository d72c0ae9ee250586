"""Loads the livepatches into the kernel that they are for, in a virtual machine: does the kernel
take what lint has nothing against, and refuse what it says is refused?"""

from collections.abc import Iterator, Sequence

from klprove.lab import Machine, Setup
from tests.lint.cves.building import made, symbol
from tests.lint.cves.fetch import OBJECTS, VMLINUX
from tests.lint.cves.recipe import Recipe

_NEEDED = ("cdrom", "isofs")
"""Modules that are loaded after the livepatch, in this order."""
_PATCH = "/sys/kernel/livepatch/"
_WAIT = "n=0; while {condition} && [ $n -lt 60 ]; do sleep 1; n=$((n+1)); done; ! {condition}"


def load(recipes: Sequence[Recipe]) -> Iterator[tuple[Recipe, str]]:
    """Each module loaded, disabled and removed, one after the other; with what went wrong, empty
    where nothing did. Raises Unavailable without QEMU, Lost where the guest does not answer."""
    files = {f"ko/{symbol(each)}.ko": made(each).read_bytes() for each in recipes}
    files |= {f"ko/{name}.ko": (OBJECTS / f"{name}.ko").read_bytes() for name in _NEEDED}
    with Machine(Setup(VMLINUX, files=files, memory=768)) as machine:
        for each in recipes:
            yield each, _tried(machine, each)


def _refused(recipe: Recipe) -> bool:
    """lint says that the kernel does not take it."""
    return any(each.finding.startswith("H12 error") for each in recipe.judged)


def _tried(machine: Machine, recipe: Recipe) -> str:
    name, folder = symbol(recipe), f"{_PATCH}{symbol(recipe)}"
    taken = machine.run(f"insmod /ko/{name}.ko").status == 0
    if _refused(recipe):
        return "the kernel takes it" if taken else ""
    if not taken:
        return "the kernel refuses it"
    steps = {
        "its transition does not end": _WAIT.format(
            condition=f'[ "$(cat {folder}/transition)" = 1 ]'
        ),
        "it is not enabled": f'[ "$(cat {folder}/enabled)" = 1 ]',
        "it cannot be disabled": f"echo 0 > {folder}/enabled",
        "it stays enabled": _WAIT.format(condition=f"[ -e {folder} ]"),
        "it cannot be removed": f"rmmod {name}",
    }
    if recipe.object:
        late = " && ".join(f"insmod /ko/{each}.ko" for each in _NEEDED)
        patched = f'[ "$(cat {folder}/{recipe.object}/patched)" = 1 ]'
        removed = " && ".join(f"rmmod {each}" for each in reversed(_NEEDED))
        steps = {"its object is not patched": f"{late} && {patched}", **steps}
        steps["its object stays"] = removed
    return next((wrong for wrong, step in steps.items() if machine.run(step, 120).status), "")
