# SPDX-License-Identifier: GPL-2.0-or-later
"""Decides claims: runs what they ask for, each distinct question once, and compares."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from klprove.check.answer import Answer
from klprove.check.asking import Asking
from klprove.check.claims import Claim, Expectation, Run
from klprove.check.question import EACH, Question
from klprove.cluster import Cluster
from klprove.kernels import load
from klprove.source import BadInput, Diagnostic, Span
from klprove.verdict import Finding, Verdict

CONFIRMED, REFUTED, UNDECIDED = "confirmed", "refuted", "undecided"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One expectation against the answer: `met` is None where the answer does not decide."""

    expectation: Expectation
    met: bool | None
    having: tuple[str, ...]
    """Sites that have the finding, in order."""
    lacking: tuple[str, ...]
    """Sites that were searched completely and have it not."""
    witness: Finding | None
    """The shortest trace that shows why: of what was not to be there, or of what was expected."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A run with its answer."""

    run: Run
    answer: Answer
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A claim with its verdict."""

    claim: Claim
    runs: tuple[Judged, ...]

    @property
    def deciding(self) -> tuple[Judged, ...]:
        """The runs that are not background."""
        return tuple(each for each in self.runs if not each.run.about)

    @property
    def interrupted(self) -> bool:
        """Ctrl-C ended one of the runs, or came before it."""
        return any(each.answer.interrupted for each in self.runs)

    @property
    def word(self) -> str:
        """`refuted` if any expectation is, `confirmed` if all are met, else `undecided`."""
        met = [each.met for judged in self.deciding for each in judged.comparisons]
        if False in met:
            return REFUTED
        return UNDECIDED if None in met else CONFIRMED

    @property
    def witness(self) -> tuple[Judged, Comparison] | None:
        """What settles it: the first expectation that is not met, else the first with a trace."""
        pairs = [(judged, each) for judged in self.deciding for each in judged.comparisons]
        if self.word == REFUTED:
            failed = [pair for pair in pairs if pair[1].met is False]
            return min(failed, key=lambda pair: (pair[1].witness is None, _length(pair[1].witness)))
        shown = [pair for pair in pairs if pair[1].met and pair[1].witness]
        return shown[0] if shown else None


Watch: TypeAlias = Callable[[int, int, Question], None]
"""Told before each question: how many are done, how many there are, and which comes."""


def judge(
    claims: Sequence[Claim],
    jobs: int | None = None,
    watch: Watch | None = None,
    cluster: Cluster | None = None,
) -> tuple[Judgement, ...]:
    """Decide every claim; after Ctrl-C, those that what is known by then decides.

    Raises BadInput where a run cannot be made or names no such site, KeyboardInterrupt where Ctrl-C
    came before anything was known.
    """
    runs = [run for claim in claims for run in claim.runs]
    questions = distinct(run.question for run in runs)
    answers: dict[str, Answer] = {}
    asking = Asking(jobs, cluster)
    for number, question in enumerate(questions):
        if watch and not asking.interrupted:
            watch(number, len(questions), question)
        answers[_key(question)] = asking.answer(question)
    if asking.interrupted and not asking.known:
        raise KeyboardInterrupt
    return tuple(
        Judgement(
            claim, tuple(_judged(claim, run, answers[_key(run.question)]) for run in claim.runs)
        )
        for claim in claims
    )


def distinct(questions: Iterable[Question]) -> tuple[Question, ...]:
    """Each question once; of those that differ in the patched functions only, their union."""
    merged: dict[str, Question] = {}
    for each in questions:
        known = merged.get(_key(each))
        if known is None:
            merged[_key(each)] = each
        else:
            union = tuple(dict.fromkeys(known.patch + each.patch))
            merged[_key(each)] = replace(known, patch=union)
    return tuple(merged.values())


def _key(question: Question) -> str:
    """The same for questions that one check can answer together."""
    return repr(replace(question, patch=("some",) if question.patch else ()))


def _judged(claim: Claim, run: Run, whole: Answer) -> Judged:
    """`run` against its part of `whole`."""
    if not whole.searched:
        open_ = tuple(Comparison(each, None, (), (), None) for each in run.expectations)
        return Judged(run, replace(whole, question=run.question), open_)
    patch = run.question.patch
    if EACH in patch and run.question.kernel:
        wanted = tuple(each for each in load(run.question.kernel).sites if each in whole.sites)
    else:
        wanted = tuple(whole.sites) if EACH in patch or not patch else patch
    sites = {site: whole.sites[site] for site in wanted}
    for expected in run.expectations:
        named = (*expected.spared, *(expected.at if isinstance(expected.at, tuple) else ()))
        unknown = [site for site in named if site not in sites]
        if unknown:
            text = f"`expect` names {unknown[0]}, which is not among the sites of its run"
            raise BadInput([Diagnostic("claim", Span(claim.path, 0, 0), text)])
    answer = replace(whole, question=run.question, sites=sites)
    return Judged(run, answer, tuple(_compare(each, sites) for each in run.expectations))


def _compare(expected: Expectation, sites: Mapping[str, Verdict]) -> Comparison:
    asked = [site for site in sites if site not in expected.spared]
    if isinstance(expected.at, tuple):
        asked = list(expected.at)
    found = {site: _shortest(sites[site], expected.codes) for site in asked}
    having = tuple(site for site in asked if found[site])
    lacking = tuple(site for site in asked if not found[site] and sites[site].complete)
    open_ = len(having) + len(lacking) < len(asked)
    match expected.at:
        case "any":
            met = True if having else None if open_ else False
        case "none":
            met = False if having else None if open_ else True
        case _:
            met = False if lacking else None if open_ else True
    witnesses = [trace for site in having if (trace := found[site])]
    shown = min(witnesses, key=_length, default=None)
    return Comparison(expected, met, having, lacking, shown)


def _shortest(verdict: Verdict, codes: tuple[str, ...]) -> Finding | None:
    return min((each for each in verdict.findings if each.code in codes), key=_length, default=None)


def _length(finding: Finding | None) -> int:
    return len(finding.trace.events) if finding else 0
