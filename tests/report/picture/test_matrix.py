"""Handlers, sites and generations: the cells, the tables without a script, the one in a browser."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from klprove.cli.main import run
from klprove.report.picture import page
from klprove.report.picture.naming import address, distinct, short
from klprove.source import BadInput
from klprove.verdict import Finding
from klprove.verdict.compared import Compared
from tests.report.picture.browser import Browser
from tests.report.picture.pages import Seen, answered, documented, finding, long_trace
from tests.report.specimens import wide_trace

CURRENT = "document.querySelector('.trace [aria-current]')?.id"
SHOWN = "document.getElementById('shown').textContent"
CELLS = (
    "[...document.querySelectorAll('#grid tbody tr')].map((row) => [...row.cells].map((cell) =>"
    " [...cell.childNodes].filter((e) => e.className !== 'unseen').map((e) => e.textContent)"
    ".join('')).join(' '))"
)
HEADS = "[...document.querySelectorAll('#grid thead th')].map((e) => e.textContent).join(' ')"
MARKED = "[...document.querySelectorAll('#grid .changed')].map((e) => e.title)"


def at_sites(kernel: str, handler: str = "h/A.c", **found: list[Finding]) -> Compared:
    """An answer that has searched the sites `found`; `part` was not searched completely."""
    findings = [each for several in found.values() for each in several]
    sites: dict[str, Any] = {
        name: {"findings": sorted({each.code for each in several}), "complete": name != "part"}
        for name, several in found.items()
    }
    return answered(*findings, handler=handler, kernel=kernel, sites=sites)


def three() -> list[Compared]:
    """A on two generations, B on the second only."""
    return [
        at_sites(
            "v1",
            one=[finding(site="one"), finding("warned", "one", wide_trace())],
            two=[],
            old=[finding("warned", "old")],
        ),
        at_sites("v2", one=[finding("warned", "one")], two=[finding(site="two")], part=[]),
        Compared("c.json", "h/B.c", "v1", None, ("f", "g")),
        at_sites("v2", "h/B.c", one=[], part=[finding("warned", "part")]),
    ]


def rows(seen: Seen) -> list[str]:
    """Every row of the tables without a script."""
    lines, row = [], False
    for tag, attributes, text in seen.elements:
        if tag == "tr":
            row = True
            lines.append("")
        elif tag in ("table", "section", "p"):
            row = False
        elif row and tag in ("th", "td", "a", "span"):
            mark = "!" if attributes.get("class") == "changed" else ""
            lines[-1] += (" " if tag in ("th", "td") else "") + mark + "".join(text)
    return [line.strip() for line in lines]


def test_without_a_script_there_is_a_table_for_each_handler() -> None:
    seen = Seen(page(three()).decode("ascii"))
    assert seen.all("caption") == ["A", "B"]
    assert rows(seen)[:10] == [
        "site v1 v2",
        "one UW !W",
        "two . !U",
        "old W -",
        "part - ?",
        "site v1 v2",
        "one - .",
        "two - -",
        "old - -",
        "part - ?W",
    ]
    assert seen.all("td", title="gone unwatched-silent") != []
    assert seen.all("li")[-1] == "B does not apply on v1: no f(), g() there"
    assert not [each for each in seen.ids() if "step-" in each]


def test_a_letter_is_a_link_that_names_only_names() -> None:
    seen = Seen(page(three()).decode("ascii"))
    links = [each["href"] for tag, each, _ in seen.elements if tag == "a"]
    assert links[:5] == [
        "#A/one/v1/unwatched-silent/step-4",
        "#A/one/v1/warned/step-10",
        "#A/one/v2/warned/step-4",
        "#A/two/v2/unwatched-silent/step-4",
        "#A/old/v1/warned/step-4",
    ]
    again = Seen(page([three()[3], three()[1], three()[0]]).decode("ascii"))
    assert set(links) - {"#matrix"} <= {each.get("href") for _, each, _ in again.elements}


def test_addresses() -> None:
    assert address("F", "", "f+g", "v4.12") == "F/f~2b~g/v4.12/"
    assert address("<a>", "\u202e") == "~3c~a~3e~/~202e~/"
    assert list(distinct(["a/", "b/", "a/"])) == ["a/", "b/", "a/2/"]
    assert short(["x/F.c", "y/F.c", "z/G.c"]) == {"x/F.c": "x/F.c", "y/F.c": "y/F.c", "z/G.c": "G"}


def test_only_one_code_and_one_site() -> None:
    seen = Seen(page(three(), code="warned", site="one").decode("ascii"))
    assert rows(seen)[:4] == ["site v1 v2", "one W W", "site v1 v2", "one - ."]


def test_a_trace_that_is_left_out_is_a_letter_without_a_link() -> None:
    left = finding(site="one")
    document = documented(left, sites={"one": {"findings": [left.code], "complete": True}})
    document["findings"][0]["trace"] = []
    answers = [Compared("c.json", "A.c", each, document, left_out=1) for each in ("v1", "v2")]
    seen = Seen(page(answers).decode("ascii"))
    assert seen.all("span", title="unwatched-silent") == ["U", "U"]
    assert any("The traces of 1 findings" in each for each in seen.all("p"))


def test_what_traces_share_is_in_the_page_once() -> None:
    one = len(page([at_sites("v1", one=[finding(site="one", trace=long_trace(2000))])] * 2))
    more = [at_sites(f"v{n}", one=[finding(site="one", trace=long_trace(2000))]) for n in range(12)]
    assert len(page(more)) < 2 * one


def test_too_many_steps_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("klprove.report.picture.page")  # the room has a function of that name
    monkeypatch.setattr(module, "MOST_SHARED_STEPS", 9)
    several = [at_sites(f"v{n}", one=[finding(site="one", trace=long_trace(5))]) for n in (1, 2)]
    with pytest.raises(BadInput, match="10 steps; a page holds 9"):
        page(several)
    assert page([several[0], at_sites("v2", one=[finding(site="one")])])


def test_the_command_takes_several_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = []
    for kernel in ("v4.12", "v4.14"):
        paths.append(str(tmp_path / f"{kernel}.json"))
        Path(paths[-1]).write_text(json.dumps(documented(finding(), kernel=kernel)))
    out = tmp_path / "out.html"
    assert run(["report", *paths, "--html", str(out)]) == 0
    seen = Seen(out.read_text())
    assert seen.all("h1") == ["1 handler, 1 site, 2 generations"]
    assert rows(seen)[:2] == ["site v4.12 v4.14", "no site U U"]
    assert run(["report", *paths, "--html", paths[1]]) == 2
    assert "names the trace itself" in capsys.readouterr().err


def opened(browser: Browser, folder: Path, step: str = "", answers: Any = None) -> None:
    """The page about `three` in the browser."""
    file = folder / "page.html"
    file.write_bytes(page(answers or three()))
    browser.open(file, step)


def choose(browser: Browser, control: str, value: str) -> None:
    """Choose the option that is called `value`."""
    browser.value(
        f"(() => {{ const box = document.getElementById('{control}');"
        f" box.value = [...box.options].find((e) => e.text === '{value}').value;"
        " box.dispatchEvent(new Event('change')); })()"
    )


def test_any_two_are_the_axes(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path)
    assert browser.value(HEADS) == "site v1 v2"
    assert browser.value(CELLS) == ["one UW W", "two . U", "old W -", "part - ?"]
    choose(browser, "only-one", "B")
    assert browser.value(CELLS) == ["one - .", "two - -", "old - -", "part - W?"]
    choose(browser, "rows", "handler")
    assert browser.value(HEADS) == "handler v1 v2"
    assert browser.value(CELLS) == ["A UW W", "B - ."]
    choose(browser, "columns", "handler")
    assert browser.value(HEADS) == "generation A B"
    assert browser.value(CELLS) == ["v1 UW -", "v2 W ."]
    choose(browser, "rows", "site")
    choose(browser, "only-one", "v2")
    assert browser.value(CELLS) == ["one W .", "two U -", "old - -", "part ? W?"]


def test_what_differs_is_marked_and_said(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path)
    assert browser.value(MARKED) == ["gone unwatched-silent", "new unwatched-silent"]
    choose(browser, "against", "v2")
    assert browser.value(MARKED) == ["new unwatched-silent", "gone unwatched-silent"]
    assert browser.value("document.querySelector('#grid .changed').cellIndex") == 1
    browser.value("document.getElementById('differing').click()")
    assert browser.value(CELLS) == ["one UW W", "two . U"]
    assert browser.value("document.getElementById('shown-rows').textContent") == "2 of 4 rows"
    choose(browser, "against", "nothing")
    assert browser.value(CELLS) == []


def test_sites_are_searched(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path)
    browser.value(
        "(() => { const box = document.getElementById('sites'); box.focus(); box.value = 'O';"
        " box.dispatchEvent(new Event('input')); })()"
    )
    assert browser.value(CELLS) == ["one UW W", "two . U", "old W -"]
    browser.press("m")  # a letter of a name, there
    assert browser.value("location.hash") == ""


def test_a_cell_opens_its_trace_and_back_leads_to_it(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path)
    assert browser.value("document.getElementById('viewer').offsetHeight") == 0
    browser.value("document.querySelector('#grid a[title^=warned]').click()")
    assert browser.value(SHOWN) == "A on v1: warned at one"
    assert browser.value(CURRENT) == "A/one/v1/warned/step-10"
    assert browser.value("document.querySelectorAll('.trace tbody tr').length") == 10
    assert browser.value("document.querySelector('#grid [aria-current]').textContent") == "W"
    browser.value("document.querySelector('#grid a[title^=unwatched]').click()")
    assert browser.value(CURRENT) == "A/one/v1/unwatched-silent/step-4"
    said = "document.querySelector('.trace tbody tr:last-child').textContent"
    assert "finding: unwatched-silent" in browser.value(said)
    going = (
        "new Promise((done) => {{ history.{}();"
        " addEventListener('popstate', () => setTimeout(done), {{ once: true }}); }})"
    )
    browser.value(going.format("back"))
    assert browser.value(CURRENT) == "A/one/v1/warned/step-10"
    browser.value(going.format("forward"))
    assert browser.value(CURRENT) == "A/one/v1/unwatched-silent/step-4"
    browser.press("m")
    assert browser.value("document.getElementById('viewer').hidden") is True
    assert browser.value("document.activeElement.textContent") == "U"
    browser.press("ArrowRight")  # steps through nothing: it goes to the next cell
    assert browser.value("document.activeElement.getAttribute('aria-label')") == "warned, 4 steps"


def test_arrows_go_to_cells_that_open_something(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path)
    browser.value("document.querySelector('#grid a').focus()")
    where = "document.activeElement.getAttribute('href')"
    for key, there in [
        ("ArrowDown", "#A/old/v1/warned/step-4"),
        ("ArrowDown", "#A/old/v1/warned/step-4"),
        ("ArrowUp", "#A/one/v1/unwatched-silent/step-4"),
        ("ArrowRight", "#A/one/v2/warned/step-4"),
        ("ArrowDown", "#A/two/v2/unwatched-silent/step-4"),
        ("ArrowLeft", "#A/two/v2/unwatched-silent/step-4"),
    ]:
        browser.press(key)
        assert browser.value(where) == there


def test_arrows_in_the_matrix_leave_the_step_alone(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path, "#A/one/v1/warned/step-3")
    browser.value("document.querySelector('#grid a').focus()")
    browser.press("ArrowRight")
    assert browser.value(CURRENT) == "A/one/v1/warned/step-3"
    browser.value("document.activeElement.blur()")
    browser.press("ArrowRight")
    assert browser.value(CURRENT) == "A/one/v1/warned/step-4"


def test_a_screen_reader_gets_heads_and_whole_words(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path)
    browser.ask("Accessibility.enable")
    nodes = browser.ask("Accessibility.getFullAXTree")["nodes"]
    browser.ask("Accessibility.disable")
    said = [
        (each["role"]["value"], each["name"]["value"])
        for each in nodes
        if not each["ignored"] and "name" in each
    ]
    assert [name for role, name in said if role == "columnheader"] == ["site", "v1", "v2"]
    assert [name for role, name in said if role == "rowheader"] == ["one", "two", "old", "part"]
    assert ("link", "unwatched-silent, 4 steps") in said
    assert ("table", "site by generation; handler A") in said
    cells = [name for role, name in said if role in ("cell", "gridcell")]
    assert "warned, 4 steps gone unwatched-silent" in cells
    assert "- no such function" in cells and "? not known" in cells and ". nothing" in cells
    controls = [name for role, name in said if role == "combobox"]
    assert controls == ["Rows", "Columns", "Handler", "Mark what differs from"]


def test_a_link_to_a_step_of_a_cell_opens_there(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path, "#A/one/v1/warned/step-3")
    assert browser.value(CURRENT) == "A/one/v1/warned/step-3"
    assert browser.value(SHOWN) == "A on v1: warned at one"


def test_a_link_to_what_is_gone_says_so(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path, "#A/one/v3/warned/step-3")
    lost = "document.getElementById('lost').textContent"
    assert browser.value(lost).startswith("There is no A/one/v3/warned/step-3 on this page")
    assert browser.value("document.getElementById('viewer').hidden") is True
    opened(browser, tmp_path, "#%00<b>/step-1")
    assert browser.value("document.querySelectorAll('#lost b').length") == 0


def test_hostile_names_are_texts_in_the_matrix(browser: Browser, tmp_path: Path) -> None:
    name = "<img src=x onerror=console.log(1)>\x1b[31m\u202e\"'&amp;"
    made = [at_sites(f"{name}{n}", f"{name}.c", **{name: [finding(name, name)]}) for n in range(2)]
    opened(browser, tmp_path, answers=made)
    assert browser.value("document.images.length") == 0
    browser.value("document.querySelector('#grid a').click()")
    assert browser.value("document.images.length") == 0
    text = browser.value("document.body.textContent")
    assert "<img src=x" in text and "\\x1b[31m\\u202e" in text and "\u202e" not in text
    assert browser.value(CURRENT).endswith("/step-4")
