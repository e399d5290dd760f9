"""What a noise reading says of a machine. Readings are made up, with fixed seeds."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from bench.analyse.noise import NOISY, QUIET, machine_findings, noise
from bench.measure.machine.placement import placement
from bench.protocol.capabilities import GPU_STATE
from tests.measure.machine import trees
from tests.measure.machine.trees import planted

MS = 1_000_000


def reading_of(totals_ns: np.ndarray, gap_ns: int = 0) -> dict[str, Any]:
    """The noise of blocks this long, with a pause between them."""
    totals = np.round(totals_ns).astype(int)
    starts = np.concatenate([[0], np.cumsum(totals + gap_ns)[:-1]])
    return noise(starts.tolist(), totals.tolist())


def test_a_steady_machine_has_no_noise() -> None:
    reading = reading_of(np.full(100, MS))
    assert reading["blocks"] == 100
    assert reading["block_s"] == 1e-3
    quiet = ("spread", "slowest_1_percent", "worst", "outlier_share", "drift", "longest_gap_s")
    assert [reading[name] for name in quiet] == [0.0] * 6


def test_the_spread_is_a_share_of_the_median_block() -> None:
    totals = np.random.default_rng(0).normal(2 * MS, 0.06 * MS, 5000).round()
    expected = stats.median_abs_deviation(totals, scale="normal") / np.median(totals)
    assert reading_of(totals)["spread"] == pytest.approx(expected, rel=1e-5)
    assert expected == pytest.approx(0.03, rel=0.1)


def test_the_tail_and_the_worst_block_are_shares_above_the_median() -> None:
    reading = reading_of(np.concatenate([np.full(195, MS), np.full(4, 1.5 * MS), [4 * MS]]))
    assert reading["slowest_1_percent"] == pytest.approx(0.5)
    assert reading["worst"] == pytest.approx(3.0)


def test_outliers_are_a_share_of_the_blocks() -> None:
    totals = np.linspace(0.99 * MS, 1.01 * MS, 96)
    assert reading_of(np.concatenate([totals, np.full(4, 2 * MS)]))["outlier_share"] == pytest.approx(0.04)


@pytest.mark.parametrize(("second", "drift"), [(1.1, 0.1), (0.9, -0.1)])
def test_drift_is_the_second_half_against_the_first(second: float, drift: float) -> None:
    assert reading_of(np.repeat([MS, second * MS], 50))["drift"] == pytest.approx(drift)


def test_a_gap_is_the_time_between_blocks() -> None:
    starts = [0, 2 * MS, 3 * MS, 9 * MS]
    assert noise(starts, [MS] * 4)["longest_gap_s"] == pytest.approx(5e-3)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of its drift, below
def test_a_reading_of_one_block_has_no_gap() -> None:
    assert noise([0], [MS])["longest_gap_s"] == 0.0


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_reading_of_one_block_has_no_drift() -> None:
    assert noise([0], [MS])["drift"] == 0.0


# --- advice ---------------------------------------------------------------------------------------------------------

READING = {"spread": 0.0, "drift": 0.0, "foreign_load": 0.0, "block_s": 1e-3, "clock_resolution_s": 1e-9}
FACTS = {"cpu": {"governor": None, "turbo": None, "hypervisor": False}}
CAPABLE = {"cpu": "", "cuda": "no NVIDIA driver"}


def advice(reading: dict[str, Any] | None = None, cpu: dict[str, Any] | None = None) -> list[str]:
    """The checks that speak of a machine that is quiet but for what is given; without what always does."""
    facts = {"cpu": {**FACTS["cpu"], **(cpu or {})}}
    found = machine_findings({**READING, **(reading or {})}, facts, CAPABLE)
    return [finding.check for finding in found if finding.check not in ("no-cuda", "cuda-unproven")]


def above(value: float) -> float:
    return math.nextafter(value, math.inf)


def test_a_quiet_machine_needs_no_advice() -> None:
    assert advice() == []


@pytest.mark.parametrize(
    ("field", "fine", "doubtful", "check"),
    [
        ("spread", QUIET, above(QUIET), "some-noise"),
        ("foreign_load", 0.10, above(0.10), "foreign-load"),
        ("foreign_load", None, 2.0, "foreign-load"),
        ("drift", 0.02, above(0.02), "drift"),
        ("drift", -0.02, -above(0.02), "drift"),
        ("block_s", 1000 * 1e-9, 999e-9, "clock-resolution"),
    ],
)
def test_advice_is_given_just_beyond_its_threshold(field: str, fine: float, doubtful: float, check: str) -> None:
    assert advice({field: fine}) == []
    assert advice({field: doubtful}) == [check]


def test_a_noisy_machine_is_not_called_somewhat_noisy() -> None:
    assert advice({"spread": NOISY}) == ["some-noise"]
    assert advice({"spread": above(NOISY)}) == ["noisy-machine"]


def test_drift_within_the_spread_is_no_drift() -> None:
    assert advice({"spread": 0.08, "drift": 0.07}) == ["some-noise"]
    assert advice({"spread": 0.08, "drift": 0.09}) == ["some-noise", "drift"]


@pytest.mark.parametrize(
    ("field", "fine", "doubtful", "check"),
    [
        ("governor", "performance", "powersave", "governor"),
        ("turbo", False, True, "turbo"),
        ("hypervisor", False, True, "virtual-machine"),
    ],
)
def test_a_processor_that_varies_by_itself_is_named(field: str, fine: object, doubtful: object, check: str) -> None:
    assert advice(cpu={field: fine}) == []
    assert advice(cpu={field: doubtful}) == [check]


def test_what_the_machine_cannot_do_is_said_with_its_reason() -> None:
    found = machine_findings(READING, FACTS, {**CAPABLE, "peak host memory": "not on this system"})
    said = {finding.check: finding.message for finding in found}
    assert said == {"no-cuda": "no NVIDIA driver", "no-peak-host-memory": "not on this system"}


def test_what_is_measured_without_a_state_of_the_gpu_is_not_called_skipped() -> None:
    found = machine_findings(READING, FACTS, {**CAPABLE, GPU_STATE: "NVML gives no power (Not Supported)"})
    (doubt,) = [finding for finding in found if finding.check == "no-state-of-the-GPU"]
    assert doubt.message == "NVML gives no power (Not Supported)"
    assert doubt.advice.startswith("cases are measured without it")


def test_where_a_process_may_run_is_told_with_what_to_do(tmp_path: Path) -> None:
    machine = planted(tmp_path, trees.HYBRID, trees.half_a_core(), trees.NICE)
    found = machine_findings(READING, {**FACTS, "placement": placement(range(12), machine)}, CAPABLE)
    said = {each.check: (each.message, each.advice) for each in found}
    assert said["cpu-quota"][0] == "a quota of 0.5 core: a block of more than 50 ms is throttled"
    assert said["unlike-cores"] == (
        "this machine has cores of several kinds (P: 0-7; E: 8-11)",
        "cases of few threads are held to CPUs 0-7, and coins choose among them",
    )
    assert said["niceness"][0].startswith("runs with niceness 10 and the scheduling policy batch")
    assert "slow-cores" not in said


def test_a_process_that_is_left_the_slow_cores_alone_is_told(tmp_path: Path) -> None:
    facts = {**FACTS, "placement": placement((8, 9), planted(tmp_path, trees.HYBRID))}
    (found,) = [each for each in machine_findings(READING, facts, CAPABLE) if each.check == "slow-cores"]
    assert found.message == "runs on E cores (8-9); the machine has P cores too (0-7)"


@pytest.mark.parametrize(
    ("tree", "check", "words"),
    [
        (trees.TWO_NODES, "unlike-cores", "this machine has 2 NUMA nodes"),
        (trees.CLOCKS_ALONE, "unlike-frequencies", "4800 MHz 0-1, 3600 MHz 2-3"),
    ],
    ids=["nodes", "clocks"],
)
def test_what_differs_between_cores_is_a_hint(tmp_path: Path, tree: dict[str, str], check: str, words: str) -> None:
    facts = {**FACTS, "placement": placement(range(16), planted(tmp_path, tree))}
    (found,) = [each for each in machine_findings(READING, facts, CAPABLE) if each.check == check]
    assert found.severity == "hint"
    assert words in found.message


def test_cores_that_are_all_alike_need_no_advice(tmp_path: Path) -> None:
    facts = {**FACTS, "placement": placement(range(4), planted(tmp_path, trees.PLAIN))}
    assert [each.check for each in machine_findings(READING, facts, CAPABLE)] == ["no-cuda"]


def test_a_gpu_is_unproven_until_it_was_held_to_a_certificate() -> None:
    found = machine_findings(READING, FACTS, {**CAPABLE, "cuda": ""})
    (doubt,) = [finding for finding in found if finding.check == "cuda-unproven"]
    assert doubt.advice == "hold them on this one with bench certify"


@pytest.mark.parametrize("kind", ["mps", "xpu"])
def test_an_accelerator_that_nobody_has_tried_asks_for_the_page_of_who_has_one(kind: str) -> None:
    found = machine_findings(READING, FACTS, {**CAPABLE, kind: ""})
    (doubt,) = [finding for finding in found if finding.check == f"{kind}-unproven"]
    assert "pytest tests/accelerator" in doubt.advice
    assert not [finding for finding in machine_findings(READING, FACTS, CAPABLE) if "unproven" in finding.check]


@pytest.mark.parametrize(
    ("name", "advice"),
    [("state of mps", "missing from the results"), ("compile", "cases that need it are skipped with this reason")],
)
def test_what_a_device_does_not_tell_skips_no_case(name: str, advice: str) -> None:
    found = machine_findings(READING, FACTS, {**CAPABLE, name: "nobody says"})
    (hint,) = [finding for finding in found if finding.message == "nobody says"]
    assert advice in hint.advice
