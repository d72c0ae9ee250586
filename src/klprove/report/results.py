# SPDX-License-Identifier: GPL-2.0-or-later
"""An answer of `klprove check`, or of several, for the formats of the trade."""

from collections.abc import Iterable, Iterator

from klprove import formats
from klprove.check import Answer
from klprove.kernels import HOME
from klprove.report.entries import Show, shower
from klprove.report.explanations import explain, in_order
from klprove.report.heading import headline, initial, model
from klprove.report.replay import command_line, command_words
from klprove.report.steps import steps
from klprove.report.wrapping import count
from klprove.verdict import HOLDS, VIOLATED, VIOLATION, Finding, Verdict

_OUTCOMES = {HOLDS: formats.PASS, VIOLATED: formats.FAIL}


def check_results(answer: Answer, timing: bool = True) -> formats.Results:
    """One thing was asked, about each patched function; without `timing` no seconds."""
    return formats.Results(
        "check",
        heading(answer),
        (answer_item(answer, model(answer), timing),),
        answer.exit_status,
        rules([answer]),
        models([answer]),
    )


def heading(answer: Answer) -> str:
    """The verdict over everything, in one line."""
    return " ".join(" ".join(headline(answer)).split())


def answer_item(answer: Answer, name: str, timing: bool = True) -> formats.Item:
    """`answer` as something that was asked, a part for each site."""
    facts = (command_line(command_words(answer.question)),)
    if list(answer.sites) == [""]:
        only = site_item(answer, "", name, timing)
        return formats.Item(
            name, only.outcome, only.reason, only.findings, (*facts, *only.facts), only.seconds
        )
    parts = tuple(site_item(answer, site, site, timing) for site in answer.sites)
    return formats.Item(name, facts=facts, items=parts)


def site_item(answer: Answer, site: str, name: str, timing: bool = True) -> formats.Item:
    """What was found at one site."""
    verdict = answer.sites[site]
    size = count(verdict.statistics.states, "state")
    facts = [f"{verdict.word}, {size}, {'complete' if verdict.complete else 'NOT complete'}"]
    reason = "; ".join(_reasons(verdict))
    if verdict.word == VIOLATED and reason:
        facts.append(reason)
    return formats.Item(
        name,
        _OUTCOMES.get(verdict.word, formats.INCOMPLETE),
        reason,
        tuple(found(answer, each) for each in verdict.findings),
        tuple(facts),
        verdict.statistics.seconds if timing else None,
    )


def _reasons(verdict: Verdict) -> Iterator[str]:
    yield from verdict.reasons
    yield from (f"witness {name} is never reached" for name in verdict.unreached)


def found(answer: Answer, finding: Finding, severity: str = "") -> formats.Finding:
    """A finding, at the place where it shows; the check beside it where that stands elsewhere.
    `severity`: another one than its own."""
    show = shower(finding.trace)
    events = finding.trace.events
    span = events[-1].span if events and events[-1].span.line else finding.span
    function = next(iter(events[-1].calls[-1:]), "") if events else ""
    elsewhere = span[:2] != finding.span[:2] and finding.span.line
    return formats.Finding(
        finding.code,
        severity or (formats.ERROR if finding.severity == VIOLATION else formats.WARNING),
        finding.text or finding.code,
        span,
        finding.site or function,
        f"{finding.code}: {finding.site}: {function}: {finding.text}",
        related=((finding.span, "the check"),) if elsewhere else (),
        initial=_initial(answer, finding, show),
        steps=steps(finding.trace, finding.code, show),
    )


def _initial(answer: Answer, finding: Finding, show: Show) -> tuple[str, ...]:
    return tuple(initial(finding.trace, answer.cpus, show).split(", "))


def rules(answers: Iterable[Answer]) -> dict[str, formats.Rule]:
    """What the codes mean that were looked for or found."""
    texts: dict[str, str] = {}
    for answer in answers:
        texts |= dict.fromkeys(answer.asked, "") | {f.code: f.text for f in answer.findings}
    told = {}
    for code in in_order(texts):
        said = explain(code, texts[code])
        told[code] = formats.Rule(said.title, said.why, f"wrong if: {said.wrong_if}")
    return told


def models(answers: Iterable[Answer]) -> frozenset[str]:
    """The files of kernel models that the findings name."""
    own: set[str] = set()
    for answer in answers:
        users = {each.path for each in answer.files}
        spans = {finding.span for finding in answer.findings}
        spans |= {event.span for each in answer.findings for event in each.trace.events}
        own |= {each.file for each in spans if each.file not in users}
    return frozenset(each for each in own if each and (HOME / each).is_file())
