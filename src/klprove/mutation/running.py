# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a campaign: every mutant through every question, several at a time."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from klprove import engine
from klprove.check import Question
from klprove.check.checking import prepared
from klprove.check.site import Job, SiteAnswer, Watch
from klprove.check.workers import spread
from klprove.ir import Program, render
from klprove.mutation.campaign import Campaign
from klprove.mutation.mutants import Mutant, mutants
from klprove.source import BadInput, Diagnostic, Span
from klprove.verdict import Bounds, Statistics, Verdict

CAUGHT, SURVIVED, SAME, UNDECIDED, REFUSED = "caught", "survived", "same", "undecided", "refused"

_SAME = "the same program"
_REFUSED = "no program: "
_SITES = re.compile(r" *;[^\n]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding that the mutant has and the original has not, or the other way round."""

    code: str
    question: int
    """Place of the question in the campaign."""
    site: str
    steps: int
    """Length of its trace; 0 for a finding of the original that is gone."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one mutant."""

    mutant: Mutant
    word: str
    """`caught`: some answer differs; `survived`: none does, in complete searches; `same`: it is the
    same program; `undecided`: none differs and some search was not complete; `refused`: it is no
    program (C, or a word of the language, does not allow it)."""
    seen: tuple[Seen, ...] = ()
    gone: tuple[Seen, ...] = ()
    states: int = 0
    """Of all its searches together."""
    reason: str = ""
    """Why it cannot be told from the original, where the campaign says so; of `refused` and
    `undecided`, what was said."""

    @property
    def explained(self) -> bool:
        """False for a survivor that nobody has given a reason for."""
        return self.word in (CAUGHT, SAME, REFUSED) or (self.word == SURVIVED and bool(self.reason))


@dataclass(frozen=True, slots=True)
class Report:
    """A campaign with the results of its mutants, in the order of the text."""

    campaign: Campaign
    results: tuple[Result, ...]
    mutants: int
    """How many there are: more than results where the run was interrupted."""
    stale: tuple[str, ...]
    """Patterns of reasons that fit no survivor."""

    @property
    def interrupted(self) -> bool:
        """True where some mutants were not looked at any more."""
        return len(self.results) < self.mutants


Tell = Callable[[int, int, str], None]
"""Told of each search that ends: how many are done, of how many, and whose it was."""


def mutate(campaign: Campaign, jobs: int | None = None, tell: Tell | None = None) -> Report:
    """Run `campaign` with `jobs` processes (None: one a core). Raises BadInput where the original
    cannot be searched completely. Ctrl-C ends the run with the mutants that are done; before the
    original is, KeyboardInterrupt is raised."""
    work = _Work(campaign)
    keys = list(work.keys())
    total, done = len(keys), 0

    def observe(key: str, progress: engine.Progress | None) -> None:
        nonlocal done
        if progress is None:
            done += 1
            if tell:
                tell(done, total, work.name(key))

    outcome = spread(work, keys, jobs or len(os.sched_getaffinity(0)), None, observe)
    answers = outcome.answers
    if outcome.interrupted and any(key not in answers for key in keys if key.startswith("-1/")):
        raise KeyboardInterrupt
    missing = {key: f"the worker ended with {status}" for key, status in outcome.died.items()}
    originals = [
        {site: answers.get(f"-1/{place}/{site}") for site in job.sites}
        for place, job in enumerate(work.jobs)
    ]
    _require_complete(campaign, originals)
    results = []
    for number, mutant in enumerate(work.mutants):
        mine: dict[tuple[int, str], SiteAnswer] = {}
        for place, job in enumerate(work.jobs):
            for site in job.sites:
                key = f"{number}/{place}/{site}"
                if key in answers or not outcome.interrupted:
                    mine[place, site] = answers.get(key) or _none(missing[key])
        if len(mine) == sum(len(job.sites) for job in work.jobs):
            results.append(_result(campaign, mutant, mine, originals))
    stale = () if outcome.interrupted else _stale(campaign, results)
    return Report(campaign, tuple(results), len(work.mutants), stale)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with its text read: sites, original programs by site, mutants by name.

    Questions need not be about the same text: what a mutant is called tells where it is.
    """

    job: Job
    sites: tuple[str, ...]
    originals: dict[str, str]
    mutants: dict[str, Mutant]


class _Work:
    """The searches of a campaign, as `spread` wants them: one a mutant, question and site."""

    def __init__(self, campaign: Campaign) -> None:
        self.question = replace(campaign.questions[0], memory=None)
        self.jobs = [_asked(each, campaign) for each in campaign.questions]
        named = {name: each for asked in self.jobs[::-1] for name, each in asked.mutants.items()}
        order = [*self.jobs[0].mutants, *named]
        self.mutants = [named[name] for name in dict.fromkeys(order)]
        if not self.mutants:
            text = f"no function of {', '.join(campaign.mutate)} is in the text"
            raise BadInput([Diagnostic("campaign", Span(campaign.path, 0, 0), text)])

    def keys(self) -> Iterator[str]:
        """The original's searches first, as -1."""
        for number in range(-1, len(self.mutants)):
            for place, asked in enumerate(self.jobs):
                for site in asked.sites:
                    yield f"{number}/{place}/{site}"

    def name(self, key: str) -> str:
        """What a search is about."""
        number = int(key.split("/")[0])
        return "the original" if number < 0 else self.mutants[number].name

    def prepare(self, key: str) -> Program | str:
        """The mutated program; in words, why there is none to search."""
        number, place, site = key.split("/", 2)
        asked = self.jobs[int(place)]
        if int(number) < 0:
            return asked.job.prepare(site)
        mutant = asked.mutants.get(self.mutants[int(number)].name)
        if mutant is None:
            return _SAME  # the user's file has a function of its own in that place
        try:
            unit = asked.job.unit.edited(mutant.edits)
            program = replace(asked.job, unit=unit, required=False).prepare(site)
        except BadInput as error:
            return _REFUSED + error.diagnostics[0].text
        return _SAME if _bare(program) == asked.originals[site] else program

    def explore(
        self,
        key: str,
        program: Program | str,
        seconds: float | None,
        memory: int | None,
        watch: Watch | None,
    ) -> SiteAnswer:
        """Search it within the time of its question."""
        if isinstance(program, str):
            return _none(program)
        _, place, site = key.split("/", 2)
        job = self.jobs[int(place)].job
        return job.explore(site, program, job.question.seconds, memory, watch)


def _asked(question: Question, campaign: Campaign) -> _Asked:
    job, sites = prepared(question)
    originals = {site: _bare(job.prepare(site)) for site in sites}
    found = mutants(job.unit, campaign.mutate, campaign.operators)
    return _Asked(job, sites, originals, {each.name: each for each in found})


def _bare(program: Program) -> str:
    """The program without the places of its instructions, which a change of text moves."""
    return _SITES.sub("", render(program))


def _none(reason: str) -> SiteAnswer:
    return SiteAnswer(Verdict((), False, Statistics(), Bounds(), reasons=(reason,)), (), 1)


def _require_complete(
    campaign: Campaign, originals: Sequence[dict[str, SiteAnswer | None]]
) -> None:
    for answers in originals:
        for site, answer in answers.items():
            if answer is None or not answer.verdict.complete:
                why = "; ".join(answer.verdict.reasons) if answer else "no answer"
                text = f"the original is not searched completely at {site or 'no site'}: {why}"
                hint = "bound `arrivals`, or give more `seconds`"
                raise BadInput([Diagnostic("campaign", Span(campaign.path, 0, 0), text, hint)])


def _result(
    campaign: Campaign,
    mutant: Mutant,
    mine: dict[tuple[int, str], SiteAnswer],
    originals: Sequence[dict[str, SiteAnswer | None]],
) -> Result:
    seen: list[Seen] = []
    gone: list[Seen] = []
    for (place, site), answer in mine.items():
        before, after = _codes(originals[place][site]), _codes(answer)
        if answer.verdict.reasons == (_SAME,):
            continue
        seen += [Seen(code, place, site, n) for code, n in after.items() if code not in before]
        if answer.verdict.complete:
            gone += [Seen(code, place, site, 0) for code in before if code not in after]
    reasons = {why for each in mine.values() for why in each.verdict.reasons}
    states = sum(each.verdict.statistics.states for each in mine.values())
    refused = sorted(why for why in reasons if why.startswith(_REFUSED))
    if refused:
        return Result(mutant, REFUSED, reason=refused[0].removeprefix(_REFUSED))
    if seen or gone:
        return Result(mutant, CAUGHT, tuple(seen), tuple(gone), states)
    if reasons == {_SAME} and not any(each.verdict.complete for each in mine.values()):
        return Result(mutant, SAME)
    reasons.discard(_SAME)
    if reasons:
        return Result(mutant, UNDECIDED, states=states, reason="; ".join(sorted(reasons)))
    why = next((each.text for each in campaign.reasons if each.covers(mutant.name)), "")
    return Result(mutant, SURVIVED, states=states, reason=why)


def _codes(answer: SiteAnswer | None) -> dict[str, int]:
    """Codes of what was found, with the length of the shortest trace."""
    found: dict[str, int] = {}
    for each in answer.verdict.findings if answer else ():
        steps = len(each.trace.events)
        found[each.code] = min(found.get(each.code, steps), steps)
    return found


def _stale(campaign: Campaign, results: Sequence[Result]) -> tuple[str, ...]:
    survivors = [each.mutant.name for each in results if each.word == SURVIVED]
    return tuple(
        pattern
        for each in campaign.reasons
        for pattern in each.mutants
        if not any(replace(each, mutants=(pattern,)).covers(name) for name in survivors)
    )
