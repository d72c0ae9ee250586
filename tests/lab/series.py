"""A plugin of `make test-kernels`: the tests of one series of kernels only, and what each took.

KLPROVE_SERIES names the series ("6.12"); empty or not set means all. A test that names none boots
the first.
"""

import os
from collections import Counter, defaultdict

import pytest

from tests.scan.kernels import PACKAGES

ASKED = "KLPROVE_SERIES"


def series(item: pytest.Item) -> str:
    """The series of kernels that a test boots."""
    said = list(item.callspec.params.values()) if hasattr(item, "callspec") else []
    return next((each for each in PACKAGES if each in said), next(iter(PACKAGES)))


class Account:
    """Seconds and outcomes by series, of what was run."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        of = {each: series(each) for each in items}
        for each in items:
            each.user_properties.append((ASKED, of[each]))  # a report has them, of a worker, too
        others = [each for each in items if of[each] not in self.names]
        if others:
            config.hook.pytest_deselected(items=others)
            items[:] = [each for each in items if each not in others]
        items.sort(key=lambda each: self.names.index(of[each]))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = str(dict(report.user_properties)[ASKED])
        self.seconds[name] += report.duration
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[name][report.outcome] += 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for name, seconds in self.seconds.items():
            said = ", ".join(f"{many} {what}" for what, many in sorted(self.outcomes[name].items()))
            terminalreporter.write_line(f"Linux {name}: {said}, {seconds:.0f} s of tests")


def pytest_configure(config: pytest.Config) -> None:
    """Errors: pytest.UsageError of a series that is not known."""
    names = os.environ.get(ASKED, "").split() or list(PACKAGES)
    unknown = [each for each in names if each not in PACKAGES]
    if unknown:
        raise pytest.UsageError(f"{ASKED}={unknown[0]}: known are {', '.join(PACKAGES)}")
    config.pluginmanager.register(Account(names), "series")
