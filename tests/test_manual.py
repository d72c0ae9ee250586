"""The manual is whole: no link leads nowhere, nothing is fetched, and search needs no server."""

import re
from pathlib import Path

import pytest

from manual.pages import home, place, relinked
from manual.reference import command_pages, every_command, pages
from tests.console import ROOT
from tests.report.picture.browser import FOUND, Browser


def test_links_between_pages_stay_and_others_become_paths() -> None:
    known = {"docs/a.md": "a.md", "CONTRIBUTING.md": place("CONTRIBUTING.md")}
    text = (
        "[x](../docs/a.md#y) [c](../CONTRIBUTING.md) [`F.c`](../handlers/2017/F.c) [w](http://w)\n"
    )
    assert relinked(text, "docs/b.md", known, ROOT) == (
        "[x](a.md#y) [c](repository/contributing.md) `handlers/2017/F.c` [w](http://w)\n"
    )
    code = "```\n[x](nowhere)\n```\n"
    assert relinked(code, "docs/b.md", known, ROOT) == code


def test_a_link_that_leads_nowhere_stops_the_manual() -> None:
    with pytest.raises(ValueError, match=r"docs/b.md: none.c does not exist"):
        relinked("[x](none.c)", "docs/b.md", {}, ROOT)


def test_home_is_the_readme_without_its_table_of_files() -> None:
    text = home((ROOT / "README.md").read_text())
    assert "## Try it" in text and "## What it does not do" in text
    assert "What is here" not in text and "docs/trust.md](" not in text


def test_every_option_of_every_command_has_a_place() -> None:
    written = command_pages()
    for name, (command, context) in every_command().items():
        for parameter in command.get_params(context):
            if (record := parameter.get_help_record(context)) and record[1]:
                assert f"`{record[0]}`" in written[name]


def test_findings_rules_and_models_are_all_there() -> None:
    written = pages()
    assert "## redirect-lost" in written["reference/findings.md"]
    assert "## H04 " in written["reference/rules.md"]
    assert "## v6.12\n" in written["reference/models.md"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual, built as `make manual` builds it."""
    pytest.importorskip("zensical", reason="the manual's own packages are not installed")
    pytest.importorskip("griffe", reason="the manual's own packages are not installed")
    from manual.__main__ import main

    folder = tmp_path_factory.mktemp("manual") / "manual"
    assert main(folder) == 0
    return folder


def test_nothing_is_fetched(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert (
            re.findall(r'<(?:script|link|img|iframe)\b[^>]*(?:src|href)="(?:https?:)?//', text)
            == []
        )


SEARCH = """new Promise((done) => {
    const until = Date.now() + 20000;
    const look = () => {
        for (const each of document.querySelectorAll("*")) {
            const input = each.shadowRoot?.querySelector("input");
            if (!input) continue;
            if (!input.value) {
                input.value = "redirect-lost";
                input.dispatchEvent(new Event("input", { bubbles: true }));
            }
            const links = [...each.shadowRoot.querySelectorAll("a")].map((link) => link.href);
            if (links.length) return done(links);
        }
        Date.now() > until ? done([]) : setTimeout(look, 50);
    };
    document.querySelector(".md-search__button").click();
    look();
})"""


@pytest.mark.skipif(not FOUND, reason="no Chromium (Debian's package chromium)")
def test_search_works_from_the_file_system(site: Path, tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    try:
        browser.open(site / "index.html")
        found = browser.value(SEARCH)
        assert any("reference/findings.html" in link for link in found), browser.complaints
        assert [each for each in browser.requests if each.startswith("http")] == []
        assert browser.complaints == []
    finally:
        browser.close()
