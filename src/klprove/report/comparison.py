# SPDX-License-Identifier: GPL-2.0-or-later
"""One handler on several kernels: what changes from one to the next."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, pairwise
from pathlib import PurePath

from klprove.check import Answer
from klprove.report.explanations import in_order
from klprove.report.replay import command_line, command_words
from klprove.report.wrapping import WIDTH, ascii_only, dead, fold
from klprove.verdict import Verdict

_NOTHING = "."
_UNKNOWN = "?"
_ABSENT = "-"
_NONE: Mapping[str, Sequence[str]] = {}


def comparison(answers: Mapping[str, Answer], lacking: Mapping[str, Sequence[str]] = _NONE) -> str:
    """A row a site, a column a kernel, a letter a code; then the differences between neighbours.

    `lacking`: for kernels on which the handler means nothing, the functions that these have not.
    Where the columns do not fit into one table there are several, each with its own sites. The text
    does not depend on the machine or the time: the same models give it byte for byte.
    """
    codes = in_order([code for each in answers.values() for code in each.codes()])
    letters = letters_of(codes)
    lines: list[str] = []
    for kernels in _tables(answers, len(codes)):
        lines += [*_table({name: answers[name] for name in kernels}, letters), ""]
    lines += [f"{letter}  {code}" for code, letter in letters.items()]
    lines.append(f"{_NOTHING}  never   {_UNKNOWN}  not known   {_ABSENT}  no such function there")
    if lacking:
        lines += ["", *_lacking(lacking)]
    kernels = list(answers)
    for before, after in pairwise(kernels):
        lines += ["", *_changes(before, answers[before], after, answers[after])]
    lines.append("")
    for answer in answers.values():
        lines.append("$ " + command_line(command_words(answer.question)))
    return "\n".join(ascii_only(line.rstrip()) for line in lines)


def glance(asked: Mapping[str, Mapping[str, Answer]], kernels: Sequence[str]) -> str:
    """A Markdown table: a row a handler, a column a kernel; at how many sites what was found."""
    every = [answer for answers in asked.values() for answer in answers.values()]
    codes = in_order([code for each in every for code in each.codes()])
    letters = letters_of(codes)
    lines = ["| handler | " + " | ".join(kernels) + " |", "|---" * (len(kernels) + 1) + "|"]
    for handler, answers in asked.items():
        cells = [_sums(answers[name], letters) if name in answers else _ABSENT for name in kernels]
        lines.append(f"| {dead(PurePath(handler).stem)} | " + " | ".join(cells) + " |")
    meaning = ", ".join(f"{letter} {code}" for code, letter in letters.items())
    said = f"At how many sites what was found: {meaning}; {_NOTHING} nothing, at any site; "
    said += f"{_ABSENT} does not apply: no such function there."
    return "\n".join([*map(ascii_only, lines), "", ascii_only(said)])


def _sums(answer: Answer, letters: Mapping[str, str]) -> str:
    sums = [
        f"{letter}{number}"
        for code, letter in letters.items()
        if (number := sum(_has(answer, site, code) for site in answer.sites))
    ]
    return (" ".join(sums) or _NOTHING) + ("" if answer.complete else f" {_UNKNOWN}")


def _site_width(answers: Iterable[Answer]) -> int:
    return max([len(site) for each in answers for site in each.sites] + [4]) + 2


def _column(kernel: str, codes: int) -> int:
    return max(len(kernel), codes) + 2


def _tables(answers: Mapping[str, Answer], codes: int) -> list[list[str]]:
    """The kernels of each table: as many as fit beside the sites of theirs."""
    tables: list[list[str]] = []
    for kernel in answers:
        row = [*tables[-1], kernel] if tables else [kernel]
        width = sum(_column(each, codes) for each in row)
        if tables and width + _site_width(answers[each] for each in row) <= WIDTH:
            tables[-1] = row
        else:
            tables.append([kernel])
    return tables


def _table(answers: Mapping[str, Answer], letters: Mapping[str, str]) -> Iterator[str]:
    width = _site_width(answers.values())
    columns = {kernel: _column(kernel, len(letters)) for kernel in answers}
    yield "site".ljust(width) + "".join(k.ljust(n) for k, n in columns.items())
    for site in dict.fromkeys(site for each in answers.values() for site in each.sites):
        cells = (
            _cell(answer.sites.get(site), letters).ljust(columns[kernel])
            for kernel, answer in answers.items()
        )
        yield site.ljust(width) + "".join(cells)


def _lacking(lacking: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A line for each set of functions that some kernels have not."""
    for functions in dict.fromkeys(map(tuple, lacking.values())):
        kernels = [name for name, each in lacking.items() if tuple(each) == functions]
        text = f"does not apply on {', '.join(kernels)}: no such function there: "
        yield from fold(text + ", ".join(f"{each}()" for each in functions), WIDTH, "  ")


def letters_of(codes: Sequence[str]) -> dict[str, str]:
    """A letter for each code: its own first one where that is free. After 26, numbers."""
    taken: dict[str, str] = {}
    for code in codes:
        wanted = [*(c for c in code.upper() if c.isalpha()), *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
        spare = (f"{number}" for number in count(1))
        taken[code] = next(c for c in chain(wanted, spare) if c not in taken.values())
    return taken


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
