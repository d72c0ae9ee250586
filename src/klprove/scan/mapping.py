# SPDX-License-Identifier: GPL-2.0-or-later
"""From an image taken apart to its map: the questions, one after the other."""

from collections.abc import Callable

from klprove.image.about import config, release
from klprove.image.names import read_traceable
from klprove.scan.answers import NO_SITE, SITE, UNKNOWN, Map
from klprove.scan.asking import ask
from klprove.scan.patching import patching
from klprove.scan.subject import Subject


def map_of(it: Subject, traceable: str | None, say: Callable[[str], None]) -> Map:
    """Every answer about an image; `traceable` and `say` as in `scan`."""
    words, offsets = patching(it.image, it.functions, it.tables.sites, it.regions)
    listed = _listed(it, words, traceable) if traceable is not None else []
    starts: list[int] = it.functions.starts.tolist()
    ends: list[int] = it.functions.ends.tolist()
    answers = ask(it, say)
    blacklist = it.functions.at(it.tables.blacklist)
    return Map(
        path=it.image.path,
        machine=it.image.machine,
        release=release(it.image),
        build_id=it.image.build_id,
        notes=[
            *it.image.notes,
            *_built(it),
            *(f"missing: {each}" for each in it.tables.missing),
            *answers.notes,
            *listed,
        ],
        names=it.functions.names,
        aliases=it.functions.aliases,
        addresses=starts,
        sizes=[end - start for start, end in zip(starts, ends, strict=True)],
        regions=it.regions,
        patch=words,
        offsets=offsets,
        blacklisted=frozenset(int(each) for each in blacklist if each >= 0),
        sympos=_positions(it),
        counts=_counts(it, offsets) | answers.counts,
        reached=answers.reached,
        open=answers.open,
        complete=answers.complete,
    )


def _listed(it: Subject, words: list[str], path: str) -> list[str]:
    """What the running kernel's list adds: where the image has no table of sites, it decides;
    else what differs is said."""
    names = read_traceable(path)
    every = {index: {each, *it.functions.aliases.get(index, ())}
             for index, each in enumerate(it.functions.names)}  # fmt: skip
    if not it.tables.sites.present:
        for index, word in enumerate(words):
            if word == UNKNOWN:
                words[index] = SITE if every[index] & names else NO_SITE
        return [f"what can be livepatched is by name, from {path}"]
    here = {each for index, word in enumerate(words) if word == SITE for each in every[index]}
    known = {each for found in every.values() for each in found}
    return [
        f"{path}: {len((names & known) - here):,} of its functions have no site in the image; "
        f"{sum(w == SITE and not every[i] & names for i, w in enumerate(words)):,} with a site "
        "are not in it"
    ]


def _built(it: Subject) -> list[str]:
    """Whether this kernel can livepatch at all, by its configuration or else by its symbols."""
    text = config(it.image)
    if text is not None:
        there, how = "\nCONFIG_LIVEPATCH=y" in text, "its configuration"
    else:
        there, how = "klp_enable_patch" in it.named, "its symbols"
    if there or not it.named or it.image.kind == "ET_REL":
        return []
    return [f"by {how} this kernel is built without CONFIG_LIVEPATCH: nothing can be livepatched"]


def _counts(it: Subject, offsets: list[int]) -> dict[str, int]:
    entries = it.tables.sites.entries
    return {
        "functions": len(offsets),
        "ftrace sites": entries,
        "ftrace sites of overridden weak functions": entries - sum(each >= 0 for each in offsets),
        "kprobe blacklist": len(it.tables.blacklist),
        "static branches": len(it.tables.jumps.codes),
        **(_x86(it) if it.image.machine == "x86_64" else {}),
    }


def _x86(it: Subject) -> dict[str, int]:
    return {
        "static-call sites": len(it.tables.static_calls.sites),
        "alternatives": len(it.tables.alternatives.sites),
        "retpoline sites": len(it.tables.retpolines),
        "return-thunk sites": it.tables.returns,
    }


def _positions(it: Subject) -> dict[int, int]:
    return {
        index: position
        for mates in it.functions.namesakes.values()
        for position, index in enumerate(mates, 1)
    }
