"""H02, H11, H17 and H23: the old body beside the new one."""

import re
from collections.abc import Callable, Iterator

from klprove.lint.code import JUMP, Body
from klprove.lint.finding import ERROR, UNKNOWN, WARNING, Case, Finding, Rule, several
from klprove.lint.livepatch import Function
from klprove.lint.rules.names import SCHEDULER, SLEEPERS
from klprove.lint.target import Place
from klprove.scan.answers import CERTAIN, NMI

_PAIRS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "mutex",
        ("mutex_lock", "mutex_lock_interruptible", "mutex_lock_killable", "mutex_trylock"),
        ("mutex_unlock",),
    ),
    ("semaphore", ("down", "down_interruptible", "down_trylock", "down_timeout"), ("up",)),
    ("read semaphore", ("down_read", "down_read_killable", "down_read_trylock"), ("up_read",)),
    (
        "write semaphore",
        ("down_write", "down_write_killable", "down_write_trylock"),
        ("up_write", "downgrade_write"),
    ),
    (
        "spinlock",
        ("_raw_spin_lock", "_raw_spin_lock_irq", "_raw_spin_lock_bh", "_raw_spin_lock_irqsave"),
        (
            *("_raw_spin_unlock", "_raw_spin_unlock_irq", "_raw_spin_unlock_bh"),
            "_raw_spin_unlock_irqrestore",
        ),
    ),
    ("module reference", ("try_module_get", "__module_get"), ("module_put",)),
    ("device reference", ("get_device",), ("put_device",)),
    ("object reference", ("kobject_get",), ("kobject_put",)),
    ("file reference", ("fget", "fget_raw"), ("fput",)),
    ("dentry reference", ("dget",), ("dput",)),
    ("inode reference", ("igrab", "ihold"), ("iput",)),
    ("task memory", ("get_task_mm", "mmget_not_zero"), ("mmput",)),
    ("interrupt", ("disable_irq", "disable_irq_nosync"), ("enable_irq",)),
    ("bottom half", ("__local_bh_disable_ip",), ("__local_bh_enable_ip",)),
)
"""What takes and what gives back, by what is taken."""


def _both(case: Case, what: str, compare: Callable[..., Iterator[Finding]]) -> Iterator[Finding]:
    """`compare` over the functions whose old and new body are both there."""
    functions = list(case.patch.functions)
    if functions and not case.decodable:
        names = several([each.shown for each in functions])
        text = f"cannot tell {what}: no decoder for {case.patch.elf.machine}"
        yield Finding(UNKNOWN, names, text)
        return
    yield from case.unseen(what)
    for function, place in case.replaced:
        if function.new:
            yield from compare(case, function, place)


def check_balance(case: Case) -> Iterator[Finding]:
    """What is taken without being given back, before and after."""
    yield from _both(case, "whether locks and references stay balanced", _balance)


def _balance(case: Case, function: Function, place: Place) -> Iterator[Finding]:
    assert function.new is not None
    old, new = case.old_callees(place), case.callees(function.new)
    for name, takes, gives in _PAIRS:
        before, after = _side(old, takes, gives), _side(new, takes, gives)
        if before != after and {"takes", "gives"} & {before, after}:
            text = f"{name}: the old body {_SAYS[before]}, the new one {_SAYS[after]}"
            yield Finding(WARNING, function.shown, text, evidence=_calls(old, new, takes + gives))


_SAYS = {
    "": "does neither take nor give it back",
    "takes": "takes it",
    "gives": "gives it back",
    "both": "takes it and gives it back",
}


def _side(callees: frozenset[str], takes: tuple[str, ...], gives: tuple[str, ...]) -> str:
    taken, given = bool(callees.intersection(takes)), bool(callees.intersection(gives))
    return "both" if taken and given else "takes" if taken else "gives" if given else ""


def _calls(old: frozenset[str], new: frozenset[str], names: tuple[str, ...]) -> tuple[str, ...]:
    return (
        f"old: {', '.join(sorted(old.intersection(names))) or 'none'}",
        f"new: {', '.join(sorted(new.intersection(names))) or 'none'}",
    )


def check_data(case: Case) -> Iterator[Finding]:
    """Variables of the old body of which the new one has a copy."""
    yield from _both(case, "whether static data is copied", _copies)


def _copies(case: Case, function: Function, place: Place) -> Iterator[Finding]:
    assert function.new is not None
    owner = case.owner(place)
    old = {_stem(owner.data_at(each)) for each in case.old_body(place).data} - {""}
    for name in sorted(_own_data(case, case.body(function.new))):
        if _stem(name) in old:
            text = f"{name} is a new variable, and the old function's {_stem(name)} keeps its value"
            yield Finding(WARNING, function.shown, text)


def _own_data(case: Case, body: Body) -> set[str]:
    """Writable variables of the module that a body refers to."""
    found = {case.patch.variable(each.at) for each in body.uses if each.at}
    return {name for name in found if name and not _noise(name)}


def _stem(name: str) -> str:
    stem, _, number = name.rpartition(".")
    return stem if stem and number.isdecimal() else name


def _noise(name: str) -> bool:
    """Variables that macros make, whose value does not matter to anybody."""
    return bool(_NOISE.match(name))


_NOISE = re.compile(r"__already_done|__warned|_rs\b|__key|descriptor|___done|__UNIQUE_ID_|__func__")


def check_calls(case: Case) -> Iterator[Finding]:
    """What the new body calls and the old did not, where that must not be called."""
    what = "what the new bodies call where nobody may print or sleep"
    yield from case.unmapped(NMI, what)
    yield from _both(case, what, _added)


def _added(case: Case, function: Function, place: Place) -> Iterator[Finding]:
    assert function.new is not None
    nmi = case.reached(NMI, place)
    if nmi and nmi[0] == CERTAIN:
        context = "NMIs and exceptions"
    elif function.name in SCHEDULER:
        context = "the scheduler, below a runqueue's lock"
    else:
        return
    old = case.old_callees(place)
    for part in (function.new, *case.fragments(function.new)):
        for use in case.body(part).calls(*sorted((SLEEPERS | _PRINTS) - old)):
            text = f"{function.shown} runs in {context}, and now calls {use.name}"
            yield Finding(ERROR, part.name, text, use.offset)


_PRINTS = frozenset(("_printk", "printk", "vprintk", "__warn_printk", "_dev_printk"))


def check_tails(case: Case) -> Iterator[Finding]:
    """Tail jumps from one patched function to another."""
    if len(list(case.patch.functions)) < 2:
        return
    yield from _both(case, "whether old functions end in jumps to others", _tails)


def _tails(case: Case, function: Function, place: Place) -> Iterator[Finding]:
    for use in case.old_body(place).uses:
        jumps = use.at if use.kind == JUMP else None
        target = case.patched.get((place.object, jumps[1])) if jumps else None
        if target and target != function:
            text = (
                f"ends in a jump to {target.shown}, which is patched, too: while that runs, "
                "nothing on the stack says so, and a task can have one old and one new"
            )
            yield Finding(WARNING, function.shown, text, use.offset)


H02 = Rule("H02", check_balance)
H11 = Rule("H11", check_data)
H17 = Rule("H17", check_calls)
H23 = Rule("H23", check_tails)
