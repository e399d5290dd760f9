from __future__ import annotations

import pytest

from bench.plan.run_duration import (
    COLD_AOTI_S,
    COLD_COMPILE_S,
    GUESS_FACTOR,
    IMPORT_S,
    MEASURED_FACTOR,
    WARM_AOTI_S,
    WARM_COMPILE_S,
    estimate,
    late_note,
)
from bench.records import Case, Planned, Settings, Source, Value


def planned(**params: Value) -> Planned:
    return Planned(Case.of("family/name", params), Source("mine.py", "name"))


THREE = Settings(launches=3)


def test_nothing_to_run_takes_no_time() -> None:
    assert estimate([], THREE, {}).high_s == 0


def test_a_measured_case_takes_as_long_as_it_took() -> None:
    case = planned(size=64)
    duration = estimate([case], THREE, {case.case.key: 4.0})
    assert duration.likely_s == pytest.approx(3 * (IMPORT_S + 4))
    assert duration.low_s == pytest.approx(3 * (IMPORT_S + 4 / MEASURED_FACTOR))
    assert duration.high_s == pytest.approx(3 * (IMPORT_S + 4 * MEASURED_FACTOR))
    assert (duration.measured, duration.guessed) == (1, 0)


def test_a_guess_has_a_band_of_a_factor_of_three() -> None:
    duration = estimate([planned(size=64)], THREE, {})
    low, likely, high = (each - 3 * IMPORT_S for each in (duration.low_s, duration.likely_s, duration.high_s))
    assert likely / low == pytest.approx(GUESS_FACTOR)
    assert high / likely == pytest.approx(GUESS_FACTOR)
    assert (duration.measured, duration.guessed) == (0, 1)


def test_the_first_launch_also_learns_how_long_to_warm_up() -> None:
    one = estimate([planned()], THREE, {}).likely_s
    assert estimate([planned()], Settings(launches=3, warm_s=THREE.warm_s + 5), {}).likely_s == pytest.approx(one + 5)


@pytest.mark.parametrize("past", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_past_that_is_no_time_is_a_guess(past: float) -> None:
    case = planned()
    assert estimate([case], THREE, {case.case.key: past}).guessed == 1


def test_the_processes_of_a_launch_share_one_import() -> None:
    past = {planned(size=size, threads=threads).case.key: 1.0 for size in (1, 2) for threads in (1, "physical")}
    cases = [planned(**Case.from_key(key).axes) for key in past]
    assert estimate(cases, THREE, past).likely_s == pytest.approx(3 * (IMPORT_S + 4))


def test_each_compiled_case_compiles_cold_once() -> None:
    cases = [planned(size=1, mode="compile"), planned(size=2, mode="compile-max-autotune")]
    past = {each.case.key: 5.0 for each in cases}
    expected = 3 * IMPORT_S + 2 * (3 * 5 + COLD_COMPILE_S - WARM_COMPILE_S)
    assert estimate(cases, THREE, past).likely_s == pytest.approx(expected)


def test_compiling_ahead_has_its_own_price() -> None:
    cases = [planned(size=1, mode="aoti"), planned(size=2, mode="export")]
    past = {each.case.key: 5.0 for each in cases}
    expected = 3 * (IMPORT_S + 2 * 5) + COLD_AOTI_S - WARM_AOTI_S
    assert estimate(cases, THREE, past).likely_s == pytest.approx(expected)


@pytest.mark.parametrize("mode", ["frozen", "export"])
def test_a_graph_without_a_compiler_is_guessed_like_an_eager_case(mode: str) -> None:
    assert estimate([planned(mode=mode)], THREE, {}) == estimate([planned()], THREE, {})


def test_a_compiled_case_is_guessed_with_its_compilation() -> None:
    extra = estimate([planned(mode="compile")], THREE, {}).likely_s - estimate([planned()], THREE, {}).likely_s
    assert extra == pytest.approx(COLD_COMPILE_S + 2 * WARM_COMPILE_S)


def test_the_budget_caps_all_three() -> None:
    duration = estimate([planned(mode="compile")], Settings(launches=3, budget_s=1.0), {})
    assert (duration.low_s, duration.likely_s, duration.high_s) == (1.0, 1.0, 1.0)


def launches(settings: Settings) -> tuple[int, ...]:
    case = planned()
    duration = estimate([case], settings, {case.case.key: 1e-9})
    return tuple(round(each / IMPORT_S) for each in (duration.low_s, duration.likely_s, duration.high_s))


def test_adaptive_launches_lie_between_the_fewest_and_the_most() -> None:
    assert launches(Settings()) == (6, 19, 20)


def test_less_precision_takes_fewer_launches() -> None:
    assert launches(Settings(precision=0.03)) == (6, 9, 20)


def test_the_likely_launches_keep_to_the_limits() -> None:
    assert launches(Settings(precision=0.5)) == (6, 6, 20)
    assert launches(Settings(precision=0.001)) == (6, 20, 20)


@pytest.mark.parametrize(
    ("modes", "budget_s", "said"),
    [
        (("compile",), 10.0, "up to 20 s at first: one is measured all the same, and may end after the budget of 10 s"),
        (("compile", "aoti"), 10.0, "up to 20 s"),
        (("compile", "eager"), 10.0, ""),  # what does not compile is measured, and what would end late is left out
        (("compile",), 60.0, ""),
        (("compile",), None, ""),
        ((), 10.0, ""),
    ],
)
def test_a_budget_that_even_the_first_case_may_break_is_said_before(
    modes: tuple[str, ...], budget_s: float | None, said: str
) -> None:
    note = late_note([planned(mode=mode) for mode in modes], Settings(budget_s=budget_s))
    assert said in note
    assert bool(note) is bool(said)
