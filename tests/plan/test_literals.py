from __future__ import annotations

import ast
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.plan.literals import NotLiteralError, evaluate


def value(text: str) -> object:
    return evaluate(ast.parse(text, mode="eval").body)


# No smaller: a quotient on the way to a finite result would be infinite, which is refused.
numbers = st.one_of(st.integers(0, 10**6), st.floats(1e-30, 1e6)).map(repr)
arithmetic = st.recursive(
    numbers,
    lambda inner: st.one_of(
        inner.map(lambda text: f"(-{text})"),
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner).map(
            lambda three: f"({' '.join(three)})"
        ),
    ),
    max_leaves=8,
)


@given(arithmetic)
def test_arithmetic_on_literals_is_what_python_makes_of_it(text: str) -> None:
    try:
        expected = eval(text)
    except ArithmeticError:
        with pytest.raises(NotLiteralError):
            value(text)
        return
    if not math.isfinite(expected):
        return
    assert value(text) == expected
    assert type(value(text)) is type(expected)


@given(st.integers(-20, 20), st.integers(-12, 12))
def test_powers_are_what_python_makes_of_them(base: int, exponent: int) -> None:
    if base == 0 and exponent < 0:
        with pytest.raises(NotLiteralError):
            value(f"({base})**({exponent})")
    else:
        assert value(f"({base})**({exponent})") == base**exponent


@pytest.mark.parametrize(
    ("text", "expected"),
    [("10**7", 10**7), ("-1", -1), ("2*3", 6), ("+4", 4), ("'a'", "a"), ("True", True), ("1e3", 1e3)],
)
def test_the_literals_an_author_writes_are_read(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    "text",
    ["9**9**9", "9**9999999999", "2.0**99999", "(10**300)*(10**300)", "1**(10**400)*10**400", "(10**300)**(10**300)"],
)
def test_an_absurd_power_is_refused_at_once(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(NotLiteralError):
        value(text)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    "text",
    [
        "SIZE",
        "range(3)",
        "f'a'",
        "None",
        "b'a'",
        "2j",
        "1/0",
        "'a'*3",
        "'a'+'b'",
        "True+1",
        "-'a'",
        "(-8)**0.5",
        "1<<3",
        "1 if 1 else 2",
        "(1,)",
        "...",
    ],
)
def test_any_other_expression_is_refused(text: str) -> None:
    with pytest.raises(NotLiteralError):
        value(text)
