# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/trust.md: from the checks and their last results, the kernel models' headers, and the tests
that are known to fail."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from klprove.kernels import Kernel, load, names

_LEFT_OUT = re.compile(r"^ \* Leaves out: (.*?)\n \*(?:\n|/)", re.MULTILINE | re.DOTALL)
_NOTHING = ("nothing.", "nothing that has an effect.")


def page(root: Path, checks: Sequence[Mapping[str, str]], kept: Mapping[str, Any]) -> str:
    """The page in Markdown, with a newline at the end."""
    parts = [*_top(root), *_checks(checks, kept), *_kernels(root), *_gaps(root)]
    return "\n".join(parts) + "\n"


def _top(root: Path) -> Iterator[str]:
    yield (root / "trust" / "assumed.md").read_text().rstrip()
    yield ""


def _checks(checks: Sequence[Mapping[str, str]], kept: Mapping[str, Any]) -> Iterator[str]:
    yield "## Checked against what"
    yield ""
    yield "The last line that each command printed when it was last run; `python -m trust run NAME`"
    yield "runs one again. A commit with `+` had changes on top of it that were not committed."
    yield ""
    yield "| command | what is checked | against what | what it said | when |"
    yield "|---|---|---|---|---|"
    for each in checks:
        result = kept.get(each["name"])
        said, when = "not run yet", ""
        if result:
            said = result["said"] or "nothing"
            if result["status"]:
                said = f"**failed ({result['status']})**: {said}"
            more = "+" if result["changed"] else ""
            when = f"{result['date']}, {result['commit']}{more}, {result['seconds']} s"
        said = said.replace("|", "\\|")
        yield f"| `{each['command']}` | {each['what']} | {each['judge']} | {said} | {when} |"
    yield ""


def _kernels(root: Path) -> Iterator[str]:
    yield "## Not in the kernel models"
    yield ""
    yield "From the header of each file; a generation lists only files of its own."
    for name in names():
        kernel = load(name)
        yield ""
        yield f"**{name}** ({kernel.title})"
        yield ""
        for each in kernel.assumptions:
            yield f"- assumed: {each}"
        yield from _left_out(kernel)
    yield ""


def _left_out(kernel: Kernel) -> Iterator[str]:
    for path in kernel.files:
        if path.parent.name != kernel.name:
            continue
        for found in _LEFT_OUT.findall(path.read_text()):
            text = " ".join(found.replace("\n *", " ").split())
            if text not in _NOTHING:
                yield f"- `{path.name}`: {text}"


def _gaps(root: Path) -> Iterator[str]:
    yield "## Known gaps"
    yield ""
    yield "Tests that say what klprove should do and does not. They are strict: the day one passes,"
    yield "the test run fails until this list is shorter."
    yield ""
    found = False
    for path in sorted((root / "tests").rglob("test_*.py")):
        for name, reason in _expected_failures(path):
            found = True
            place = path.relative_to(root)
            yield f"- {reason} (`{name}` in [{place}](../{place}))"
    if not found:
        yield "None."


def _expected_failures(path: Path) -> Iterator[tuple[str, str]]:
    """Name and reason of every test marked xfail."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.FunctionDef):
            continue
        for each in node.decorator_list:
            if isinstance(each, ast.Call) and ast.unparse(each.func) == "pytest.mark.xfail":
                words = {word.arg: word.value for word in each.keywords}
                yield node.name, ast.literal_eval(words["reason"])
