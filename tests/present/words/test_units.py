"""Numbers as people read them."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.present.words import units


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12.34e-6, "12.3 µs"),
        (1e-9, "1.00 ns"),
        (5e-10, "0.500 ns"),
        (999.6e-6, "1.00 ms"),
        (0.5, "500 ms"),
        (59.94, "59.9 s"),
        (59.96, "1.00 min"),
        (90, "1.50 min"),
        (0, "0 s"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_a_duration_has_three_significant_digits_and_a_fitting_unit(value: float | None, text: str) -> None:
    assert units.seconds(value) == text


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((12.34e-6, 12.11e-6, 12.58e-6), "12.3 µs [12.1, 12.6]"),
        ((12.34e-6, 12.2e-6, 12.35e-6), "12.34 µs [12.20, 12.35]"),
        ((354e-6, 300e-6, 420e-6), "350 µs [300, 420]"),
        ((12e-6, 2e-6, 40e-6), "12 µs [2, 40]"),
        ((1.0, 1.0, 1.0), "1.000 s [1.000, 1.000]"),
        ((12.34e-6, None, None), "12.3 µs"),
        ((None, None, None), "–"),
    ],
)
def test_an_interval_shares_its_unit_and_shows_only_digits_that_it_supports(numbers: tuple, text: str) -> None:
    assert units.interval(*numbers) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.50 KiB"), (3 * 2**30, "3.00 GiB"), (None, "–")]
)
def test_memory_is_in_binary_units(value: object, text: str) -> None:
    assert units.size(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.2e6, "row", "1.2 M rows/s"),
        (1.234e6, "rows", "1.23 M rows/s"),
        (12, "item", "12 items/s"),
        (None, "row", "–"),
    ],
)
def test_a_rate_names_what_it_counts(value: object, unit: str, text: str) -> None:
    assert units.rate(value, unit) == text


@pytest.mark.parametrize(
    ("numbers", "text"),
    [((1.523, 1.481, 1.572), "1.52× [1.48, 1.57]"), ((1.523, None, None), "1.52×"), ((None, None, None), "–")],
)
def test_a_ratio_carries_its_interval(numbers: tuple, text: str) -> None:
    assert units.ratio(*numbers) == text


def test_a_count_sets_thousands_apart() -> None:
    assert (units.count(1024), units.count(None)) == ("1,024", "–")


@pytest.mark.parametrize(
    ("value", "text"), [(1e-5, "10 µs"), (1e-3, "1 ms"), (1.05e-3, "1.05 ms"), (90, "90 s"), (1e4, "10,000 s")]
)
def test_a_tick_has_no_needless_zeros(value: float, text: str) -> None:
    assert units.tick_seconds(value) == text


positive = st.floats(min_value=1e-9, max_value=1e4)


@given(positive)
def test_a_duration_is_never_in_scientific_notation(value: float) -> None:
    assert re.fullmatch(r"[\d.]+ (ns|µs|ms|s|min)", units.seconds(value))


@given(positive, st.floats(min_value=0, max_value=0.5), st.floats(min_value=0, max_value=0.5))
def test_a_shown_interval_holds_its_value(value: float, below: float, above: float) -> None:
    text = units.interval(value, value * (1 - below), value * (1 + above))
    middle, low, high = (float(number) for number in re.findall(r"[\d.]+", text))
    assert low <= middle <= high


@given(positive, st.floats(min_value=1e-3, max_value=0.5), st.floats(min_value=1e-3, max_value=0.5))
def test_the_last_digit_shown_is_no_finer_than_a_twentieth_of_the_interval(
    value: float, below: float, above: float
) -> None:
    low, high = value * (1 - below), value * (1 + above)
    text = units.interval(value, low, high)
    number, unit = text.split(" ")[:2]
    step = 10.0 ** -len(number.partition(".")[2])
    factor = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}[unit]
    two_digits = 10.0 ** (math.floor(math.log10(value / factor)) - 1)
    assert step >= min((high - low) / factor / 20, two_digits) * 0.999 or step == 1.0


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (12_345, 10_000, 15_678, "12 k steps [10 k, 16 k]"),
        (840, 700, math.inf, "840 steps [700, ∞]"),
        (math.inf, 900, math.inf, "∞ steps [900, ∞]"),
        (math.inf, math.inf, math.inf, "never"),
        (840, 0.0, math.inf, "840 steps (not known)"),
        (math.inf, 0.0, math.inf, "not known"),
        (math.nan, math.nan, math.nan, "–"),
        (None, None, None, "–"),
    ],
)
def test_steps_until_something_pays(value, low, high, text):
    assert units.steps(value, low, high) == text


def test_a_difference_has_its_sign() -> None:
    assert [units.change(x) for x in (0.0015, -2e-6, 0.0)] == ["+1.50 ms", "−2.00 µs", units.seconds(0.0)]
