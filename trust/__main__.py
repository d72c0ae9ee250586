# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m trust run [NAME...]` runs the checks of checks.toml and keeps what they end with;
`python -m trust page` prints docs/trust.md; `python -m trust score FILE` tells what mutmut has
counted."""

import datetime
import json
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from trust.page import page

HERE = Path(__file__).parent
ROOT = HERE.parent
RESULTS = HERE / "results.toml"


def checks() -> list[Mapping[str, str]]:
    """The tables of checks.toml, in order."""
    return list(tomllib.loads((HERE / "checks.toml").read_text())["check"])


def results() -> dict[str, Any]:
    """By name of a check: what its last run ended with."""
    return tomllib.loads(RESULTS.read_text()) if RESULTS.is_file() else {}


def run(check: Mapping[str, str]) -> dict[str, Any]:
    """Run one check, its output passed through; what is kept of it."""
    start, closing = time.monotonic(), ""
    command = check["command"]
    print(f"$ {command}", flush=True)
    process = subprocess.Popen(
        command, shell=True, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout
    for line in process.stdout:
        print(line, end="", flush=True)
        if re.search(check["closing"], line):
            closing = line.strip()
    return {
        "said": closing,
        "status": process.wait(),
        "seconds": round(time.monotonic() - start),
        "date": datetime.date.today().isoformat(),
        "commit": _git("rev-parse", "--short", "HEAD"),
        "changed": bool(
            _git(
                "status",
                "--porcelain",
                "--untracked-files=no",
                "--",
                ":!trust/results.toml",
            )
        ),
    }


def score(counted: Mapping[str, int]) -> str:
    """The closing line on a run of mutmut. A mutant that does not end is killed by the clock."""
    killed = counted["killed"] + counted["timeout"] + counted["segfault"]
    return (
        f"{counted['total']} mutants of the checker: {killed} killed ({counted['timeout']} of them "
        f"by the clock), {counted['survived']} survive, {counted['no_tests']} without a test"
    )


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def _written(kept: Mapping[str, Any]) -> Iterator[str]:
    for name, result in sorted(kept.items()):
        yield f"[{name}]"
        for key, value in result.items():
            shown = json.dumps(value)  # of a text and a truth TOML's form, too
            yield f"{key} = {shown}"
        yield ""


def main(words: list[str]) -> int:
    """The command."""
    if words[:1] == ["page"]:
        print(page(ROOT, checks(), results()), end="")
        return 0
    if words[:1] == ["score"] and len(words) == 2:
        print(score(json.loads(Path(words[1]).read_text())))
        return 0
    if words[:1] != ["run"]:
        print(__doc__)
        return 2
    known = {check["name"]: check for check in checks()}
    kept = results()
    failed = 0
    for name in words[1:] or known:
        if name not in known:
            print(f"no check is called {name!r}: {', '.join(known)}")
            return 2
        kept[name] = run(known[name])
        failed += kept[name]["status"] != 0
        RESULTS.write_text("\n".join(_written(kept)))
    print(f"{len(words[1:] or known)} checks, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
