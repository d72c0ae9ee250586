"""JUnit XML, as a reader of it from outside understands it."""

from xml.etree import ElementTree

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from klprove.formats import FAIL, INCOMPLETE, SKIP, Item, Results
from klprove.formats.junit import junit
from tests.formats.made import EVIL, nothing, results


def test_outcomes_as_a_reader_understands_them() -> None:
    read = JUnitXml.fromstring(junit(results("t")).encode())
    assert (read.tests, read.failures, read.errors, read.skipped) == (6, 1, 1, 1)
    assert (read.name, read.time) == ("klprove check", 1.5)
    suite, alone = read
    kinds = {case.name: [type(each) for each in case.result] for case in suite}
    assert kinds == {
        "t": [Failure],
        "unknown": [Error],
        "not asked": [Skipped],
        "noted": [],
        "waived": [],
    }
    failed = next(iter(suite)).result[0]
    assert (failed.type, failed.message) == ("assert", "assert: t; assert: t")
    assert "   2  CPU 0 NMI: <NMI> t()  (t:3:2)" in failed.text.splitlines()
    (case,) = alone
    assert case.classname == "klprove.check.alone"
    assert "called" in case.system_out


@pytest.mark.parametrize(
    ("outcome", "counted"), [(FAIL, (1, 0, 0)), (INCOMPLETE, (0, 1, 0)), (SKIP, (0, 0, 1))]
)
def test_each_outcome_is_counted_as_what_it_is(outcome: str, counted: tuple[int, int, int]) -> None:
    read = JUnitXml.fromstring(junit(Results("check", "h", (Item("x", outcome),), 1)).encode())
    assert (read.failures, read.errors, read.skipped) == counted


@pytest.mark.parametrize("name", EVIL)
def test_xml_whatever_things_are_called(name: str) -> None:
    text = junit(results(name))
    assert text.isascii()
    top = ElementTree.fromstring(text)
    assert [len(each) for each in top] == [5, 1]


def test_a_name_keeps_its_dots_and_the_class_has_none() -> None:
    (case,) = ElementTree.fromstring(junit(nothing())).iter("testcase")
    assert (case.get("name"), case.get("classname")) == ("model.c", "klprove.check.model_c")


def test_only_the_users_files_are_named() -> None:
    cases = ElementTree.fromstring(junit(results("v4.12rc/nmi.c"))).iter("testcase")
    assert [each.get("file") for each in cases if each.get("file")] == []
    cases = ElementTree.fromstring(junit(results("f.c"))).iter("testcase")
    assert [each.get("file") for each in cases if each.get("file")] == ["f.c", "f.c"]


def test_a_failure_without_a_finding_says_what_is_wrong() -> None:
    items = (Item("x", "fail", "4 states, expected 5", facts=("klprove check x",)),)
    text = junit(Results("corpus", "h", items, 1))
    (failure,) = ElementTree.fromstring(text).iter("failure")
    assert failure.get("message") == "4 states, expected 5; klprove check x"
