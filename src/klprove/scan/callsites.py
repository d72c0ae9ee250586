# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls of a model held against an image: which of them are calls there, and of what."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain

import numpy as np
from iced_x86 import Decoder, FlowControl

from klprove.evidence.calls import CALLED, CLOSED, INLINED, OPEN, PART, CallSite
from klprove.image import open_image, site_offsets
from klprove.image.dwarf import Inlines, debug_image
from klprove.scan.inlining import inlines_in
from klprove.scan.subject import Subject, subject

_DIRECT = (FlowControl.CALL, FlowControl.UNCONDITIONAL_BRANCH, FlowControl.CONDITIONAL_BRANCH)


def call_sites(
    path: str, calls: Sequence[tuple[str, str]], kept: bool = True
) -> tuple[tuple[CallSite, ...], str]:
    """What the image at `path` (x86-64, with symbols) makes of each of `calls`, caller and callee;
    and why it is not known which are inlined, empty where that is known or was not needed.

    DWARF is read only where code alone does not decide. `kept`: what is read of it is kept in the
    cache of `scan`. A call that the kernel makes by way of another function with code of its own is
    OPEN, and so is a copy beside such a call one function away. Raises BadInput for what is no
    image.
    """
    image = open_image(path)
    code = _Code(subject(image))
    found = [CallSite(*each, *code.judged(each[1], code.instances(each[0]))) for each in calls]
    if all(each.word == CALLED for each in found):
        return tuple(found), ""
    known = inlines_in(debug_image(image), kept)
    if isinstance(known, str):
        return tuple(found), known
    return tuple(_with_copies(each, code, known) for each in found), ""


def _with_copies(site: CallSite, code: "_Code", known: Inlines) -> CallSite:
    """`site` as it is once the inlined copies are known: of the caller, whose calls are then in the
    code of its hosts, and of the callee."""
    own = {code.start(each) for each in code.instances(site.caller)}
    hosts = {each.host for number in known.named(site.caller) for each in known.calls(number)}
    inner = code.at(own | hosts)
    word, symbols = code.judged(site.callee, inner)
    inside = any(
        each.host in own or site.caller in each.through
        for number in known.named(site.callee)
        for each in known.calls(number)
    )
    if inside and word in (CLOSED, OPEN):
        further = frozenset(chain(*map(code.callees, inner)))
        round_about = code.judged(site.callee, further)[0] in (CALLED, PART)
        word = OPEN if round_about else INLINED
    return replace(site, word=word, symbols=symbols)


class _Code:
    """The functions of an image, and what each calls."""

    def __init__(self, found: Subject) -> None:
        self._image, self._functions = found.image, found.functions
        sites = found.tables.sites
        offsets = site_offsets(found.image, found.functions, sites)
        # An image without the table says of no function that it has no site.
        self._able = offsets >= 0 if sites.present else np.ones(len(offsets), np.bool_)
        self.callees = cache(self._callees)

    def instances(self, name: str) -> frozenset[int]:
        """Indices of a function, its parts, clones and moved fragments."""
        return frozenset(self._functions.variants.get(name, ()))

    def start(self, function: int) -> int:
        """Its address."""
        return int(self._functions.starts[function])

    def at(self, addresses: set[int]) -> frozenset[int]:
        """The functions that start there, with what was moved out of them."""
        found = self._functions.at(np.array(sorted(addresses), np.uint64))
        names = [self._functions.names[each] for each in found[found >= 0].tolist()]
        mates = [self.instances(each.partition(".")[0]) for each in names]
        return frozenset(chain(found[found >= 0].tolist(), *mates))

    def judged(self, callee: str, callers: frozenset[int]) -> tuple[str, tuple[str, ...]]:
        """The word for the calls of `callee` in the code of `callers`, and what they call."""
        wanted = self.instances(callee)
        met = sorted({each for caller in callers for each in self.callees(caller)} & wanted)
        names = {each: self._functions.names[each] for each in met}
        able = [each for each in met if self._able[each]]
        if any(callee in (names[each], *self._functions.aliases.get(each, ())) for each in able):
            return CALLED, tuple(names.values())
        if able:
            return PART, tuple(names[each] for each in able)
        return (CLOSED if met else OPEN), tuple(names.values())

    def _callees(self, function: int) -> frozenset[int]:
        targets = np.array(list(self._targets(function)), np.uint64)
        found = self._functions.at(targets)
        return frozenset(found[found >= 0].tolist())

    def _targets(self, function: int) -> Iterator[int]:
        start, end = self.start(function), int(self._functions.ends[function])
        for each in Decoder(64, bytes(self._image.at(start, end - start)), ip=start):
            if each.flow_control in _DIRECT:
                yield each.near_branch_target
