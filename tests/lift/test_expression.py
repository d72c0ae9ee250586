"""Conditions of #if, against Python's own arithmetic and by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klprove.lift.expression import Unreadable, truth

MACROS = {"CONFIG_A": "1", "CONFIG_B": "0", "N": "(4)", "HEX": "0x10", "F": "something(else)"}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("0", False),
        ("1", True),
        ("CONFIG_A", True),
        ("CONFIG_B", False),
        ("UNKNOWN", False),
        ("!UNKNOWN", True),
        ("defined(CONFIG_A)", True),
        ("defined CONFIG_B", True),
        ("!defined(CONFIG_C)", True),
        ("defined(CONFIG_C) || defined(CONFIG_A)", True),
        ("defined(CONFIG_C) && defined(CONFIG_A)", False),
        ("IS_ENABLED(CONFIG_A)", True),
        ("IS_ENABLED(CONFIG_B)", False),
        ("IS_ENABLED(CONFIG_C)", False),
        ("N == 4 && HEX > N", True),
        ("N > 4UL", False),
        ("UNKNOWN(1, (2)) == 0", True),
        ("F", False),
        ("defined(CONFIG_C) ? 1 : N - 4", False),
        ("1 / 0", False),
    ],
)
def test_conditions(condition: str, expected: bool) -> None:
    assert truth(condition, MACROS) is expected


@pytest.mark.parametrize(
    "condition", ["", "1 +", "(1", "1)", '"x"', "defined", "@", "1 2", "(" * 999]
)
def test_what_is_no_condition_is_refused(condition: str) -> None:
    with pytest.raises(Unreadable):
        truth(condition, {})


OPERATORS = ("+", "-", "*", "&", "|", "^", "==", "!=", "<", ">", "<=", ">=")
NUMBERS = st.integers(0, 9).map(str)
EXPRESSIONS = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        inner.map(lambda each: f"(~{each})"),
    ),
    max_leaves=12,
)


@given(EXPRESSIONS)
def test_arithmetic_is_pythons(expression: str) -> None:
    assert truth(expression, {}) == bool(eval(expression))  # our own digits and operators only
