# SPDX-License-Identifier: GPL-2.0-or-later
"""JUnit XML as Jenkins (junit-10.xsd of its xUnit plugin) and GitLab (unit test reports) read it.

A suite for each thing that was asked, a case for each of its parts. `failure`: something was found;
`error`: the answer is not known; `skipped`: it was not asked.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from klprove.formats.results import FAIL, INCOMPLETE, SKIP, Finding, Item, Results
from klprove.source import plain, plain_lines

_COUNTED = {"failures": FAIL, "errors": INCOMPLETE, "skipped": SKIP}


def junit(results: Results) -> str:
    """The document, without a newline at the end. It holds no time and no name of the machine."""
    top = Element("testsuites", {"name": plain(f"klprove {results.command}")})
    _count(top, results.leaves)
    for item in results.items:
        cases = tuple(item.leaves())
        suite = SubElement(top, "testsuite", {"name": plain(item.name)})
        _count(suite, cases)
        for each in cases:
            _case(suite, results, item, each)
    indent(top, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(top, encoding="unicode")}'


def _count(element: Element, cases: Sequence[Item]) -> None:
    outcomes = [each.gravest for each in cases]
    element.set("tests", str(len(outcomes)))
    for name, outcome in _COUNTED.items():
        element.set(name, str(outcomes.count(outcome)))
    element.set("time", f"{sum(each.seconds or 0.0 for each in cases):.3f}")


def _case(suite: Element, results: Results, item: Item, case: Item) -> None:
    # Readers take what stands before the last dot for a package.
    whose = plain(item.name).replace(".", "_")
    told = {"name": plain(case.name), "classname": f"klprove.{results.command}.{whose}"}
    told["time"] = f"{case.seconds or 0.0:.3f}"
    element = SubElement(suite, "testcase", told)
    files = [each.span.file for each in case.findings if each.span.line]
    if files and files[0] not in results.models:
        element.set("file", plain(files[0]))
    _outcome(element, case)
    text = "\n".join([*case.facts, *map(_told, case.findings)])
    if text and case.gravest != FAIL:
        SubElement(element, "system-out").text = plain_lines(text)


def _outcome(element: Element, case: Item) -> None:
    if case.gravest == FAIL:
        kind = case.findings[0].code if case.findings else "wrong"
        said = [_headline(each) for each in case.findings] or [case.reason, *case.facts]
        message = "; ".join(filter(None, said))
        failure = SubElement(element, "failure", {"message": plain(message), "type": plain(kind)})
        failure.text = plain_lines("\n".join([*case.facts, *map(_told, case.findings)]))
    elif case.gravest == INCOMPLETE:
        why = {"message": plain(case.reason or "not known"), "type": INCOMPLETE}
        SubElement(element, "error", why)
    elif case.gravest == SKIP:
        SubElement(element, "skipped", {"message": plain(case.reason or "not asked")})


def _headline(finding: Finding) -> str:
    return f"{finding.code}: {finding.text}" if finding.text else finding.code


def _told(finding: Finding) -> str:
    place = finding.where or (str(finding.span) if finding.span.line else "")
    at = f" at {place}" if place else ""
    lines = [f"{finding.severity}: {_headline(finding)}{at}"]
    if finding.waived:
        lines.append(f"  waived: {finding.waived}")
    lines += [f"  {each}" for each in finding.facts]
    for step in finding.steps:
        place = f"  ({step.span})" if step.span.line else ""
        lines.append(f"{step.number:>4}  {step.lane.title}: {'; '.join(step.lines)}{place}")
    lines += [f"  {each.name}  <- {each.how}" for each in finding.path]
    return "\n".join(lines)
