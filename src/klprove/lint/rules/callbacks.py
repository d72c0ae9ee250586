# SPDX-License-Identifier: GPL-2.0-or-later
"""H14: what the callbacks do, and whether it is undone."""

from collections.abc import Iterator

from iced_x86 import Register

from klprove.lint.finding import ERROR, NOTE, WARNING, Case, Finding, Rule
from klprove.lint.livepatch import Object
from klprove.lint.reached import harmless, reached_from
from klprove.lint.rules.escaping import keeps, undoes
from klprove.lint.rules.names import RELOCKS

_DOES, _UNDOES = ("pre_patch", "post_patch"), ("pre_unpatch", "post_unpatch")
_KEYS = {
    "static_key_enable": ("static_key_disable",),
    "static_key_slow_inc": ("static_key_slow_dec", "__static_key_slow_dec_deferred"),
    "try_module_get": ("module_put",),
    "__module_get": ("module_put",),
}
"""Besides what keeps a pointer: what stays as it was set."""


def check(case: Case) -> Iterator[Finding]:
    """Callbacks without their counterpart, those that deadlock, and those that a replacement leaves
    out."""
    for each in case.patch.plan.objects:
        yield from _undone(case, each)
        yield from _locks(case, each)
    if case.patch.plan.replace is not False:
        yield from _left_out(case)


def _undone(case: Case, owner: Object) -> Iterator[Finding]:
    does = [owner.callbacks[kind] for kind in _DOES if kind in owner.callbacks]
    undo = [owner.callbacks[kind] for kind in _UNDOES if kind in owner.callbacks]
    if does and not undo:
        if not (case.decodable and all(harmless(case, name) for name in does)):
            kind = next(kind for kind in _DOES if kind in owner.callbacks)
            text = f"{kind} of {owner.name} has no pre_unpatch or post_unpatch that undoes it"
            yield Finding(WARNING, does[0], text)
    elif does and case.decodable:
        back = {use.name for _, use in reached_from(case, [*undo, "cleanup_module"])}
        for function, use in reached_from(case, does):
            wanted = _KEYS.get(use.name) or (undoes(use.name) if keeps(use.name) else ())
            if wanted and not back.intersection(wanted):
                text = f"calls {use.name}, and no unpatch callback calls {' or '.join(wanted[:2])}"
                yield Finding(WARNING, function.name, text, use.offset)


def _locks(case: Case, owner: Object) -> Iterator[Finding]:
    if not case.decodable:
        return
    for kind, name in owner.callbacks.items():
        for function, use in reached_from(case, [name]):
            if use.name in RELOCKS and case.body(function).argument(use, Register.RDI) != 0:
                text = (
                    f"{kind} of {owner.name} calls {use.name}, which needs klp_mutex: "
                    "the livepatch core holds it here, so both wait for ever"
                )
                yield Finding(ERROR, function.name, text, use.offset)


def _left_out(case: Case) -> Iterator[Finding]:
    known = {each.id for each in case.patch.plan.states}
    maybe = "" if case.patch.plan.replace else " if it replaces"
    for patch in case.active:
        shared = known & {each.id for each in patch.plan.states}
        for owner in patch.plan.objects:
            for kind in _UNDOES:
                if kind in owner.callbacks:
                    text = f"{kind} of {patch.name} does not run when it is replaced"
                    more = f"; state {min(shared)} is in both" if shared else maybe
                    severity = NOTE if shared else WARNING
                    yield Finding(severity, owner.callbacks[kind], text + more)


H14 = Rule("H14", check)
