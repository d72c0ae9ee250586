# SPDX-License-Identifier: GPL-2.0-or-later
"""A report of `klprove lint` as lines and as JSON."""

from collections import Counter
from typing import Any

from klprove.lint import SEVERITIES, Finding, Livepatch, Report, explanations
from klprove.report.wrapping import count, field
from klprove.source import plain

LINT_SCHEMA = "klprove.lint/1"
UNKNOWN = SEVERITIES[-1]


def lint_text(report: Report, verbose: bool = False) -> str:
    """One line a finding, its evidence below it where `verbose`, and a line that counts them."""
    lines = []
    for each in report.findings:
        if verbose or each.severity != UNKNOWN:
            lines.append(f"{report.case.patch.path}: {finding_line(each)}")
            lines += [f"    {fact}" for fact in each.evidence if verbose]
    if not verbose:
        lines += [f"{report.case.patch.path}: {each}" for each in _untold(report)]
    for each, waiver in report.waived:
        if verbose:
            path = report.case.patch.path
            lines.append(f"{path}: waived: {each.rule}: {each.place}: {waiver.reason}")
    for waiver in report.unused:
        where = f" at {waiver.where}" if waiver.where else ""
        lines.append(
            f"{report.case.patch.path}: note: the waiver of {waiver.rule}{where} is unused"
        )
    return "\n".join(map(plain, [*lines, lint_summary(report)]))


def _untold(report: Report) -> list[str]:
    """What cannot be told, one line for each reason and place."""
    rules: dict[tuple[str, str], list[str]] = {}
    for each in report.findings:
        if each.severity == UNKNOWN:
            reason = each.text.rpartition(": ")[2]
            rules.setdefault((each.place, reason), []).append(each.rule)
    return [
        f"unknown: {','.join(dict.fromkeys(names))}: {place}: cannot tell: {reason}"
        for (place, reason), names in rules.items()
    ]


def finding_line(finding: Finding) -> str:
    """`severity: H04: func+0x12: text`."""
    return f"{finding.severity}: {finding.rule}: {finding.place}: {finding.text}"


def lint_summary(report: Report) -> str:
    """The line that counts what was found."""
    counts = Counter(each.severity for each in report.findings)
    told = [count(counts[each], each) for each in SEVERITIES if counts[each] and each != UNKNOWN]
    if counts[UNKNOWN]:
        told.append(f"{counts[UNKNOWN]} cannot tell")
    if report.waived:
        told.append(f"{len(report.waived)} waived")
    if report.known:
        told.append(f"{report.known} in the baseline")
    functions = count(len(list(report.case.patch.functions)), "function")
    return f"klprove: {', '.join(told) or 'nothing found'}  {functions}"


def lint_list(patch: Livepatch) -> str:
    """What the module says it does."""
    plan = patch.plan
    lines = [
        *field("module", f"{patch.name}  {patch.elf.machine}  {plan.builder}"),
        *field("for", patch.first("vermagic").strip() or "no vermagic"),
        *field("compiler", patch.compiler or "not said"),
        *field("build-id", patch.build_id or "none"),
        *field("signed", "yes" if patch.signed else "no"),
        *field("replace", {True: "yes", False: "no", None: "decided at load"}[plan.replace]),
        *field("layout", plan.layout),
    ]
    for state in plan.states:
        lines += field("state", f"{state.id} version {state.version}")
    for each in plan.objects:
        lines += field("object", each.name)
        lines += [f"  {kind}: {name}()" for kind, name in each.callbacks.items()]
        for function in each.functions:
            new = function.new
            to = f"{new.name}  {new.size} bytes" if new else "not in the module"
            position = f",{function.sympos}" if function.sympos else ""
            lines.append(f"  {function.name}{position} -> {to}")
    for missing in plan.missing:
        lines += field("unknown", missing)
    return "\n".join(map(plain, lines))


def lint_explanation(rule: str) -> str:
    """What `klprove lint --explain RULE` prints."""
    each = explanations()[rule]
    lines = [f"{rule}: {each.title}"]
    lines += [*field("what", each.what), *field("why", each.why)]
    lines += [*field("seen", each.incident), *field("do", each.remedy)]
    if each.model:
        lines += field("model", f"{each.model} (finding: {each.shows})")
    if each.live:
        lines += field("live", each.live)
    return "\n".join(lines)


def lint_rules() -> str:
    """What `klprove lint --list-rules` prints: a line a rule; `live` is what a file cannot say."""
    lines = []
    for rule, each in sorted(explanations().items()):
        marks = "model" if each.model else "", "live" if each.live else ""
        told = ", ".join(mark for mark in marks if mark)
        lines.append(f"{rule}  {each.title}" + (f"  ({told})" if told else ""))
    return "\n".join([*lines, "klprove lint --explain RULE says more; model: a trace shows it; "
                       "live: a part of it no file can answer"])  # fmt: skip


def lint_document(report: Report) -> dict[str, Any]:
    """The report as JSON; docs/json.md."""
    patch = report.case.patch
    return {
        "schema": LINT_SCHEMA,
        "status": report.exit_status,
        "module": {
            "path": patch.path,
            "name": patch.name,
            "machine": patch.elf.machine,
            "builder": patch.plan.builder,
            "vermagic": patch.first("vermagic"),
            "srcversion": patch.first("srcversion"),
            "build_id": patch.build_id,
            "signed": patch.signed,
            "replace": patch.plan.replace,
            "functions": [
                {
                    "object": each.object,
                    "name": each.name,
                    "sympos": each.sympos,
                    "new": each.new.name if each.new else None,
                }
                for each in patch.functions
            ],
            "states": [{"id": each.id, "version": each.version} for each in patch.plan.states],
        },
        "kernel": report.case.kernel.path if report.case.kernel else None,
        "objects": [
            {
                "name": name,
                "path": each.path,
                "vermagic": each.module.first("vermagic"),
                "srcversion": each.module.first("srcversion"),
                "build_id": each.module.build_id,
            }
            for name, each in report.case.objects.items()
        ],
        "after": [each.path for each in report.case.earlier],
        "findings": [_entry(each) for each in report.findings],
        "waived": [_entry(each) | {"reason": waiver.reason} for each, waiver in report.waived],
        "in_baseline": report.known,
    }


def _entry(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "where": finding.where,
        "offset": finding.offset,
        "text": finding.text,
        "evidence": list(finding.evidence),
    }
