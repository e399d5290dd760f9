"""Cases and their keys."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bench.plan.axis_values import refusal
from bench.records import SAFE_TEXT, UNIVERSAL_AXES, Case, UserError, Value, value_from_text

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TEXT = st.from_regex(SAFE_TEXT, fullmatch=True).filter(lambda text: isinstance(value_from_text(text), str))
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = TEXT | NUMBERS | st.booleans()
WORKLOADS = st.from_regex(r"[a-z_]{1,8}/[a-z0-9_-]{1,8}", fullmatch=True)
PARAMS = st.dictionaries(NAMES, VALUES, max_size=5)


@given(WORKLOADS, PARAMS)
def test_a_key_reads_back_as_its_case(workload: str, params: dict[str, Value]) -> None:
    case = Case.of(workload, params)
    back = Case.from_key(case.key)
    assert back == case
    assert [type(value) for _, value in back.params] == [type(value) for _, value in case.params]


@given(WORKLOADS, PARAMS)
def test_a_key_is_stable(workload: str, params: dict[str, Value]) -> None:
    key = Case.of(workload, params).key
    assert Case.from_key(key).key == key


@given(st.from_regex(SAFE_TEXT, fullmatch=True))
def test_a_text_that_the_plan_admits_comes_back_from_a_key_as_it_was(text: str) -> None:
    assume(not refusal(text))
    assert Case.from_key(Case.of("a/b", {"loader": text}).key)["loader"] == text


@given(WORKLOADS, PARAMS)
def test_every_case_has_the_universal_axes(workload: str, params: dict[str, Value]) -> None:
    axes = Case.of(workload, params).axes
    assert axes == {**UNIVERSAL_AXES, **params}


def test_axes_are_sorted_in_a_key() -> None:
    case = Case.of("matmul/square", {"size": 1024, "batch": 2})
    assert case.key == "matmul/square[batch=2,device=cpu,dtype=float32,mode=eager,size=1024,threads=1]"


def test_the_order_in_which_axes_are_given_makes_no_difference() -> None:
    assert Case.of("a/b", {"size": 1, "batch": 2}) == Case.of("a/b", {"batch": 2, "size": 1})
    assert Case.from_key("a/b[size=1,batch=2]") == Case.from_key("a/b[batch=2,size=1]")


def test_a_key_without_axes_has_the_defaults() -> None:
    assert Case.from_key("autograd/polynomial") == Case.of("autograd/polynomial", {})
    assert Case.from_key("autograd/polynomial[]") == Case.of("autograd/polynomial", {})


def test_an_axis_stated_in_a_key_wins_over_its_default() -> None:
    assert Case.from_key("a/b[device=cuda]")["device"] == "cuda"


def test_spaces_around_the_parts_of_a_key_are_passed_over() -> None:
    assert Case.from_key(" a/b[size = 1, batch=2] ") == Case.of("a/b", {"size": 1, "batch": 2})


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("matmul", "'matmul' is not a case key"),
        ("", "'' is not a case key"),
        ("a/b/c", "'a/b/c' is not a case key"),
        ("a/b[size=1", "is not a case key"),
        ("a/b[size=1] and", "is not a case key"),
        ("a/b[size=[1]]", "is not a case key"),
        ("a/b[size]", "'size' in 'a/b[size]' is not axis=value"),
        ("a/b[size=]", "'size=' in 'a/b[size=]' is not axis=value"),
        ("a/b[=1]", "'=1' in 'a/b[=1]' is not axis=value"),
    ],
)
def test_a_key_that_is_none_is_named(key: str, named: str) -> None:
    with pytest.raises(UserError) as error:
        Case.from_key(key)
    assert named in str(error.value)


def test_an_axis_that_stands_in_a_key_twice_is_an_error() -> None:
    with pytest.raises(UserError, match="size"):
        Case.from_key("a/b[size=1,size=2]")


@pytest.mark.parametrize(
    ("text", "value"),
    [("64", 64), ("-3", -3), ("0.5", 0.5), ("1e3", 1000.0), ("True", True), ("False", False), ("true", "true")],
)
def test_a_value_is_read_as_what_it_looks_like(text: str, value: Value) -> None:
    assert value_from_text(text) == value
    assert type(value_from_text(text)) is type(value)


def test_a_case_with_an_axis_changed_is_another_case_with_the_rest_alike() -> None:
    case = Case.of("a/b", {"size": 64})
    assert case.but(mode="compile", batch=8) == Case.of("a/b", {"size": 64, "mode": "compile", "batch": 8})
    assert case == Case.of("a/b", {"size": 64})


def test_an_axis_a_case_lacks_is_an_error() -> None:
    with pytest.raises(KeyError):
        Case.of("a/b", {})["size"]


def test_an_infinite_value_reads_back_too() -> None:
    assert Case.from_key(Case.of("a/b", {"rate": math.inf}).key)["rate"] == math.inf
