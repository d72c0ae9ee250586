"""Fuzzing for a while: `make fuzz SECONDS=600`.

    python -m tests.fuzz SECONDS [READER...]

Gives so many seconds to each reader. Prints for each the inputs it got, inputs a second, findings;
each finding is written to build/fuzz/ and told. The exit status says whether there is none.
"""

import hashlib
import re
import sys
import time

from tests.fuzz.hunt import hunt
from tests.fuzz.readers import READERS, ROOT


def _kind(said: str) -> str:
    """What tells findings apart: the exception, and the line that raised it."""
    places = re.findall(r'File "[^"]*?([^/"]+)", line (\d+)', said)
    name = re.findall(r"^(?:\w+\.)*(\w+)(?::|$)", said, re.MULTILINE)
    return " ".join((*name[-1:], *map(":".join, places[-1:]))) or said.strip()[:100]


def main() -> int:
    """Hunt with every reader, or with those named."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    seed = int(time.time())
    found = executions = 0
    names = sys.argv[2:] or list(READERS)
    for name in names:
        result = hunt(name, seed, sys.maxsize, time.monotonic() + seconds)
        kinds: dict[str, bytes] = {}
        for data, said in result.findings:
            kinds.setdefault(_kind(said), data)
        rate = result.executions / result.seconds
        print(
            f"{name}: {result.executions} executions, {rate:.0f} a second, "
            f"{len(result.findings)} findings of {len(kinds)} kinds",
            flush=True,
        )
        for said, data in kinds.items():
            path = ROOT / "build" / "fuzz" / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            print(f"  {path.relative_to(ROOT)}: {said}", flush=True)
        found += len(kinds)
        executions += result.executions
    print(f"{len(names)} readers, {seconds:g} s each: {executions} executions, {found} kinds found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
