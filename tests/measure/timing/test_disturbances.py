"""What happened while a case was timed."""

from __future__ import annotations

import pytest

from bench.measure.devices.processor_condition import Condition, HostCondition, summary
from bench.measure.timing.disturbances import MOST_THROTTLED, Disturbances, Throttled
from bench.protocol.rows import TimedBlock
from bench.series import Series

COOL, HOT = Condition(mhz=2000.0, celsius=50.0), Condition(mhz=1500.0, celsius=95.0, slowed=("thermal",))


def visit(count: int = 5) -> list[TimedBlock]:
    """A visit: the first block is not kept anyway."""
    return [TimedBlock(Series("step", "wall"), index, index > 0, 10, 1000) for index in range(count)]


def test_blocks_of_a_visit_under_heat_are_not_kept():
    tally = Disturbances()
    assert [block.kept for block in tally.visited(visit(), COOL)] == [False, True, True, True, True]
    assert [block.kept for block in tally.visited(visit(), HOT)] == [False] * 5


def test_a_fifth_may_be_lost_and_is_counted():
    tally = Disturbances()
    for condition in (COOL, COOL, COOL, COOL, HOT):
        tally.visited(visit(), condition)
    assert tally.facts()["throttled_blocks"] == 4 == MOST_THROTTLED * 20


def test_above_a_fifth_the_case_fails_with_the_reason():
    tally = Disturbances()
    for condition in (COOL, COOL, COOL, HOT):
        tally.visited(visit(), condition)
    with pytest.raises(Throttled, match="4 of 16 blocks were timed while slowed down: thermal"):
        tally.facts()


def test_a_power_cap_is_told_and_nothing_is_lost():
    tally = Disturbances()
    kept = tally.visited(visit(), Condition(mhz=1800.0, watts=700.0, capped=True))
    assert sum(block.kept for block in kept) == 4
    assert tally.facts()["condition"] == {"mhz_low": 1800.0, "mhz_high": 1800.0, "watts_high": 700.0, "capped": 1}


def test_what_no_machine_tells_is_left_out():
    assert summary([Condition(), Condition()]) == {}


def test_the_state_is_read_now_and_then_between_the_blocks_of_a_pair():
    tally, reads = Disturbances(), []
    for _ in range(40):
        tally.paired(lambda: reads.append(1) or COOL)
    assert len(reads) == 2


@pytest.fixture
def cpus(tmp_path):
    """The files of a machine with two cores, as Linux writes them."""
    for cpu in (0, 1):
        (tmp_path / f"cpu{cpu}" / "cpufreq").mkdir(parents=True)
        (tmp_path / f"cpu{cpu}" / "cpufreq" / "scaling_cur_freq").write_text("2400000\n")
        (tmp_path / f"cpu{cpu}" / "thermal_throttle").mkdir()
        (tmp_path / f"cpu{cpu}" / "thermal_throttle" / "core_throttle_count").write_text("7\n")
    return tmp_path


def test_the_host_tells_its_clock_rate_and_throttling_since_the_last_look(cpus, monkeypatch):
    monkeypatch.setattr("bench.measure.devices.processor_condition.current_cpu", lambda: 1)
    host = HostCondition(cpus)
    assert host.read() == Condition(mhz=2400.0)
    (cpus / "cpu0" / "thermal_throttle" / "core_throttle_count").write_text("9\n")
    assert host.read().slowed == ("thermal",)
    assert host.read().slowed == ()


def test_a_virtual_machine_tells_nothing(tmp_path):
    assert HostCondition(tmp_path).read() == Condition()
