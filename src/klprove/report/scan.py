# SPDX-License-Identifier: GPL-2.0-or-later
"""The map of a kernel image for people: a summary, lists, the path to one function."""

from collections import Counter
from collections.abc import Iterator, Sequence

from klprove.report.wrapping import WIDTH, count, field, fold
from klprove.scan import GRADES, QUESTIONS, REASONS, Change, Map, Step

_SITE = "site"
_COLUMN = 10


def summary(found: Map) -> str:
    """How many functions get which answer."""
    return "\n".join(_summary(found))


def _summary(found: Map) -> Iterator[str]:
    yield heading(found)
    yield from notes(found)
    yield ""
    if not found.names:
        yield from _questions(found)
        return
    words = Counter(found.patch)
    yield f"{'can it be livepatched':<60}{'functions':>{_COLUMN}}"
    for word, text in REASONS.items():
        if words[word]:
            answer = "yes: " if word == _SITE else "" if word == "unknown" else "no: "
            yield f"  {answer + text:<58}"[:60] + f"{words[word]:>{_COLUMN},}"
    yield ""
    yield f"{'region':<40}{'functions':>{_COLUMN}}{'patchable':>{_COLUMN}}"
    able = Counter(region for region, word in zip(found.regions, found.patch, strict=True)
                   if word == _SITE)  # fmt: skip
    for region, number in sorted(Counter(found.regions).items()):
        yield f"  {region:<38}{number:>{_COLUMN},}{able[region]:>{_COLUMN},}"
    yield ""
    yield from _questions(found)
    for name, number in found.counts.items():
        yield f"  {name:<58}{number:>{_COLUMN},}"


def _questions(found: Map) -> Iterator[str]:
    columns = "".join(f"{grade:>{_COLUMN}}" for grade in GRADES)
    yield f"{'of the patchable ones':<48}{columns}"
    for question, text in QUESTIONS.items():
        if question in found.open or question not in found.reached:
            why = found.open.get(question, "not looked for")
            yield from fold(f"  {text}: cannot tell: {why}", WIDTH, "    ")
            continue
        grades = Counter(
            step.grade
            for index, step in found.reached[question].items()
            if found.patch[index] == _SITE
        )
        cells = "".join(f"{grades[grade]:>{_COLUMN},}" for grade in range(len(GRADES)))
        yield f"  {text:<46}{cells}"
    yield ""


def counts(found: Map, counted: Sequence[tuple[str, int, int]]) -> str:
    """Numbers of an image: (what, how many, how many of them patchable; -1: not asked)."""
    lines = [heading(found), f"{'':<59}{'every':>{_COLUMN}}{'patchable':>{_COLUMN}}"]
    for text, every, able in counted:
        lines.append(f"{text:<59}{every:>{_COLUMN},}{f'{able:>{_COLUMN},}' if able >= 0 else ''}")
    return "\n".join(lines)


def heading(found: Map) -> str:
    """One line: which kernel this is."""
    size = count(len(found.names), "function")
    return f"klprove: SCANNED  {found.release or 'unknown release'}  {found.machine}  {size}"


def notes(found: Map) -> Iterator[str]:
    """What identifies the image, and what it lacks."""
    yield from field("image", f"{found.path}  build-id {found.build_id or 'none'}")
    if not found.complete:
        yield from field("note", "interrupted: what was found until then")
    for each in found.notes:
        yield from field("note", each)


def patchable(found: Map) -> str:
    """Every function that can be livepatched: address, site, region, name."""
    return "\n".join(_patchable(found))


def _patchable(found: Map) -> Iterator[str]:
    able = [index for index, word in enumerate(found.patch) if word == _SITE]
    yield heading(found)
    yield from notes(found)
    yield ""
    yield f"{'address':<18}{'site':<6}{'region':<14}function"
    for index in able:
        name = label(found, index)
        address, offset = found.addresses[index], found.offsets[index]
        yield f"{address:<18x}+{offset:<5}{found.regions[index]:<14}{name}"
    yield f"{count(len(able), 'function')} of {len(found.names):,}"


def label(found: Map, index: int) -> str:
    """The name of a function; `name,2` where it is the second of that name."""
    position = found.sympos.get(index)
    return found.names[index] + (f",{position}" if position else "")


def listing(found: Map, question: str, grade: int, every: bool) -> str:
    """The functions that a question reaches, a line each; `every`: not only patchable ones."""
    return "\n".join(_listing(found, question, grade, every))


def _listing(found: Map, question: str, grade: int, every: bool) -> Iterator[str]:
    yield heading(found)
    yield from notes(found)
    yield from field("asked", f"{QUESTIONS[question]}; {' or '.join(GRADES[: grade + 1])}")
    if question in found.open:
        yield from field("answer", f"cannot tell: {found.open[question]}")
        return
    steps = found.reached.get(question, {})
    reached = found.list(question, grade)
    able = [index for index in reached if found.patch[index] == _SITE]
    yield ""
    yield f"{'grade':<10}{'hops':<6}{'patchable':<11}{'function':<32}from"
    for index in reached if every else able:
        step = steps[index]
        word = "yes" if found.patch[index] == _SITE else found.patch[index]
        begin = f"{GRADES[step.grade]:<10}{step.hops:<6}{word:<11}{label(found, index):<31} "
        yield (begin + (label(found, step.parent) if step.parent >= 0 else step.how))[:WIDTH]
    yield f"{count(len(able), 'patchable function')}; {len(reached) - len(able):,} not patchable"


def paths(found: Map, question: str, grade: int, every: bool) -> str:
    """The functions that a question reaches, each with the whole path that shows it."""
    return "\n".join(_paths(found, question, grade, every))


def _paths(found: Map, question: str, grade: int, every: bool) -> Iterator[str]:
    yield heading(found)
    yield from field("asked", f"{QUESTIONS[question]}; {' or '.join(GRADES[: grade + 1])}")
    if question in found.open:
        yield from field("answer", f"cannot tell: {found.open[question]}")
        return
    reached = found.list(question, grade)
    chosen = [index for index in reached if every or found.patch[index] == _SITE]
    for index in chosen:
        yield ""
        word = GRADES[found.reached[question][index].grade]
        yield f"{label(found, index)}: {word}"
        yield from _steps(found, found.path_to(question, index))
    yield ""
    yield count(len(chosen), "function")


def differences(before: Map, after: Map, changes: Sequence[Change]) -> str:
    """What differs from one image to another, a function a line."""
    return "\n".join(_differences(before, after, changes))


def _differences(before: Map, after: Map, changes: Sequence[Change]) -> Iterator[str]:
    yield f"klprove: COMPARED  {before.release or 'unknown'}  with  {after.release or 'unknown'}"
    for each in changes:
        text = QUESTIONS.get(each.about, "can be livepatched")
        yield ""
        if each.open:
            yield from field(each.about, f"cannot tell: {each.open}")
            continue
        yield from field(each.about, f"{text}: {len(each.gone):,} no more, {len(each.come):,} new")
        yield from (f"  - {name}" for name in each.gone)
        yield from (f"  + {name}" for name in each.come)


def why(found: Map, index: int) -> str:
    """All that is known about one function, each answer with its evidence."""
    return "\n".join(_why(found, index))


def _why(found: Map, index: int) -> Iterator[str]:
    start, size = found.addresses[index], found.sizes[index]
    yield f"klprove: FUNCTION {label(found, index)}  {found.release}"
    others = found.aliases.get(index)
    yield from field("place", f"{start:#x}, {size} bytes, {found.regions[index]}")
    if others:
        yield from field("alias", ", ".join(others))
    if index in found.sympos:
        yield from field("name", f"not unique: old_sympos {found.sympos[index]} means this one")
    word = found.patch[index]
    answer = {"site": "yes", "unknown": "cannot tell"}.get(word, "no")
    offset = f" (+{found.offsets[index]})" if found.offsets[index] >= 0 else ""
    yield from field("patch", f"{answer}: {REASONS[word]}{offset}")
    if index in found.blacklisted:
        yield from field("kprobe", "refused: on the blacklist of kprobes")
    for question, text in QUESTIONS.items():
        yield ""
        yield from _path(found, question, text, index)


def _path(found: Map, question: str, text: str, index: int) -> Iterator[str]:
    path = found.path_to(question, index)
    if question in found.open:
        yield from field(question, f"cannot tell: {found.open[question]}")
    elif not path:
        yield from field(question, "not reached: no path was found that would show it")
    else:
        yield from field(question, f"{text}: {GRADES[path[-1][1].grade]}")
        yield from _steps(found, path)


def _steps(found: Map, path: Sequence[tuple[int, Step]]) -> Iterator[str]:
    for depth, (each, step) in enumerate(path):
        indent = "  " * min(depth + 1, 10)
        where = _where(found, step)
        text = f"{indent}{label(found, each)}  <- {step.how}{where and f' at {where}'}"
        yield from fold(text, WIDTH, indent + "    ")


def _where(found: Map, step: Step) -> str:
    """`f+0x12`."""
    if step.parent < 0 or not step.site:
        return ""
    return f"{found.names[step.parent]}+{step.site - found.addresses[step.parent]:#x}"
