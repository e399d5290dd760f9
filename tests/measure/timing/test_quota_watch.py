"""Blocks that a container stopped: they are left out, and what is left is the time without a quota."""

from __future__ import annotations

import pytest

from bench.measure.devices.cpu import Cpu
from bench.measure.timing import series_timer
from bench.measure.timing.disturbances import Disturbances, Throttled
from bench.measure.timing.quota_watch import QuotaWatch
from bench.measure.timing.series_timer import SeriesTimer
from bench.protocol.placement import QUOTA
from bench.records import Settings
from bench.series import Series
from bench.workload import Prepared, Work
from tests.measure.machine import trees
from tests.measure.machine.trees import planted
from tests.measure.timing.container import Container

STEP = Series("step", "wall")
SETTINGS = Settings(warm_s=0.005, warm_cap_s=0.5)
MS = 1_000_000


class Timed:
    """A step of `ns` in a container of half a core, ready to be timed."""

    def __init__(self, root, ns: int, watch: QuotaWatch | None = None) -> None:
        self.container = Container(root)
        self.container.work(37 * MS)  # somewhere in a period
        self.quota = watch or QuotaWatch(root)
        prepared = Prepared(lambda: self.container.work(ns), lambda out: 0.0, Work(items=1))
        self.timer = SeriesTimer(Cpu(self.container), prepared, SETTINGS, 1.2e6, self.container.cpu, self.quota)
        self.timer.warm_step({})
        self.timer.calibrate({})

    def visits(self, count: int):
        return [block for _ in range(count) for block in self.timer.visit()]


@pytest.mark.parametrize("ns", [2_000, 300_000, 3 * MS, 12 * MS, 20 * MS])
def test_the_time_is_that_without_a_quota(tmp_path, ns):
    timed = Timed(tmp_path, ns)
    blocks = timed.visits(40)
    kept = [block for block in blocks if block.kept]
    assert timed.quota.lost > 0
    assert all(block.total_ns / block.steps == pytest.approx(ns, rel=0.05) for block in kept)
    tally = Disturbances(timed.quota)
    tally.visited(blocks, Cpu(timed.container).condition())
    facts = tally.facts()
    assert facts["throttled_blocks"] == timed.quota.lost
    assert QUOTA in facts["condition"]["slowed"]


def test_blocks_are_long_enough_though_pauses_fall_into_calibration(tmp_path):
    for offset in range(12):  # so that the end of a quota falls on each part of it
        timed = Timed(tmp_path / str(offset), 10_000 + offset)
        assert timed.timer.steps[STEP] * 10_000 > MS


def test_without_the_watch_the_time_of_the_quota_would_be_told(tmp_path):
    """The planted mistake: nobody looks at the counters."""
    timed = Timed(tmp_path / "container", 20 * MS, QuotaWatch(planted(tmp_path / "elsewhere", trees.PLAIN)))
    assert max(block.total_ns for block in timed.visits(40) if block.kept) > 3 * 20 * MS


def test_a_visit_has_as_many_blocks_as_it_wants_though_some_are_left_out(tmp_path):
    timed = Timed(tmp_path, 300_000)
    for _ in range(60):
        lost = timed.quota.lost
        blocks = timed.timer.visit()
        assert sum(block.kept for block in blocks) == SETTINGS.blocks - 1
        assert len(blocks) == SETTINGS.blocks + 1 + timed.quota.lost - lost


def test_a_step_longer_than_the_quota_fails_with_the_reason_and_the_cure(tmp_path):
    timed = Timed(tmp_path, 120 * MS)
    tally = Disturbances(timed.quota)
    tally.visited(timed.visits(3), Cpu(timed.container).condition())
    with pytest.raises(Throttled, match=r"blocks were stopped by the quota of 0\.5 core .* give it a whole core"):
        tally.facts()


def test_a_block_of_a_pair_is_timed_again_after_a_rest(tmp_path, monkeypatch):
    timed = Timed(tmp_path, 15 * MS)
    monkeypatch.setattr(series_timer, "sleep", timed.container.sleep)
    for _ in range(30):
        total, _ = timed.timer.rewarmed(STEP)
        assert total / timed.timer.steps[STEP] == pytest.approx(15 * MS, rel=0.01)


def test_a_pair_of_a_step_longer_than_the_quota_fails_with_the_reason(tmp_path, monkeypatch):
    timed = Timed(tmp_path, 120 * MS)
    monkeypatch.setattr(series_timer, "sleep", timed.container.sleep)
    with pytest.raises(Throttled, match="a block that was timed 3 times was each time stopped by the quota"):
        timed.timer.rewarmed(STEP)


def test_without_a_quota_nothing_is_read_or_lost(tmp_path):
    watch = QuotaWatch(planted(tmp_path, trees.PLAIN, trees.half_a_core(quota="max 100000")))
    assert (watch.reading(), watch.cores, watch.period_s, watch.lost) == ((), None, 0.0, 0)
    assert not watch.stopped_since(())
    assert watch.why_too_many(0) == ""


def test_time_that_a_group_stood_still_counts_before_its_period_ends(tmp_path):
    """The kernel adds it when the group goes on; the period is counted at its end."""
    watch = QuotaWatch(planted(tmp_path, trees.half_a_core()))
    before = watch.reading()
    planted(tmp_path, {"sys/fs/cgroup/cpu.stat": trees.STAT.format(40, 12, 600_900)})
    assert watch.stopped_since(before)
    assert not watch.stopped_since(watch.reading())
    planted(tmp_path, {"sys/fs/cgroup/cpu.stat": trees.STAT.format(41, 12, 600_900)})  # a period without a stop
    before = watch.reading()
    planted(tmp_path, {"sys/fs/cgroup/cpu.stat": trees.STAT.format(42, 12, 600_900)})
    assert not watch.stopped_since(before)
