# SPDX-License-Identifier: GPL-2.0-or-later
"""The lines above and below an interleaving: verdict, assumptions, bounds, why, replay."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING

from klprove.check import Answer
from klprove.evidence.calls import CALLED, CLOSED, INLINED, PART
from klprove.kernels import HANDLER
from klprove.report.entries import Show, shower
from klprove.report.explanations import explain, in_order
from klprove.report.interleaving import draw
from klprove.report.replay import command_lines, command_words, quote
from klprove.report.wrapping import WIDTH, count, field, fold
from klprove.verdict import HOLDS, INCOMPLETE, UNSEARCHED, VIOLATION, Finding, Trace

if TYPE_CHECKING:
    from klprove.evidence import Evidence


_CALLS = {
    INLINED: "its call in {0} is inlined in this image: a patch of it does not run there, the old "
    "code stays (H03 of klprove lint)",
    PART: "what {0} calls in this image is {1}: a patch has to name that",
    CLOSED: "what {0} calls in this image, {1}, has no ftrace site: it cannot be patched there",
}
"""By the word of a call."""


def model(answer: Answer) -> str:
    """`F.c on v4.12rc`, `transition (disable) of v4.12`: what was checked, in short."""
    names = " ".join(PurePath(each.path).name for each in answer.files)
    question = answer.question
    if question.kernel is None:
        return names
    if question.scene == HANDLER:
        return f"{names} on {question.kernel}" if names else question.kernel
    does = f" ({question.action})" if question.action else ""
    return f"{names + ' in ' if names else ''}{question.scene}{does} of {question.kernel}"


def headline(answer: Answer) -> list[str]:
    """The verdict over everything, in one line where it fits."""
    words = [answer.word.upper()]
    if answer.word == HOLDS and answer.question.arrivals:
        words.append(f"within {bounded(answer.question.arrivals)}")
    if answer.word == HOLDS and answer.codes():
        words.append(f"({', '.join(answer.codes())})")
    words.append(f"model {model(answer)}")
    left = sum(not each.searched for each in answer.sites.values())
    if len(answer.sites) > 1:
        without = f", {left} of them {UNSEARCHED}" if left else ""
        words.append(count(len(answer.sites), "site") + without)
    elif left:
        words.append(UNSEARCHED)
    return fold("klprove: " + "  ".join(words), WIDTH, " " * 9)


def ground(answer: Answer, timing: bool) -> Iterator[str]:
    """What the answer rests on: assumptions and bounds."""
    yield from evidence(answer.question.evidence)
    yield from field("assume", "; ".join(answer.assumptions))
    yield from field("bounds", bounds(answer, timing))


def evidence(found: "Evidence | None") -> Iterator[str]:
    """Why this kernel model, where an image or a tree was named."""
    if found is None:
        return
    for candidate in found.candidates:
        name = candidate.name
        if candidate.generation != name:
            name += f" (the model up to {candidate.generation})"
        head = f"{name} by {found.path}: "
        if candidate is not found.taken:
            head = f"or {name}, if --kernel says so: "
        parts = ", ".join(each.by for each in candidate.speaks_for)
        if candidate.against:
            parts += "; AGAINST it: " + ", ".join(
                f"{each.by} ({each.since}: {each.what})" for each in candidate.against
            )
        yield from field("kernel", head + parts)
    yield from _calls(found)


def _calls(found: "Evidence") -> Iterator[str]:
    """What the image makes of calls of what is patched, where that is not what the model has."""
    for each in found.calls:
        if text := _CALLS.get(each.word):
            names = ", ".join(each.symbols)
            yield from field("note", f"{each.callee}: " + text.format(each.caller, names))
    if found.untold:
        names = ", ".join(dict.fromkeys(e.callee for e in found.calls if e.word != CALLED))
        yield from field("note", f"cannot tell whether {names} is inlined there: {found.untold}")


def bounds(answer: Answer, timing: bool) -> str:
    """CPUs, arrivals, nesting, size of the search and whether it is complete."""
    parts = [count(answer.cpus, "CPU"), *_limits(answer)]
    if answer.question.recursion is not None:
        parts.append(f"recursion <= {answer.question.recursion}")
    size = [count(answer.statistics.states, "state")]
    if answer.statistics.reduced:
        size[0] += f" (reduced: {', '.join(answer.statistics.reduced)})"
    if timing:
        size.append(f"{answer.seconds:.1f}s")
    size.append("complete" if answer.complete else "NOT complete")
    return "; ".join(parts) + "; " + ", ".join(size)


def _limits(answer: Answer) -> Iterator[str]:
    arrivals, nest = answer.bounds.arrivals, answer.bounds.nest
    if arrivals:
        others = (set(nest) | {"nmi"}) - set(arrivals)
        yield f"arrivals {bounded(arrivals)}" + (", others unbounded" if others else "")
    else:
        yield "arrivals unbounded"
    # The bounds that make an answer incomplete when they are reached are not part of it.
    asked = {
        kind: most
        for kind, most in nest.items()
        if kind in answer.question.nest or kind == "exception"
    }
    if asked:
        yield f"nested {bounded(asked)}"
    full = [verdict.bounds.store_buffer for verdict in answer.sites.values()]
    if any(full):
        yield f"store buffer <= {max(filter(None, full))}"


def bounded(limits: Mapping[str, int]) -> str:
    """`irq <= 1, nmi <= 1`."""
    return ", ".join(f"{kind} <= {most}" for kind, most in limits.items())


def unfinished(answer: Answer) -> Iterator[str]:
    """Why the answer is not complete, and how to go on; nothing where it is."""
    reasons: dict[str, list[str]] = {}
    unreached: dict[str, list[str]] = {}
    for site, verdict in answer.sites.items():
        for reason in verdict.reasons:
            reasons.setdefault(reason, []).append(site)
        if verdict.complete:
            for name in verdict.unreached:
                unreached.setdefault(name, []).append(site)
    for reason, sites in reasons.items():
        yield from field("stopped", reason + _where(sites, len(answer.sites)))
    for name, sites in unreached.items():
        where = _where(sites, len(answer.sites))
        yield from field("vacuous", f"witness {name} is never reached{where}")
    if not answer.complete:
        more = "give it more (--time, --memory), or ask less: --arrivals irq=1,nmi=1"
        searched = any(each.searched for each in answer.sites.values())
        if answer.question.checkpoint is not None and searched:
            more = f"--resume {quote(answer.question.checkpoint)}, and {more}"
        yield from field("go on", more)


def _where(sites: list[str], total: int) -> str:
    named = [site for site in sites if site]
    return f" ({', '.join(named)})" if named and total > 1 else ""


def block(
    answer: Answer, finding: Finding, timing: bool, alone: bool, short: bool = False
) -> Iterator[str]:
    """One finding in full. `alone`: with assumptions and bounds, as nothing else stands above.
    `short`: without the steps that do not matter to it."""
    steps = count(len(finding.trace.events), "step")
    kind = "VIOLATION" if finding.severity == VIOLATION else "WARNED"
    head = f"klprove: {kind} {finding.code}   model {model(answer)}   {steps}"
    yield from fold(head, WIDTH, " " * 9)
    if finding.site:
        yield from field("patched", finding.site.replace("+", ", "))
    if finding.text and finding.text != finding.code:
        yield from field("finding", finding.text)
    yield from field("at", where(finding))
    if alone:
        yield from evidence(answer.question.evidence)
        yield from field("assume", "; ".join(answer.assumptions))
    show = shower(finding.trace)
    yield from field("initial", initial(finding.trace, answer.cpus, show))
    if alone:
        yield from field("bounds", bounds(answer, timing))
    if not finding.trace.shortest:
        yield from field("trace", "not shown to be a shortest one (--no-reduce all finds one)")
    hidden: Collection[int] = ()
    if short:
        from klprove.report.folding import folded  # most traces are shown whole

        hidden = folded(finding.trace, answer.question.kernel is not None)
        if hidden:
            yield from field("folded", f"{count(len(hidden), 'step')} (--fold, docs/terminal.md)")
    yield ""
    yield from draw(finding.trace, finding.code, show, hidden)
    yield ""
    explanation = explain(finding.code, finding.text)
    yield from field("why", explanation.why)
    yield from field("wrong if", explanation.wrong_if)
    yield from command_lines(command_words(answer.question, finding.site))


def where(finding: Finding) -> str:
    """The place of the last step, and of the check where that stands elsewhere."""
    if not finding.trace.events:
        return str(finding.span)
    last = finding.trace.events[-1]
    function = f" in {last.calls[-1]}()" if last.calls else ""
    if finding.span[:2] == last.span[:2]:
        return f"{finding.span}{function}"
    return f"{last.span}{function}; the check: {finding.span}"


def initial(trace: Trace, cpus: int, show: Show) -> str:
    """The values before the first step, zeros last and in short."""
    values = [f"{name} = {show(name, value)}" for name, value in trace.initial if value]
    if cpus == 1:
        values = [each.replace("[cpu 0]", "") for each in values]
    if len(values) < len(trace.initial):
        values.append("all else 0" if values else "all 0")
    return ", ".join(values) or "nothing is read or written"


def observations(answer: Answer) -> Iterator[str]:
    """One line a code, for citing: `Observation CODE Sometimes|Never|Unknown HASH`."""
    never = "Never" if answer.complete and answer.word != INCOMPLETE else "Unknown"
    found = answer.codes()
    codes = in_order(found + answer.asked)
    said = [(code, "Sometimes" if code in found else never) for code in codes]
    for code, how in said or [("violation", never)]:
        yield from fold(f"Observation {code} {how} {answer.fingerprint}", WIDTH, "  ")
