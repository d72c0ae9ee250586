"""Debian's kernels at work: what was seen is in the map. `make test-kernels`, minutes each."""

import json
import os

import pytest

from klprove.cli.main import run
from tests.lab.debian import headers, images, lacking
from tests.scan.kernels import HOME

ASKED = "KLPROVE_LAB"
LACKS = {"patchable": 0, "rcu-off": 0, "nmi": 2, "irq": 3, "irqs-off": 3}
"""How many functions may be seen that the map does not have: none were in the last run
(docs/lab.md), and another one may see what it did not. To be lowered, never raised."""
SEEN_OFF = {"6.1": {"arch_cpu_idle", "amd_e400_idle", "default_idle"}, "6.12": set[str]()}


@pytest.mark.skipif(ASKED not in os.environ, reason=f"{ASKED} is not set (make test-kernels)")
@pytest.mark.parametrize("series", ["6.1", "6.12"])
def test_what_was_seen_is_in_the_map(series: str) -> None:
    if lacking():
        pytest.skip(f"not installed: {', '.join(lacking())} (make kernel-lab)")
    if not images(series) or not headers(images(series)[-1]).exists():
        pytest.skip(f"no kernel {series} with headers in {HOME} (make kernel-lab)")
    image = images(series)[-1]
    seen, compared = HOME / f"seen-{series}.json", HOME / f"observed-{series}.json"
    words = ["observe", str(image), "--headers", str(headers(image)), "-o", str(seen)]
    status = run([*words, "--json", str(compared), "--logs", str(HOME / f"logs-{series}")])
    assert status in (0, 1), "a machine was lost, or could not be made"
    said = json.loads(compared.read_text())
    assert said["seen"]["functions"] > 5_000
    assert all(said["seen"][each] > 50 for each in ("nmi", "hardirq", "softirq", "irqs_off"))
    assert sum(each["nmis"] for each in said["runs"]) > 1_000
    assert not said["unlisted"] and not said["surplus"]
    lacks = {each: sum(m["question"] == each for m in said["missing"]) for each in LACKS}
    assert {each: number for each, number in lacks.items() if number > LACKS[each]} == {}
    off = {
        way["site"] for way in _ways(json.loads(seen.read_text())) if way["rcu_off"]
    }  # fmt: skip
    assert len(off) == len(SEEN_OFF[series])


def _ways(seen: dict[str, dict[str, list[dict[str, object]]]]) -> list[dict[str, object]]:
    return [{**way, "site": site} for site, ways in seen["sites"].items() for way in ways]
