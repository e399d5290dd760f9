"""Series over commits: what is pooled, what is kept apart, and which changes make one alert."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.analyse import protocols
from bench.analyse.history import level_changes as analysis
from bench.analyse.history import run_points
from bench.analyse.history.level_changes import history, unknown
from bench.analyse.history.series import COLUMNS, KnownChange, LevelChange, Segment
from bench.present.tables import history_table
from bench.stats.change_points import Change

from ..conftest import MadeUpRun

NIGHTS = pd.date_range("2026-01-01", periods=400, freq="D", tz="UTC")


def points(values, key="a/x[size=1]", launches=1, **changes):
    """A row a night and launch: commit c0, c1, …, all launches of a night alike but for a little."""
    rows = [
        {
            "key": key, "clock": "wall", "machine": "2-core", "fingerprint": "f", "commit": f"c{night}",
            "at": NIGHTS[night], "value": value * (1 + 0.001 * launch), "unit": "s", "higher_is_better": False,
            "launches": 1, **changes,
        }
        for night, value in enumerate(values)
        for launch in range(launches)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def nightly(step=1.05, at=30, n=60, seed=0, sd=0.004):
    dice = np.random.default_rng(seed)
    return np.exp(dice.normal(0, sd, n)) * np.where(np.arange(n) >= at, step, 1.0) * 1e-3


def test_a_step_is_one_alert_between_two_commits():
    (alert,) = history(points(nightly())).alerts
    (mark,) = alert.changes
    assert alert.worse
    assert (alert.after_commit, alert.until_commit) == ("c29", "c30")
    assert mark.commit == "c30"
    assert mark.low <= 1.05 <= mark.high
    assert mark.values_after == 30
    assert mark.before == pytest.approx(1e-3, rel=0.01)


def test_getting_faster_is_an_alert_of_no_harm():
    (alert,) = history(points(nightly(0.9))).alerts
    assert not alert.worse


def test_where_more_is_better_a_rise_is_no_harm():
    (alert,) = history(points(nightly(1.1), unit="items/s", higher_is_better=True)).alerts
    assert not alert.worse


def test_launches_of_one_commit_are_one_value_their_median():
    (series,) = history(points([1e-3, 2e-3], launches=3)).series
    assert series.values.tolist() == pytest.approx([1.001e-3, 2.002e-3])
    assert series.launches == (3, 3)


def test_two_runs_of_one_commit_are_one_value():
    frame = pd.concat([points([1e-3]), points([3e-3])])
    (series,) = history(frame).series
    assert series.values.tolist() == pytest.approx([math.sqrt(3) * 1e-3])


def test_a_change_of_fingerprint_is_a_new_segment_and_no_alarm():
    """The planted mistake: fingerprints pooled."""
    frame = points(nightly(1.5))
    frame.loc[30:, "fingerprint"] = "another torch"
    found = history(frame)
    assert not found.alerts
    assert [len(part.places) for part in found.series[0].segments] == [30, 30]
    frame["fingerprint"] = "f"
    assert history(frame).alerts


def test_two_machines_in_turn_are_two_series():
    frame = pd.concat([points(nightly(1.0)), points(2 * nightly(1.0, seed=1), machine="16-core")])
    found = history(frame)
    assert [series.machine for series in found.series] == ["2-core", "16-core"]
    assert not found.alerts


def test_cases_that_moved_at_one_commit_are_one_alert_the_worst_first():
    frame = pd.concat(
        [points(nightly(step, seed=number), key=f"a/x{number}") for number, step in enumerate((1.05, 0.9, 1.2, 1.0))]
    )
    (alert,) = history(frame).alerts
    assert [mark.key for mark in alert.changes] == ["a/x2", "a/x0", "a/x1"]
    assert alert.worse


def test_changes_at_different_commits_are_different_alerts():
    frame = pd.concat([points(nightly(at=20), key="a/x"), points(nightly(at=40, seed=1), key="a/y")])
    assert [alert.until_commit for alert in history(frame).alerts] == ["c20", "c40"]


def test_an_alert_is_where_the_ranges_of_its_marks_meet():
    def mark(after, until, key):
        common = {"clock": "", "machine": "", "unit": "s", "fingerprint": "f", "place": 0, "commit": f"c{until}"}
        common |= {"at": None, "after_place": after}
        numbers = {"before": 1.0, "after": 2.0, "ratio": 2.0, "low": 1.9, "high": 2.1, "sd": 0.1, "p": 0.0}
        names = {"after_commit": f"c{after}", "until_commit": f"c{until}", "until_place": until}
        return LevelChange(key=key, worse=True, values_after=9, **common, **numbers, **names)

    order = {f"c{place}": place for place in range(20)}
    marks = [mark(1, 5, "a"), mark(3, 8, "b"), mark(4, 9, "c"), mark(9, 12, "d"), mark(5, 7, "e")]
    alerts = analysis._alerts(marks, order)
    assert [(each.after_commit, each.until_commit) for each in alerts] == [("c1", "c5"), ("c5", "c7"), ("c9", "c12")]
    assert [sorted(mark.key for mark in each.changes) for each in alerts] == [["a"], ["b", "c", "e"], ["d"]]


def test_commits_of_series_without_dates_are_put_into_one_order():
    """Two files that share some commits: neither has them all."""
    frames = []
    for number, key in enumerate(("a/x", "a/y")):
        frame = points(nightly(seed=number), key=key, at=pd.NaT)
        frames.append(frame[frame.index % 3 != number])
    frame = pd.concat(frames, ignore_index=True)
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    (alert,) = history(frame).alerts
    assert {mark.key for mark in alert.changes} == {"a/x", "a/y"}
    assert (alert.after_commit, alert.until_commit) in {("c29", "c31"), ("c29", "c30"), ("c28", "c30")}


def test_machines_that_measured_commits_in_unlike_order_are_no_error():
    other = points(nightly(seed=1), machine="16-core")
    other["at"] = other["at"].to_numpy()[::-1]
    assert history(pd.concat([points(nightly()), other])).alerts


@cache
def quiet():
    """A series in which nothing changed."""
    (series,) = history(points(nightly(1.0))).series
    return series


def with_ps(*ps):
    """A series with changes of these p, as if they had been found."""
    change = Change(at=30, first=30, last=30, before=0.0, after=0.1, error=0.01, sd=0.01, p=0.0)
    part = Segment("f", tuple(range(60)), tuple(replace(change, p=p) for p in ps))
    return replace(quiet(), segments=(part,))


def by_steps(ps, hypotheses):
    """Benjamini and Hochberg's rule as their paper has it: the largest p that is at most its rank's share of 5 %."""
    limits = [(p, 0.05 * rank / hypotheses) for rank, p in enumerate(sorted(ps), start=1)]
    assume(all(abs(p - most) > 1e-12 for p, most in limits))
    return max((p for p, most in limits if p <= most), default=-1.0)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 0.1) | st.sampled_from((0.0, 0.02, 1.0)), max_size=12), st.integers(0, 30))
def test_the_limit_is_that_of_the_step_up_rule(ps, without):
    found = [with_ps(p) for p in ps] + [with_ps()] * without
    assert analysis._limit(found) == by_steps(ps, len(ps) + without)


def test_false_discoveries_are_limited_over_all_series():
    """The planted mistake: a limit that does not count the series in which nothing was found."""
    assert analysis._limit([with_ps(0.04)]) == 0.04
    others = [with_ps()] * 9
    assert analysis._limit([with_ps(0.04), *others]) == -1.0
    assert analysis._limit([with_ps(0.004), *others]) == 0.004
    assert analysis._limit([with_ps(0.001), with_ps(0.009), with_ps(0.2), *others[:7]]) == 0.009
    assert analysis._limit([]) == -1.0


def test_a_change_that_is_not_told_cuts_no_level():
    values = np.concatenate([nightly(1.1, at=30, n=60), nightly(1.0, n=30, seed=1) * 1.2])
    (series,) = history(points(values)).series
    (part,) = series.segments
    first, second = part.changes
    unsure = replace(series, segments=(replace(part, changes=(replace(first, p=1.0), second)),))
    (left,) = analysis._reported(unsure, 0.5).segments[0].changes
    assert left.at == second.at
    assert left.before < second.before
    assert left.after == second.after


def test_nights_without_a_value_are_no_values():
    """Missing points: every third night nothing was measured."""
    frame = points(nightly(1.05, at=60, n=120))
    kept = frame[frame.index % 3 != 0]
    (alert,) = history(kept).alerts
    assert (alert.after_commit, alert.until_commit) == ("c59", "c61")


def test_points_without_a_commit_are_states_of_their_own():
    frame = points(nightly(1.1), commit=None)
    (alert,) = history(frame).alerts
    assert alert.until_commit == "2026-01-31 00:00:00"
    frame["at"] = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[ns, UTC]")
    (alert,) = history(frame).alerts
    assert alert.until_commit == "value 31"


def test_too_few_commits_are_said_and_not_searched():
    found = history(points(nightly(2.0, at=5, n=12)))
    assert not found.alerts


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_a_value_that_has_no_logarithm_is_refused(bad):
    with pytest.raises(ValueError, match="above 0"):
        history(points([1e-3, bad]))


def known(mark, **changes):
    told = {"worse": mark.worse, "after_commit": mark.after_commit, "until_commit": mark.until_commit, **changes}
    return KnownChange(mark.key, mark.clock, mark.machine, mark.unit, **told)


def test_what_was_told_before_is_not_new():
    found = history(points(nightly()))
    (mark,) = found.changes
    assert unknown(found, []) == list(found.alerts)
    assert unknown(found, [known(mark)]) == []
    assert unknown(found, [known(mark, after_commit="c25", until_commit="c33")]) == []
    assert unknown(found, [known(mark, after_commit="c2", until_commit="c4")]) == list(found.alerts)
    assert unknown(found, [known(mark, after_commit="gone", until_commit="c40")]) == list(found.alerts)
    assert unknown(found, [known(mark, worse=False)]) == list(found.alerts)
    assert unknown(found, [KnownChange("a/other", "wall", "2-core", "s", True, "c29", "c30")]) == list(found.alerts)


def test_what_got_faster_is_never_new():
    assert unknown(history(points(nightly(0.9))), []) == []


def test_a_known_change_does_not_hide_another_case_that_moved_at_the_same_commit():
    """The planted mistake: one known mark makes the whole alert known."""
    frame = pd.concat([points(nightly(0.8), key="a/x"), points(nightly(1.1, seed=1), key="a/y")])
    found = history(frame)
    (alert,) = found.alerts
    faster = next(mark for mark in alert.changes if mark.key == "a/x")
    assert unknown(found, [known(faster)]) == [alert]


def test_a_commit_measured_again_after_an_upgrade_hides_nothing():
    """The planted mistake: a commit looked up in another segment than its own."""
    old = points(nightly(1.1, at=20, n=40))
    new = points(nightly(1.1, at=50, n=80)).iloc[15:]
    new = new.assign(fingerprint="new", at=new["at"] + pd.Timedelta(days=50))
    new.loc[new.index[:5], "commit"] = [f"c{n}" for n in range(20, 25)]
    found = history(pd.concat([old, new], ignore_index=True))
    before, after = sorted(found.changes, key=lambda mark: mark.place)
    assert before.fingerprint == "f"
    assert unknown(found, [known(before)]) == [alert for alert in found.alerts if after in alert.changes]


def test_points_without_a_date_stay_where_their_file_has_them():
    """The planted mistake: undated rows moved to the front, where they look like a change."""
    frame = points(nightly(1.0))
    frame.loc[40:50, "at"] = pd.NaT
    frame["commit"] = [f"c{n}" for n in range(60)]
    (series,) = history(frame).series
    assert series.commits == tuple(f"c{n}" for n in range(60))


def test_commits_of_two_machines_are_ordered_by_time():
    """The planted mistake: the k-th commit of a weekly machine put beside the k-th of a nightly one."""
    nights = points(nightly(1.1, at=40))
    weekly = points(nightly(1.1, at=10, n=20, seed=1), machine="16-core")
    weekly = weekly.assign(at=[NIGHTS[3 * n] for n in range(20)], commit=[f"c{3 * n}" for n in range(20)])
    found = history(pd.concat([nights, weekly], ignore_index=True))
    assert [alert.until_commit for alert in found.alerts] == ["c30", "c40"]


def test_a_unit_that_changes_is_another_series():
    frame = points(nightly(1.0))
    frame.loc[30:, ["unit", "value"]] = ["MB", 5.0]
    assert [series.unit for series in history(frame).series] == ["s", "MB"]
    assert not history(frame).alerts


# --- points of runs -------------------------------------------------------------------------------------------------


def stored(run, **facts):
    data = run.data()
    data.run |= {"fingerprint": "f", "created": "2026-03-01T10:00:00+00:00", "git": {"commit": "abc", "dirty": False}}
    data.run |= facts
    return data


def test_the_points_of_a_run_are_the_medians_of_its_launches(run):
    run.measured([1e-3, 2e-3])
    frame = run_points.points([stored(run)])
    assert list(frame.columns) == list(COLUMNS)
    assert frame["value"].tolist() == pytest.approx([1e-3, 2e-3])
    assert frame["commit"].tolist() == ["abc", "abc"]
    assert str(frame["at"].iloc[0]) == "2026-03-01 10:00:00+00:00"


def test_a_tree_with_changes_is_another_state_than_its_commit(run):
    run.measured([1e-3])
    assert run_points.points([stored(run, git={"commit": "abc", "dirty": True})])["commit"].tolist() == ["abc+dirty"]
    assert run_points.points([stored(run, git={"commit": None, "dirty": None})])["commit"].tolist() == [None]


@pytest.mark.parametrize("outcome", ["wrong", "crashed"])
def test_a_case_of_which_a_launch_did_not_end_well_has_no_point(run, outcome):
    case = run.measured([1e-3, 1e-3])
    run.launch(case, 2, outcome=outcome)
    assert run_points.points([stored(run)]).empty


def test_a_case_that_was_found_wrong_when_its_run_was_told_has_no_point(run):
    """The planted mistake: a time below its floor, which every launch calls well."""
    good, bad = run.measured([1e-3], size=1), run.measured([1e-9], size=2)
    assert run_points.points([stored(run, wrong=[bad.key])])["key"].tolist() == [good.key]


def test_a_case_of_the_cpu_that_answered_elsewhere_has_no_point():
    """The planted mistake: work that was done on another device."""
    run = MadeUpRun()
    case = run.plan()
    run.launch(case, 0, output_devices="cuda:0")
    run.blocks(case, 0, [1e-3])
    assert run_points.points([stored(run)]).empty


def test_a_case_of_a_gpu_that_launched_nothing_there_has_no_point(run):
    case = run.plan(device="cuda")
    run.launch(case, 0, counters={"device_kernels": 0})
    run.blocks(case, 0, [1e-3])
    assert run_points.points([stored(run)]).empty


def test_many_runs_keep_their_points_apart():
    """More than a batch, with a case that failed in one of them only."""
    found = []
    for night in range(2 * run_points.BATCH + 3):
        made = MadeUpRun()
        good, bad = made.measured([night + 1.0, night + 2.0], size=1), made.measured([1.0], size=2)
        made.launch(bad, 1, outcome="failed" if night == run_points.BATCH else "ok")
        assert good.key != bad.key
        found.append(stored(made, git={"commit": f"c{night}", "dirty": False}))
    frame = run_points.points(iter(found))
    first = frame[frame["key"].str.contains("size=1,")]
    assert first["commit"].tolist() == [f"c{night}" for night in range(len(found)) for _ in range(2)]
    assert first["value"].tolist() == [night + more for night in range(len(found)) for more in (1.0, 2.0)]
    assert f"c{run_points.BATCH}" not in set(frame.loc[frame["key"].str.contains("size=2,"), "commit"])
    assert frame["key"].str.contains("size=2,").sum() == len(found) - 1


def test_no_runs_are_no_points():
    assert list(run_points.points([]).columns) == list(COLUMNS)


# --- protocols ------------------------------------------------------------------------------------------------------


def nights(older: int, newer: int, **facts):
    """Runs of a case, one a night: the first of schema 4 and a third slower, the others of this schema."""
    found = []
    for night in range(older + newer):
        run, old = MadeUpRun(), night < older
        run.measured([(1.3e-3 if old else 1e-3) * (1 + 1e-4 * (night % 3))])
        at, commit = f"2026-01-01T10:{night:02d}:00+00:00", {"commit": f"{night}", "dirty": False}
        found.append(stored(run, created=at, git=commit, schema=4 if old else 5, **facts))
    return found


def test_a_change_of_the_protocol_is_no_change_of_level():
    """The planted mistake: the schema ignored."""
    found = history(run_points.points(nights(20, 20)))
    assert found.alerts == ()
    (series,) = found.series
    assert [part.fingerprint for part in series.segments] == ["f, older protocol", "f"]
    assert any("another way to measure (schema 5)" in line for line in history_table.heading(found))
    assert not any("machine or software" in line for line in history_table.heading(found))
    assert history_table.finding(series, []).endswith("no change of level since the way to measure changed")


def test_runs_of_other_tools_keep_their_fingerprint():
    found = run_points.points(nights(3, 0, imported={"from": "pyperf"}))
    assert set(found["fingerprint"]) == {"f"}


def test_cpu_times_are_no_series_of_their_own():
    run = MadeUpRun()
    case = run.plan()
    run.launch(case, 0)
    run.blocks(case, 0, [1e-3], cpu_ns=900_000_000, thread_ns=900_000_000)
    assert run_points.points([stored(run)])["clock"].tolist() == ["wall"]


# --- environments -----------------------------------------------------------------------------------------------------


def test_a_change_of_the_environment_is_no_change_of_level():
    """The planted mistake: variables that steer are looked at by nobody."""
    plain = nights(0, 20)
    for data in plain:
        data.run["environment"] = {**data.run["environment"], "steering": {}}
    for data in nights(0, 20):
        data.run["environment"] = {**data.run["environment"], "steering": {"MKL_CBWR": "SSE2"}}
        data.run["created"] = data.run["created"].replace("2026-01-01", "2026-01-02")
        data.run["git"] = {"commit": f"b{data.run['git']['commit']}", "dirty": False}
        data.blocks["total_ns"] = 2 * data.blocks["total_ns"]
        plain.append(data)
    found = history(run_points.points(plain))
    assert found.alerts == ()
    (series,) = found.series
    assert [part.fingerprint for part in series.segments] == ["f", "f, MKL_CBWR=SSE2"]
    (said,) = [line for line in history_table.heading(found) if "environment differs" in line]
    assert said.startswith("environment differs: unset in 20 values; MKL_CBWR=SSE2 in 20 values")
    assert not any("machine or software" in line for line in history_table.heading(found))
    assert history_table.finding(series, []).endswith("no change of level since its environment changed")


def test_of_two_environments_only_what_differs_is_named():
    values = points([1e-3] * 4)
    values["fingerprint"] = ["f, A=1", "f, A=1", "f, A=1, B=2", "f, A=1, B=2"]
    (said,) = [line for line in history_table.heading(history(values)) if "environment differs" in line]
    assert said == "environment differs: unset in 2 values; B=2 in 2 values. Nothing is compared across that"


def test_a_mark_of_the_environment_and_one_of_the_protocol_are_told_apart():
    run = {"fingerprint": "f", "schema": 4, "environment": {"steering": {"A": "1", "B": "2"}}}
    mark = protocols.comparable_fingerprint(run)
    assert mark == "f, A=1, B=2, older protocol"
    assert (protocols.machine_of(mark), protocols.environment_of(mark)) == ("f", "A=1, B=2")
    assert protocols.environment_of("f, older protocol") == protocols.environment_of("f") == ""


def test_runs_from_before_environments_were_recorded_stay_in_their_series():
    """Where a machine had such a variable all along, its series would break on the day that runs began to say so."""
    older, newer = nights(0, 20), nights(0, 20)
    for data in newer:
        data.run["environment"] = {**data.run["environment"], "steering": {"OPENBLAS_CORETYPE": "Haswell"}}
        data.run["created"] = data.run["created"].replace("2026-01-01", "2026-01-02")
        data.run["git"] = {"commit": f"b{data.run['git']['commit']}", "dirty": False}
    (series,) = history(run_points.points([*older, *newer])).series
    assert [part.fingerprint for part in series.segments] == ["f, OPENBLAS_CORETYPE=Haswell"]
    assert list(run_points.points(older)["fingerprint"].unique()) == ["f"]
