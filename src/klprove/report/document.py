# SPDX-License-Identifier: GPL-2.0-or-later
"""An answer as a JSON document; docs/json.md describes it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from klprove.check import Answer, Text
from klprove.report.replay import command_line, command_words
from klprove.source import Span
from klprove.verdict import SCHEMA, Access, Event, Finding, Trace, Verdict

if TYPE_CHECKING:
    from klprove.evidence import Evidence, Seen
    from klprove.mail import Taken


def document(answer: Answer, timing: bool = True, taken: "Taken | None" = None) -> dict[str, Any]:
    """`answer` as plain values, ready for json.dumps; without `timing` all seconds are 0. `taken`
    is what the question was made from, if that was a mail."""
    statistics = answer.statistics
    return {
        "schema": SCHEMA,
        "verdict": answer.word,
        "complete": answer.complete,
        "kernel": answer.question.kernel,
        "evidence": _evidence(answer.question.evidence),
        "mail": _mail(taken),
        "scene": answer.question.scene,
        "action": answer.question.action,
        "command": command_line(command_words(answer.question)),
        "files": _texts(answer.files),
        "model": answer.model,
        "patch": list(answer.question.patch),
        "defines": dict(answer.question.defines),
        "inlined": sorted(answer.question.inlined),
        "tree": answer.question.tree,
        "lift": list(answer.question.lift),
        "lifted": _texts(answer.lifted),
        "werror": answer.question.werror,
        "fingerprint": answer.fingerprint,
        "engine": statistics.engine,
        "states": statistics.states,
        "transitions": statistics.transitions,
        "reduced": list(statistics.reduced),
        "seconds": round(answer.seconds, 3) if timing else 0,
        "bounds": {
            "cpus": answer.cpus,
            "arrivals": dict(answer.bounds.arrivals),
            "nest": dict(answer.bounds.nest),
            "recursion": answer.question.recursion,
            "memory_model": answer.question.memory_model,
            "store_buffer": answer.question.store_buffer,
        },
        "assumptions": list(answer.assumptions),
        "asked": list(answer.asked),
        "reasons": sorted({text for each in answer.sites.values() for text in each.reasons}),
        "unreached": sorted({name for each in answer.sites.values() for name in each.unreached}),
        "sites": {site: _site(verdict, timing) for site, verdict in answer.sites.items() if site},
        "findings": [_finding(each) for each in answer.findings],
    }


def _texts(texts: Iterable[Text]) -> list[dict[str, str]]:
    return [{"path": each.path, "sha256": each.sha256} for each in texts]


def _evidence(found: "Evidence | None") -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "path": found.path,
        "kind": found.kind,
        "candidates": [
            {
                "kernel": each.name,
                "generation": each.generation,
                "for": [_sign(sign) for sign in each.speaks_for],
                "against": [_sign(sign) for sign in each.against],
            }
            for each in found.candidates
        ],
        "calls": [
            {
                "caller": each.caller,
                "callee": each.callee,
                "is": each.word,
                "symbols": list(each.symbols),
                "enters": each.enters,
            }
            for each in found.calls
        ],
        "untold": found.untold,
    }


def _sign(sign: "Seen") -> dict[str, Any]:
    return {
        "seen": sign.by,
        "file": sign.file,
        "there": sign.there,
        "means": sign.what,
        "since": sign.since,
        "cite": sign.cite,
    }


def _mail(taken: "Taken | None") -> dict[str, Any] | None:
    if taken is None:
        return None
    from klprove.report.mailed import letter_document  # nobody else waits for it

    return letter_document(taken)


def _site(verdict: Verdict, timing: bool) -> dict[str, Any]:
    return {
        "verdict": verdict.word,
        "findings": sorted({each.code for each in verdict.findings}),
        "complete": verdict.complete,
        "states": verdict.statistics.states,
        "transitions": verdict.statistics.transitions,
        "seconds": round(verdict.statistics.seconds, 3) if timing else 0,
        "reasons": list(verdict.reasons),
        "unreached": list(verdict.unreached),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    trace = finding.trace
    return {
        "code": finding.code,
        "severity": finding.severity,
        "site": finding.site,
        "text": finding.text,
        "at": _place(finding.span),
        "machine": {
            "iret_unmasks_nmis": trace.iret_unmasks,
            "cpus": [each._asdict() for each in trace.start],
        },
        "initial": [
            {"name": name, "value": value, **_is(trace, "value_is", name, value)}
            for name, value in trace.initial
        ],
        "shortest": trace.shortest,
        "trace": [_event(step, each, trace) for step, each in enumerate(trace.events, 1)],
    }


def _is(trace: Trace, member: str, name: str, value: int) -> dict[str, str]:
    """The member that says what lies at an address; none for any other value."""
    told = trace.addresses.get((name, value))
    return {member: told} if told else {}


def _event(step: int, event: Event, trace: Trace) -> dict[str, Any]:
    return {
        "step": step,
        "action": event.action,
        "cpu": event.cpu,
        "depth": event.depth,
        "kind": event.kind,
        "context": event.context,
        "at": _place(event.span),
        "calls": list(event.calls),
        "accesses": [_access(each, trace) for each in event.accesses],
        "notes": list(event.notes),
    }


def _access(access: Access, trace: Trace) -> dict[str, Any]:
    name, before, after = access.name, access.before, access.after
    return {
        "kind": access.kind,
        "name": name,
        "before": before,
        **_is(trace, "before_is", name, before),
        "after": after,
        **_is(trace, "after_is", name, after),
    }


def _place(span: Span) -> dict[str, Any]:
    return {"file": span.file, "line": span.line, "column": span.column}
