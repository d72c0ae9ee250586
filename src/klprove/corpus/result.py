# SPDX-License-Identifier: GPL-2.0-or-later
"""What came out of a model, and whether that is right."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from klprove.check import Answer
from klprove.check.answer import INTERRUPTED
from klprove.corpus.expectation import COUNTED_BY
from klprove.corpus.folders import Entry, Model
from klprove.source import Diagnostic
from klprove.verdict import INCOMPLETE, UNSEARCHED, VIOLATION

RIGHT, WRONG, OPEN, REFUSED, UNJUDGED = "right", "wrong", "open", "refused", "unjudged"
"""OPEN: the search ended too early to say. REFUSED: the model cannot be checked. UNJUDGED: asked
under another memory model than its head names."""

_EFFORT = ("time limit", "memory limit", "out of memory", INTERRUPTED, UNSEARCHED)
"""How a reason begins that more time or memory would take away."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one model gave. All figures but `seconds` are the same on every run."""

    words: Mapping[str, str]
    """Verdict by site; the one key is `""` where nothing is patched."""
    codes: frozenset[str]
    states: int
    steps: int | None
    """Of the shortest trace of a violation; None without one."""
    complete: bool
    reasons: tuple[str, ...]
    engine: str
    every_state: bool
    """True where `states` counts what a header pins."""
    seconds: float
    diagnostics: tuple[Diagnostic, ...] = ()
    """Why the model was refused."""

    @property
    def word(self) -> str:
        """The verdict; all that there are, where sites differ."""
        return "/".join(dict.fromkeys(self.words.values()))

    def text(self) -> str:
        """Verdict and codes."""
        return " ".join([self.word, *sorted(self.codes)])


@dataclass(frozen=True, slots=True)
class Judged:
    """A model with its result, None where it was not run, under the memory model that was asked."""

    model: Model
    result: Result | None
    memory_model: str

    @property
    def outcome(self) -> str:
        """One of RIGHT, WRONG, OPEN, REFUSED, UNJUDGED."""
        if self.result is None:
            return OPEN
        if self.result.diagnostics:
            return REFUSED
        if self.memory_model != self.model.expected.memory_model:
            return UNJUDGED
        if not self.differences:
            return RIGHT
        return WRONG if self.decided else OPEN

    @property
    def decided(self) -> bool:
        """True where more effort could not make it right: no limit of time or memory was met."""
        return self.result is not None and not _limited(self.result.reasons)

    @property
    def differences(self) -> tuple[str, ...]:
        """Where the result is not what is expected, in words."""
        result, expected = self.result, self.model.expected
        if result is None:
            return ("not run",)
        if result.diagnostics:
            return (result.diagnostics[0].text,)
        said = []
        odd = [site for site, word in result.words.items() if word != expected.verdict]
        if odd:
            words = ", ".join(dict.fromkeys(result.words[site] for site in odd))
            at = f" at {', '.join(odd)}" if any(odd) else ""
            said.append(f"{words}{at}, expected {expected.verdict}")
        if expected.codes is not None and result.codes != expected.codes:
            said += [f"{code} was not found" for code in sorted(expected.codes - result.codes)]
            said += [f"{code} is not expected" for code in sorted(result.codes - expected.codes)]
        if expected.states is not None:
            if not result.complete:
                said.append("the search is not complete")
            elif result.every_state and result.states != expected.states:
                said.append(f"{result.states:,} states, expected {expected.states:,}")
        if said:
            said += [f"because: {reason}" for reason in result.reasons]
        return tuple(said)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run over a corpus."""

    entries: tuple[tuple[Entry, tuple[Judged, ...]], ...]
    interrupted: bool = False

    @property
    def judged(self) -> tuple[Judged, ...]:
        """Every model, in order."""
        return tuple(each for _, models in self.entries for each in models)

    @property
    def counts(self) -> Mapping[str, int]:
        """Models by outcome."""
        return Counter(each.outcome for each in self.judged)

    @property
    def exit_status(self) -> int:
        """0 all are right, 1 one is wrong, 2 one cannot be checked, 3 one is open."""
        counts = self.counts
        return next(
            (status for status, word in ((2, REFUSED), (1, WRONG), (3, OPEN)) if counts[word]), 0
        )


def result(answer: Answer) -> Result:
    """The result that `answer` gives."""
    violations = [each for each in answer.findings if each.severity == VIOLATION]
    statistics = answer.statistics
    reasons = dict.fromkeys(reason for each in answer.sites.values() for reason in each.reasons)
    unreached = dict.fromkeys(name for each in answer.sites.values() for name in each.unreached)
    if any(each.word == INCOMPLETE for each in answer.sites.values()):
        reasons |= dict.fromkeys(f"no state reaches {name}" for name in unreached)
    return Result(
        words={site: each.word for site, each in answer.sites.items()},
        codes=frozenset(each.code for each in answer.findings),
        states=statistics.states,
        steps=min((len(each.trace.events) for each in violations), default=None),
        complete=answer.complete,
        reasons=tuple(reasons),
        engine=statistics.engine,
        every_state=statistics.engine in COUNTED_BY and not statistics.reduced,
        seconds=answer.seconds,
    )


def refused(diagnostics: Iterable[Diagnostic], seconds: float) -> Result:
    """The result of a model that cannot be checked."""
    return Result({"": REFUSED}, frozenset(), 0, None, False, (), "", False, seconds,
                  tuple(diagnostics))  # fmt: skip


def _limited(reasons: Iterable[str]) -> bool:
    """True where one of `reasons` is about effort, not about the question."""
    return any(each.startswith(_EFFORT) for each in reasons)
