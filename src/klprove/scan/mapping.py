"""From an image taken apart to its map: the questions, one after the other."""

import numpy as np

from klprove.image.about import config, release
from klprove.image.btf import Types, types
from klprove.image.layout import Layout
from klprove.image.names import read_traceable
from klprove.scan.answers import (
    IRQ,
    IRQS_OFF,
    NEVER_ENDS,
    NMI,
    NO_SITE,
    QUESTIONS,
    RCU_OFF,
    SITE,
    UNKNOWN,
    Map,
    Step,
)
from klprove.scan.calls import Calls
from klprove.scan.code import Code
from klprove.scan.contexts import Contexts
from klprove.scan.graph import TAKEN, Graph, graph, taken_in_data
from klprove.scan.knowledge import Knowledge, knowledge
from klprove.scan.members import Members, Taken
from klprove.scan.patching import patching
from klprove.scan.pointers import Pointers
from klprove.scan.rcu import hooks, unwatched
from klprove.scan.stays import staying
from klprove.scan.subject import Subject


def map_of(it: Subject, traceable: str | None = None) -> Map:
    """Every answer about an image; `traceable` as in `scan`."""
    words, offsets = patching(it.image, it.functions, it.tables.sites, it.regions)
    listed = _listed(it, words, traceable) if traceable is not None else []
    starts: list[int] = it.functions.starts.tolist()
    ends: list[int] = it.functions.ends.tolist()
    counts = _counts(it, offsets)
    reached, open_, notes = _reached(it, counts)
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
            *notes,
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
        counts=counts,
        reached=reached,
        open=open_,
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


def _reached(
    it: Subject, counts: dict[str, int]
) -> tuple[dict[str, dict[int, Step]], dict[str, str], list[str]]:
    """The answers by question, the questions that stay open and why, and notes; what is counted on
    the way goes to `counts`."""
    if it.image.machine != "x86_64":
        why = f"code of {it.image.machine} is not followed, only that of x86-64"
        return {}, dict.fromkeys(QUESTIONS, why), []
    if not len(it.functions.starts):
        return {}, dict.fromkeys(QUESTIONS, "no function has a name"), []
    known = knowledge()
    edges = graph(it.image, it.functions, it.tables.alternatives)
    prototypes = types(it.image)
    code = Code(it.image, it.functions, it.tables, _fixed(it, known))
    members = _members(it, edges, prototypes)
    calls = Calls(it.functions, edges, code, it.named, prototypes, members)
    pointers = Pointers(
        it.image, it.functions, it.named, edges, members, calls, code, known
    )  # fmt: skip
    notes: list[str] = []
    if prototypes is None:
        notes.append("missing: BTF; functions that only a pointer in a structure leads to are not")
        notes[-1] += " found, so what is not listed is not thereby safe"
    reached: dict[str, dict[int, Step]] = {}
    open_: dict[str, str] = {}
    if hooks(it.functions, known).off:
        off = unwatched(it.functions, edges, code, pointers, it.regions, known)
        reached[RCU_OFF] = dict(off.steps)
        if off.unresolved:
            notes.append(
                f"rcu-off: {off.unresolved} indirect calls in the windows are not followed"
            )
    else:
        open_[RCU_OFF] = "none of the known hooks that turn RCU off is in this image"
    counts |= _called(calls) if prototypes is not None else {}
    contexts = Contexts(it.functions, edges, code, pointers, known)
    for question in (NMI, IRQ):
        reached[question] = contexts.entered(question)
        if not reached[question]:
            open_[question] = "none of the known entries is in this image"
    reached[IRQS_OFF] = contexts.interrupts_off(reached)
    reached[NEVER_ENDS] = staying(it.functions, edges, code, known)
    return reached, open_, notes


def indirect_calls(it: Subject) -> Calls:
    """The indirect calls of an image."""
    edges, prototypes = graph(it.image, it.functions, it.tables.alternatives), types(it.image)
    code = Code(it.image, it.functions, it.tables, {})
    members = _members(it, edges, prototypes)
    return Calls(it.functions, edges, code, it.named, prototypes, members)


def _called(calls: Calls) -> dict[str, int]:
    """How many indirect calls there are, and what is known of them."""
    every = list(calls.every())
    typed = [len(each.targets) + len(each.others) for each in every if each.how]
    return {
        "indirect calls": len(every),
        "indirect calls through a member of known type": len(typed),
        "... functions of that prototype, median": int(np.median(typed)) if typed else 0,
        "... of them where that member can be, median": int(
            np.median([each.likely for each in every if each.how]) if typed else 0
        ),
        "indirect calls through a variable": sum(each.variable != 0 for each in every),
        "indirect calls not resolved": sum(not each.how and not each.variable for each in every),
    }


def _members(it: Subject, edges: Graph, types: Types | None) -> Members | None:
    if types is None:
        return None
    in_code = np.unique(edges.targets[edges.kinds == TAKEN])
    in_data, places = taken_in_data(it.image, it.functions, it.tables)
    return Members(types, Layout(types), it.functions, Taken(in_code, in_data, places, it.objects))


def _fixed(it: Subject, known: Knowledge) -> dict[int, bool]:
    return {it.named[key].address: True for key in known.rcu["keys"] if key in it.named}
