"""The page in a real browser."""

import base64
from pathlib import Path

from klprove.verdict import Access, Trace
from tests.report.picture.browser import Browser
from tests.report.picture.pages import finding, long_trace, written
from tests.report.specimens import event

SAID = "document.getElementById('said').textContent"
CURRENT = "document.querySelector('.trace [aria-current]')?.id"
DRAWN = "document.querySelectorAll('#drawing svg *').length"


def test_keys_step_and_the_address_follows(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, finding()), "#step-2")
    assert browser.value(SAID) == "step 2 of 4, CPU 0 task: dynticks: 1 -> 2"
    browser.press("ArrowRight")
    assert browser.value(CURRENT) == "step-3"
    browser.press("ArrowLeft", 5)
    assert browser.value(CURRENT) == "step-1"
    browser.press("End")
    assert browser.value(CURRENT) == "step-4"
    browser.press("ArrowRight")
    assert browser.value(CURRENT) == "step-4"
    browser.press("Home")
    assert browser.value(SAID) == "step 1 of 4, CPU 0 task: preempt_count: 0 -> 1"
    shown = browser.value("document.querySelector('.changed').textContent")
    assert shown == "preempt_count1 (changed)"
    wait = "new Promise((done) => setTimeout(() => done(location.hash), 300))"
    assert browser.value(wait) == "#step-1"


def test_without_a_step_it_opens_at_the_finding(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, finding()))
    assert browser.value(CURRENT) == "step-4"
    assert browser.value("document.querySelectorAll('#drawing .finding').length") == 1
    assert browser.value("document.querySelectorAll('#drawing .head').length") == 1


def test_a_link_goes_to_another_finding(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, finding(site="a"), finding("false-alarm", site="b")))
    assert browser.value("document.getElementById('finding-2').hidden") is True
    browser.value("document.querySelectorAll('.choices a')[1].click()")
    assert browser.value(CURRENT) == "b/false-alarm/step-4"
    assert browser.value("document.getElementById('finding-1').hidden") is True
    assert browser.value("location.hash") == "#b/false-alarm/step-4"


def test_search_marks_and_goes_on(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, finding()), "#step-1")
    browser.press("/")
    browser.value(
        "(() => { const box = document.activeElement; box.value = 'KLP_OPS';"
        " box.dispatchEvent(new Event('input')); })()"
    )
    assert browser.value("document.getElementById('found').textContent") == "1 steps"
    browser.press("Enter")
    assert browser.value(CURRENT) == "step-4"
    browser.press("ArrowLeft")  # moves in the box
    assert browser.value(CURRENT) == "step-4"


def test_a_click_in_the_picture_goes_there(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, finding()))
    box = browser.value(
        "(() => { const box = document.querySelector('#drawing svg').getBoundingClientRect();"
        " return [box.left, box.top]; })()"
    )
    for kind in ("mousePressed", "mouseReleased"):
        browser.ask(
            "Input.dispatchMouseEvent", type=kind, x=box[0] + 72, y=box[1] + 20,
            button="left", clickCount=1,
        )  # fmt: skip
    assert browser.value(CURRENT) == "step-2"


def test_ten_thousand_steps_cost_what_is_in_sight(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, finding(trace=long_trace(10_000))), "#step-5000")
    browser.press("ArrowRight", 3)
    assert browser.value(CURRENT) == "step-5003"
    assert 50 < browser.value(DRAWN) < 600
    inside = browser.value(
        "(() => { const row = document.getElementById('step-5003').getBoundingClientRect(),"
        " box = document.getElementById('steps').getBoundingClientRect();"
        " return row.top >= box.top && row.bottom <= box.bottom; })()"
    )
    assert inside is True
    rows = "[...document.querySelectorAll('.trace tbody tr')].filter((e) => e.offsetHeight)"
    assert browser.value(f"{rows}.length") == 300
    browser.press("End")
    assert browser.value("document.querySelectorAll('#drawing .finding').length") == 1
    assert browser.value(f"{rows}.length") == 200
    browser.ask("Emulation.setEmulatedMedia", media="print")
    assert browser.value(f"{rows}.length") == 10_000
    browser.ask("Emulation.setEmulatedMedia", media="")


def test_the_name_of_a_bar_is_in_sight_at_both_ends(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, finding(trace=long_trace(90))))
    for key in ("Home", "End"):
        browser.press(key)
        every = "[...document.querySelectorAll('#drawing text')]"
        names = f"{every}.filter((e) => e.textContent.includes('_'))"
        edge = "document.getElementById('drawing').getBoundingClientRect().left"
        left = f"{names}.map((e) => e.getBoundingClientRect().left - {edge})"
        places = browser.value(left)
        assert places and min(places) >= 0


def test_steps_that_do_not_matter_can_be_folded(browser: Browser, tmp_path: Path) -> None:
    idle = (event(accesses=(Access("read", "other", 0, 0),), calls=("f",)),) * 3
    said = event(accesses=(Access("write", "x", 0, 1),), notes=("seen",))
    browser.open(written(tmp_path, finding(trace=Trace((), (said, *idle, said)))), "#step-1")
    rows = "[...document.querySelectorAll('.trace tbody tr')].filter((e) => e.offsetHeight).length"
    assert browser.value(rows) == 5
    browser.press("f")
    assert browser.value(rows) == 2
    assert browser.value("document.getElementById('fold').ariaPressed") == "true"
    assert browser.value("document.querySelectorAll('#drawing [opacity=\"0.25\"]').length") == 3
    browser.press("ArrowRight")
    assert browser.value(CURRENT) == "step-5"
    browser.press("ArrowLeft", 2)
    assert browser.value(CURRENT) == "step-1"
    browser.value("document.querySelector('.trace a[href=\"#step-3\"]').click()")
    assert browser.value(rows) == 3
    browser.press("f")
    assert browser.value(rows) == 5


def test_print_has_the_picture_and_every_step(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, finding(trace=long_trace(120))))
    browser.value("dispatchEvent(new Event('beforeprint'))")
    assert browser.value("document.querySelectorAll('.sheet').length") == 3
    browser.value("dispatchEvent(new Event('afterprint'))")
    assert browser.value("document.querySelectorAll('.sheet').length") == 0
    printed = base64.b64decode(browser.ask("Page.printToPDF")["data"])
    assert printed.startswith(b"%PDF-")


def test_names_do_not_act(browser: Browser, tmp_path: Path) -> None:
    name = "<img src=x onerror=console.log(1)></script><script>console.log(2)</script>"
    browser.open(written(tmp_path, finding(name, name)))
    assert browser.value("document.images.length") == 0
    assert name in browser.value("document.body.textContent")


def test_a_name_cannot_change_the_order_of_letters(browser: Browser, tmp_path: Path) -> None:
    """Letters that are written from right to left take digits and signs beside them along."""
    said = event(accesses=(Access("write", "\u05d0\u05d1", 1, 2),))
    browser.open(written(tmp_path, finding(trace=Trace((), (said, said)))))
    for where in (".trace td div", "#said", "#values td"):
        places = browser.value(
            f"(() => {{ const text = document.querySelector('{where}').firstChild;"
            " const range = new Range(); return [...text.data].map((_, each) => {"
            " range.setStart(text, each); range.setEnd(text, each + 1);"
            " return range.getBoundingClientRect().left; }); })()"
        )
        assert len(places) > 1 and places == sorted(places)


def test_without_javascript_the_table_is_there(browser: Browser, tmp_path: Path) -> None:
    browser.ask("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(written(tmp_path, finding(site="a"), finding(site="b")))
        assert browser.value("document.getElementById('viewer').offsetHeight") == 0
        rows = "[...document.querySelectorAll('.trace tbody tr')].filter((e) => e.offsetHeight)"
        assert browser.value(f"{rows}.length") == 8
    finally:
        browser.ask("Emulation.setScriptExecutionDisabled", value=False)
