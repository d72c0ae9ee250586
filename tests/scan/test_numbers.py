"""Numbers of the kernel in miniature, counted by hand in `toy.c`."""

import pytest

from klprove.cli.main import run
from klprove.image import open_image
from klprove.scan import Map, scan
from klprove.scan.numbers import Number, numbers
from klprove.scan.subject import subject
from tests.scan.toy import toy


@pytest.fixture(scope="module", name="counted")
def _counted(found: Map) -> dict[str, Number]:
    return {each.text: each for each in numbers(subject(open_image(str(toy()))), found)}


@pytest.mark.parametrize(
    ("text", "every", "able"),
    [
        ("section cpuidle", 5, 5),  # idle_text
        ("  static-call stubs", 1, 0),
        ("names that several functions have", 0, -1),
        ("call schedule()", 3, 3),  # a_thread, a_short_thread, wait_until
        ("lead to a function that sleeps by calls", 4, 4),  # and schedule itself
        ("main functions of threads", 2, 2),
        # exc_nmi, ct_nmi_enter, ct_nmi_exit, nmi_handle, __fentry__
        ("by calls from NMI, #DB, #BP, #DF", 5, 1),
        (".cold code; of what is patchable", 0, 0),
        ("relocations kept (1: yes)", 0, -1),
    ],
)
def test_each(counted: dict[str, Number], text: str, every: int, able: int) -> None:
    assert (counted[text].every, counted[text].patchable) == (every, able)


def test_functions_are_parted_without_rest(counted: dict[str, Number]) -> None:
    whole, bare = counted["functions in .text"], counted["not patchable"]
    parts = [each.every for text, each in counted.items() if text.startswith("  ")]
    assert whole.every - whole.patchable == bare.every == sum(parts)


def test_names_that_are_not_unique() -> None:
    path = str(toy("-DSECOND"))
    counted = {each.text: each for each in numbers(subject(open_image(path)), scan(path))}
    assert counted["names that several functions have"].every == 1
    assert counted["functions whose name is not their own"].every == 2


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(toy()), "--numbers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 79
    (line,) = [each for each in lines if each.startswith("main functions of threads")]
    assert line.split()[-2:] == ["2", "2"]
