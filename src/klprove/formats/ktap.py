# SPDX-License-Identifier: GPL-2.0-or-later
"""KTAP, version 1, the kernel's test format (Documentation/dev-tools/ktap.rst of Linux 6.1).

A diagnostic line stands before the result that it belongs to. What is not known is `not ok`, with
the directive ERROR: SKIP would count as passed by kunit_parser.py, and means in kselftest that a
test could not be run on this machine.
"""

import re
from collections.abc import Iterator

from klprove.formats.results import FAIL, INCOMPLETE, PASS, SKIP, Finding, Item, Results
from klprove.source import plain

_VERSION = "KTAP version 1"
_INDENT = "  "
_WORDS = {
    PASS: ("ok", ""),
    FAIL: ("not ok", ""),
    INCOMPLETE: ("not ok", " # ERROR "),
    SKIP: ("ok", " # SKIP "),
}
_READ_AS_MORE = re.compile(
    r"^(?=Subtest: |- )|(?<=List of all partitions):|(?<=Kernel panic - not syncing): (?=VFS:)"
    r"|(?<=reboot): (?=System halted)"
)
"""What a reader takes for a header, a separator, or the end of the kernel's log."""


def ktap(results: Results) -> str:
    """The whole text, without a newline at the end; the totals are as kselftest.h prints them."""
    lines = [_VERSION, f"1..{len(results.items)}", f"# {_line(results.heading)}"]
    for number, item in enumerate(results.items, 1):
        lines += _item(number, item)
    outcomes = [each.gravest for each in results.leaves]
    told = ((PASS, "pass"), (FAIL, "fail"), ("", "xfail"), ("", "xpass"), (SKIP, "skip"),
            (INCOMPLETE, "error"))  # fmt: skip
    totals = " ".join(f"{word}:{outcomes.count(outcome)}" for outcome, word in told)
    return "\n".join([*lines, f"# Totals: {totals}"])


def _item(number: int, item: Item) -> Iterator[str]:
    name = _line(item.name)
    if item.items:
        # No "# Subtest: NAME" here: kunit_parser.py takes a part of that name for the whole.
        yield f"{_INDENT}{_VERSION}"
        yield f"{_INDENT}1..{len(item.items)}"
        for inner, each in enumerate(item.items, 1):
            yield from (_INDENT + line for line in _item(inner, each))
    yield from (f"# {_line(f'{item.name}: {each}')}" for each in _diagnostics(item))
    word, directive = _WORDS[item.gravest]
    reason = _line(item.why) if directive else ""
    yield f"{word} {number} {name}{directive}{reason}"


def _diagnostics(item: Item) -> Iterator[str]:
    yield from item.facts
    for each in item.findings:
        yield _found(each)
        yield from each.facts


def _found(finding: Finding) -> str:
    place = finding.where or (str(finding.span) if finding.span.line else "")
    at = f" at {place}" if place else ""
    steps = f", {len(finding.steps)} steps" if finding.steps else ""
    waived = f" (waived: {finding.waived})" if finding.waived else ""
    text = f": {finding.text}" if finding.text else ""
    return f"{finding.severity}: {finding.code}{text}{at}{steps}{waived}"


def _line(text: str) -> str:
    """`text` on one line of ASCII, without what a reader would take for more than text."""
    said = plain(" ".join(text.replace("#", "_").split()))
    return _READ_AS_MORE.sub("_", said) or "_"
