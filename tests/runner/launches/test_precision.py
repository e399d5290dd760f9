"""When a case has launches enough."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from bench.records import Settings
from bench.runner.launches.precision import Precision
from bench.stats.moderation import Prior

NORMAL = Prior(variance=0.003**2, degrees=50.0, cases=20, normal=True)


def after(medians: list[float], prior: Prior | None = None, **settings: object) -> Precision:
    """The state after launches with these medians, beside neighbours with this prior."""
    precision = Precision(Settings(**settings))  # type: ignore[arg-type]  # each test names fields of it
    for median_s in medians:
        precision.add(median_s, prior)
    return precision


QUIET = [1.0, 1.001, 0.999, 1.002, 0.998, 1.0]
LOUD = [1.0, 1.5, 0.5, 2.0, 0.7, 1.0]


def test_the_fewest_launches_are_made_however_quiet_they_are() -> None:
    assert not after(QUIET[:5], NORMAL).is_finished()
    assert after(QUIET, NORMAL).is_finished()


def test_the_first_look_does_not_end_a_case_without_normal_neighbours() -> None:
    """Six launches in the same hump are narrow by chance."""
    assert not after(QUIET).is_finished()
    assert not after(QUIET, replace(NORMAL, normal=False)).is_finished()
    assert after([*QUIET, 1.0]).is_finished()


def test_neighbours_that_differ_more_ask_for_more_launches() -> None:
    assert not after(QUIET, replace(NORMAL, variance=0.05**2)).is_finished()


def test_a_wide_interval_asks_for_more() -> None:
    assert not after(LOUD).is_finished()


def test_launches_are_added_until_the_most_that_are_allowed() -> None:
    assert not after((LOUD * 4)[:19]).is_finished()
    assert after((LOUD * 4)[:20]).is_finished()


def test_the_precision_that_is_asked_for_decides() -> None:
    spread = [1.0, 1.0, 1.0, 1.0, 0.95, 1.05]  # six launches span from least to greatest: ±5 %
    spread.append(1.0)  # and so do seven: narrow for the second time
    assert after(spread, precision=0.0501).is_finished()
    assert not after(spread, precision=0.0499).is_finished()


@pytest.mark.parametrize("launches", [1, 3, 25])
def test_an_exact_number_of_launches_is_exact(launches: int) -> None:
    assert not after([1.0] * (launches - 1), launches=launches).is_finished()
    assert after(([*LOUD] * 5)[:launches], launches=launches).is_finished()


def test_the_width_is_infinite_below_two_launches() -> None:
    assert after([]).half_width() == math.inf
    assert after([1.0]).half_width() == math.inf
    assert after([1.0, 1.01]).half_width() < math.inf


@pytest.mark.parametrize(("done", "left"), [(0, 6), (5, 1), (6, 1), (10, 1)])
def test_the_launches_left_are_those_sure_to_come(done: int, left: int) -> None:
    assert after((LOUD * 2)[:done]).launches_left() == left


def test_nothing_is_left_of_what_is_finished() -> None:
    assert after(QUIET, NORMAL).launches_left() == 0
    assert after([1.0], launches=1).launches_left() == 0
    assert after([1.0], launches=3).launches_left() == 2


def test_an_interval_that_is_narrow_for_the_first_time_wants_one_launch_more() -> None:
    """It may be narrow by chance: of such intervals fewer cover the median than they state."""
    wide = [1.0, 1.0, 1.0, 1.0, 0.95, 1.05]
    nine = [*wide, 1.0, 1.0, 1.0]  # from nine launches on the outermost are left out
    assert not after(wide).is_finished()
    assert after(nine).half_width() <= 0.02
    assert not after(nine).is_finished()
    assert after([*nine, 1.0]).is_finished()
