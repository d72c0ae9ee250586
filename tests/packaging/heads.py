"""The line of a file that names its licence: `make heads` writes it where it is missing."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.packaging.building import ROOT
from tests.test_house import tracked

LICENCE = ": ".join(
    ("SPDX-License-Identifier", "GPL-2.0-or-later")
)  # in one piece reuse takes it for ours
COMMENTS = {".py": "# {}", ".sh": "# {}", ".css": "/* {} */", ".js": "// {}"}
SCRIPTS = (".ci/run", "src/klprove/lab/guest/init")
"""Scripts without a suffix."""


def wanted() -> Iterator[Path]:
    """Files that are to have it: programs and scripts, but for those of tests."""
    for path in tracked():
        name = str(path.relative_to(ROOT))
        if name in SCRIPTS or (
            path.suffix in COMMENTS and not name.startswith(("tests/", "corpus/", "docs/"))
        ):
            yield path


def headed(text: str, suffix: str) -> str:
    """`text` of a file with that suffix, and the line before all but a `#!`."""
    first, newline, rest = text.partition("\n")
    if LICENCE in "\n".join(text.split("\n", 2)[:2]):
        return text
    line = COMMENTS.get(suffix, "# {}").format(LICENCE)
    if first.startswith("#!"):
        return f"{first}{newline}{line}\n{rest}"
    return f"{line}\n{text}"


def main() -> int:
    """Write the line into every file that lacks it, and say which these are."""
    for path in wanted():
        text = path.read_text(encoding="utf-8")
        if (found := headed(text, path.suffix)) != text:
            path.write_text(found, encoding="utf-8")
            print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
