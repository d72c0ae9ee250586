# SPDX-License-Identifier: GPL-2.0-or-later
"""Shadow variables of a patch: the constants that it hands to klp_shadow_*()."""

from collections.abc import Callable
from typing import NamedTuple

from iced_x86 import Register

from klprove.image.relocatable import Symbol
from klprove.lint.code import Body
from klprove.lint.livepatch import Livepatch

_MADE = ("klp_shadow_alloc", "klp_shadow_get_or_alloc")
_FREED = ("klp_shadow_free", "klp_shadow_free_all")


class At(NamedTuple):
    """Where a call is: function and offset."""

    where: str
    offset: int


def shadow_ids(
    patch: Livepatch, body: Callable[[Symbol], Body]
) -> tuple[dict[int, At], frozenset[int], bool]:
    """Ids that are made, with the first place; ids that are freed; and whether some call frees an
    id that is no constant. include/linux/livepatch.h: the id is the second argument, of
    klp_shadow_free_all() the first."""
    made: dict[int, At] = {}
    freed: set[int] = set()
    unknown = False
    for function in dict.fromkeys(patch.at.values()):
        found = body(function)
        for call in found.calls(*_MADE, *_FREED):
            first = call.name == "klp_shadow_free_all"
            number = found.argument(call, Register.RDI if first else Register.RSI)
            if number is None:
                unknown = unknown or call.name in _FREED
            elif call.name in _FREED:
                freed.add(number)
            else:
                made.setdefault(number, At(function.name, call.offset))
    return made, frozenset(freed), unknown
