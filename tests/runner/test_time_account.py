"""Where the time of a run went."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.records import CaseLaunch
from bench.runner.time_account import account

STAGES = ("prepare", "first_call", "check", "prepare_again", "warm_up", "blocks", "close")
SECONDS = st.floats(min_value=0, max_value=100)


def record(**seconds: float) -> CaseLaunch:
    return CaseLaunch("a/b", 0, seconds=seconds)


@given(
    st.lists(st.dictionaries(st.sampled_from(STAGES), SECONDS), max_size=5),
    st.lists(SECONDS, min_size=1, max_size=3),
    st.floats(min_value=0.01, max_value=1000),
)
def test_the_shares_of_all_stages_are_the_whole(
    launches: list[dict[str, float]], spawns: list[float], rest: float
) -> None:
    busy = sum(sum(seconds.values()) for seconds in launches) + sum(spawns)
    sessions = [{"wall_s": (busy + rest) / len(spawns), "spawn_s": spawn} for spawn in spawns]
    told = account([record(**seconds) for seconds in launches], sessions)
    assert sum(told["shares"].values()) == pytest.approx(1.0, abs=1e-3)  # each is rounded to four places
    assert sum(told["stages_s"].values()) == pytest.approx(told["wall_s"], abs=0.01)


def test_stages_are_summed_over_launches() -> None:
    told = account([record(blocks=2.0, warm_up=1.0), record(blocks=3.0)], [{"wall_s": 10.0, "spawn_s": 1.5}])
    assert told["stages_s"] == {"blocks": 5.0, "warm_up": 1.0, "spawn": 1.5, "other": 2.5}
    assert told["shares"] == {"blocks": 0.5, "warm_up": 0.1, "spawn": 0.15, "other": 0.25}


def test_sessions_are_summed() -> None:
    sessions = [
        {"wall_s": 10.0, "spawn_s": 1.0, "parent_cpu_s": 0.2},
        {"wall_s": 30.0, "spawn_s": 2.0, "parent_cpu_s": 0.6},
    ]
    told = account([], sessions)
    assert (told["wall_s"], told["stages_s"]["spawn"]) == (40.0, 3.0)
    assert told["parent_cpu_share"] == pytest.approx(0.02)


def test_what_was_timed_and_warmed_up_is_told_apart() -> None:
    told = account([record(blocks=5.0, warm_up=1.0, check=2.0)], [{"wall_s": 10.0}])
    assert told["timed_and_warm_up_share"] == pytest.approx(0.6)


def test_a_session_that_was_killed_counts_up_to_its_last_line() -> None:
    told = account(
        [record(blocks=1.0)], [{"started": "a", "wall_s": 4.0}, {"started": "b", "wall_s": 4.0, "spawn_s": 2.0}]
    )
    assert told["stages_s"] == {"blocks": 1.0, "spawn": 2.0, "other": 5.0}


@pytest.mark.parametrize("sessions", [[], [{"started": "a"}]])
def test_a_run_without_time_has_no_shares(sessions: list[dict[str, float]]) -> None:
    told = account([], sessions)
    assert told["shares"] == {}
    assert told["timed_and_warm_up_share"] is None
    assert told["parent_cpu_share"] is None
