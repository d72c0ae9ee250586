"""A browser for the tests that need one."""

from collections.abc import Iterator

import pytest

from tests.report.picture.browser import FOUND, Browser


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One for all tests."""
    if not FOUND:
        pytest.skip("no Chromium (Debian's package chromium)")
    made = Browser(tmp_path_factory.mktemp("profile"))
    yield made
    made.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """No page says anything to the console, or fetches what is no file of ours."""
    chromium.complaints.clear()
    chromium.requests.clear()
    yield chromium
    assert chromium.complaints == []
    assert [each for each in chromium.requests if not each.endswith((".html", "blank"))] == []
