# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a step takes in the page of `klprove report`, in a headless Chromium.

A trace of 10,000 steps, and the matrix of the file given, if one is. A step is timed from the key
until the page has been painted; a long task is one of 50 ms or more, as the browser counts them.
"""

import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from klprove.report.picture import page
from klprove.verdict.compared import read_answers
from tests.report.picture.browser import FOUND, Browser
from tests.report.picture.pages import answered, finding, long_trace

STEPS, TIMES = 10_000, 100
_WATCH = """
window.long = [];
new PerformanceObserver((list) => long.push(...list.getEntries().map((each) => each.duration)))
  .observe({ entryTypes: ["longtask"] });
"""
_TIMED = """
(async () => {
  const times = [];
  for (let each = 0; each < %d; each++) {
    const began = performance.now();
    %s;
    times.push(performance.now() - began);
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    times[each] = [times[each], performance.now() - began];
  }
  return times;
})()
"""
_KEY = 'document.dispatchEvent(new KeyboardEvent("keydown", { key: "%s", bubbles: true }))'
_CELL = 'document.querySelectorAll("#grid a")[each].click()'
_AXES = (
    '((box) => { box.value = each % 2; box.dispatchEvent(new Event("change")); })'
    '(document.getElementById("rows"))'
)


def timed(seen: Browser, what: str, action: str, times: int) -> None:
    """Say how long `action` takes: its script, and until it is painted; and its long tasks."""
    seen.value(_WATCH)
    rows = seen.value(_TIMED % (times, action))
    scripts, painted = ([row[column] for row in rows] for column in (0, 1))
    long = seen.value("long")
    print(
        f"{what}: script {statistics.median(scripts):.1f} ms, at most {max(scripts):.1f}; "
        f"painted after {statistics.median(painted):.0f} ms, at most {max(painted):.0f}; "
        f"long tasks {len(long)}" + (f", at most {max(long):.0f} ms" if long else "")
    )


def opened(seen: Browser, file: Path, made: bytes, step: str = "") -> None:
    """The page in the browser; how large it is, and when it could be used."""
    file.write_bytes(made)
    seen.open(file, step)
    ready = seen.value(
        "performance.timing.domContentLoadedEventEnd - performance.timing.fetchStart"
    )
    print(f"{file.stem}: {len(made) / 1e6:.1f} MB, ready after {ready:.0f} ms")


def main(compared: str = "") -> None:
    """The two pages."""
    if not FOUND:
        raise SystemExit("no Chromium (Debian's package chromium)")
    with TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        seen = Browser(folder / "profile")
        one = page([answered(finding(trace=long_trace(STEPS)))])
        opened(seen, folder / "trace.html", one, f"#step-{STEPS // 2}")
        timed(seen, "a step on", _KEY % "ArrowRight", TIMES)
        timed(seen, "a step back", _KEY % "ArrowLeft", TIMES)
        timed(seen, "first and last in turn", _KEY % '" + (each % 2 ? "Home" : "End") + "', 10)
        if compared:
            opened(seen, folder / "matrix.html", page(read_answers([compared])))
            timed(seen, "other axes", _AXES, 20)
            timed(seen, "a cell opened", _CELL, 20)
        seen.close()


if __name__ == "__main__":
    main(*sys.argv[1:2])
