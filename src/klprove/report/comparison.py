"""One handler on several kernels: what changes from one to the next."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from klprove.check import Answer
from klprove.report.explanations import in_order
from klprove.report.replay import command_line, command_words
from klprove.report.wrapping import WIDTH, ascii_only, fold
from klprove.verdict import Verdict

_NOTHING = "."
_UNKNOWN = "?"
_ABSENT = "-"


def comparison(answers: Mapping[str, Answer]) -> str:
    """A row a site, a column a kernel, a letter a code; then the differences between neighbours.

    The text does not depend on the machine or the time: the same models give it byte for byte.
    """
    codes = in_order([code for each in answers.values() for code in each.codes()])
    letters = dict(zip(codes, _letters(codes), strict=True))
    sites = list(dict.fromkeys(site for each in answers.values() for site in each.sites))
    width = max([len(site) for site in sites] + [4]) + 2
    columns = {kernel: max(len(kernel), len(codes)) + 2 for kernel in answers}
    lines = ["site".ljust(width) + "".join(k.ljust(n) for k, n in columns.items())]
    for site in sites:
        cells = (
            _cell(answer.sites.get(site), letters).ljust(columns[kernel])
            for kernel, answer in answers.items()
        )
        lines.append(site.ljust(width) + "".join(cells))
    lines.append("")
    lines += [f"{letter}  {code}" for code, letter in letters.items()]
    lines.append(f"{_NOTHING}  never   {_UNKNOWN}  not known   {_ABSENT}  no such function there")
    kernels = list(answers)
    for before, after in pairwise(kernels):
        lines += ["", *_changes(before, answers[before], after, answers[after])]
    lines.append("")
    for answer in answers.values():
        lines.append("$ " + command_line(command_words(answer.question)))
    return "\n".join(ascii_only(line.rstrip()) for line in lines)


def _letters(codes: Sequence[str]) -> Iterator[str]:
    """A letter for each code: its own first one where that is free."""
    taken: set[str] = set()
    for code in codes:
        wanted = [*(c for c in code.upper() if c.isalpha()), *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
        letter = next(c for c in wanted if c not in taken)
        taken.add(letter)
        yield letter


def _cell(verdict: Verdict | None, letters: Mapping[str, str]) -> str:
    if verdict is None:
        return _ABSENT
    found = {each.code for each in verdict.findings}
    marks = "".join(letter for code, letter in letters.items() if code in found)
    if not verdict.complete:
        return marks + _UNKNOWN
    return marks or _NOTHING


def _changes(before: str, old: Answer, after: str, new: Answer) -> Iterator[str]:
    """What appears and what goes away between two neighbours, by code."""
    yield f"{before} -> {after}:"
    said = False
    for sign, one, other in (("gone", old, new), ("new", new, old)):
        for code in in_order(one.codes()):
            sites = [
                site
                for site in one.sites
                if site in other.sites and _has(one, site, code) and not _has(other, site, code)
            ]
            if sites:
                said = True
                yield from fold(f"  {sign:<4} {code}: {', '.join(sites)}", WIDTH, "       ")
    missing = [site for site in old.sites if site not in new.sites]
    if missing:
        said = True
        yield from fold(f"  no such function any more: {', '.join(missing)}", WIDTH, "       ")
    if not said:
        yield "  nothing changes"


def _has(answer: Answer, site: str, code: str) -> bool:
    return any(each.code == code for each in answer.sites[site].findings)
