"""The certificate's lines about the CPU clock and the mean, and the clock that a line is judged on."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from bench.analyse import certificate
from bench.analyse.certificate import HELD, NOT_HELD, SKIPPED, UNDECIDED, CertificateLine, pair_clocks
from bench.analyse.certificate.recorded import RecordedComparison
from bench.records import Case

from .conftest import MadeUpRun

MILLISECOND = 1_000_000
PAIRS = 12


def one(lines):
    (line,) = lines
    return line


# --- the CPU clock ----------------------------------------------------------------------------------------------------


def spins(run: MadeUpRun, share: float, *, preempted: int | None = 0, tick: int = 1) -> list[RecordedComparison]:
    """Waits of which the CPU clock says `share` of the wall time; in each pair one more block lost its core."""
    found = []
    for micros in (10, 1000):
        case = run.plan("certification/spin", micros=micros, device="cpu")
        found.append(RecordedComparison("linearity", case.key, micros=micros))
        for pair in range(3):
            for place in range(3):
                cpu = (round(share * MILLISECOND) + place) // tick * tick
                run.blocks(case, pair, [1e-6], side="base", cpu_ns=cpu, preempted=preempted)
            cpu = (MILLISECOND + 7) // tick * tick
            run.blocks(case, pair, [2e-6], side="base", cpu_ns=cpu, preempted=None if preempted is None else 1)
    return found


def of_waits(run: MadeUpRun, asked: Sequence[RecordedComparison]) -> CertificateLine:
    return one(certificate.cpu_clock(run.data(), asked, [], [], {}))


@pytest.mark.parametrize(("share", "verdict"), [(1.003, HELD), (1.05, NOT_HELD), (0.9, NOT_HELD)])
def test_a_wait_that_spins_computes_as_long_as_it_waits(run, share, verdict):
    line = of_waits(run, spins(run, share))
    assert (line.verdict, line.source, line.count) == (verdict, "live", 3)
    assert line.estimate.value == pytest.approx(share, rel=1e-4)
    assert line.facts["cost_ns"] == pytest.approx((share - 1) * MILLISECOND, abs=2)


def test_waits_of_pairs_that_differ_do_not_decide(run):
    case = run.plan("certification/spin", micros=10, device="cpu")
    for pair, share in enumerate((0.9, 1.0, 1.1)):
        run.blocks(case, pair, [1e-6] * 3, side="base", cpu_ns=round(share * MILLISECOND) + pair, preempted=0)
    line = of_waits(run, [RecordedComparison("linearity", case.key, micros=10)])
    assert line.verdict == UNDECIDED


def test_blocks_that_lost_their_core_do_not_count_where_the_system_counts_them(run):
    asked = spins(run, 1.0)
    for item in asked:
        for pair in range(3):
            run.blocks(Case.from_key(item.key), pair, [3e-6] * 9, side="base", cpu_ns=MILLISECOND + 3, preempted=2)
    line = of_waits(run, asked)
    assert line.verdict == HELD
    assert f"of the {6 * 3 / (6 * 13):.0%} of blocks that kept their core" in line.said


def test_where_nobody_counts_preemptions_all_blocks_count(run):
    line = of_waits(run, spins(run, 1.0, preempted=None))
    assert (line.verdict, line.facts["blocks"]) == (HELD, 24)
    assert "of all blocks" in line.said


def test_a_machine_without_cpu_times_has_a_line_that_says_so_and_leaves_the_verdict_alone(run):
    case = run.plan("certification/spin", micros=10)
    run.blocks(case, 0, [1e-5])
    line = of_waits(run, [RecordedComparison("linearity", case.key, micros=10)])
    assert (line.verdict, line.said) == (SKIPPED, "no block has a CPU time")
    assert certificate.verdict([line]) == HELD


def test_waits_that_were_not_measured_are_no_fault_of_the_machine(run):
    case = run.plan("certification/spin", micros=10)
    line = of_waits(run, [RecordedComparison("linearity", case.key, micros=10)])
    assert line.verdict == SKIPPED
    assert certificate.verdict([line]) == UNDECIDED


def test_a_cpu_clock_of_coarse_ticks_is_not_judged(run):
    asked = spins(run, 1.0, tick=100_000)
    run.blocks(Case.from_key(asked[0].key), 0, [1e-6], side="base", cpu_ns=1_100_000, preempted=0)
    line = of_waits(run, asked)
    assert line.verdict == SKIPPED
    assert "ticks of 0.1 ms are too coarse" in line.said


def aa(logs: Sequence[float], ratio: float = 1.0) -> CertificateLine:
    """The line of one comparison on the CPU clock, with these log ratios."""
    run = MadeUpRun()
    asked = spins(run, 1.0)
    item = RecordedComparison("made up", "a/b[device=cpu,dtype=float32,mode=eager,threads=1]", ratio)
    same, planted = ([item], []) if ratio == 1 else ([], [item])
    _, line = certificate.cpu_clock(run.data(), asked, same, planted, {item.key: list(logs)})
    return line


@pytest.mark.parametrize("truth", [1.0, 1.05])
@pytest.mark.parametrize(
    ("centre", "sd", "verdict"),
    [(1.0, 0.003, HELD), (1.03, 0.001, NOT_HELD), (0.97, 0.001, NOT_HELD), (1, 0.2, UNDECIDED)],
)
def test_the_truth_and_not_the_other_ratio_lies_in_the_interval_on_the_cpu_clock(truth, centre, sd, verdict):
    dice = np.random.default_rng(3)
    assert aa(dice.normal(math.log(truth * centre), sd, PAIRS), truth).verdict == verdict


def test_a_comparison_of_one_pair_is_skipped():
    assert aa([0.0]).verdict == SKIPPED


# --- the clock a line is judged on ------------------------------------------------------------------------------------


def bent(run: MadeUpRun, *, threads: bool = False, waits: bool = False) -> RecordedComparison:
    """Pairs of twice the work whose wall time is bent by other programs, and whose CPU time is not."""
    case = run.plan("certification/injected", device="cpu")
    dice = np.random.default_rng(5)
    for pair in range(PAIRS):
        for side in ("base", "head"):
            run.launch(case, pair, side=side, process=f"{side} {pair}", one_core=not threads)
        away = dice.uniform(1.3, 3, (20, 2))
        away[:2] = 1.3 if waits else 1.0  # the first blocks keep their core
        for place, (base, head) in enumerate(away.tolist()):
            values = {"base_cpu_ns": MILLISECOND + place, "head_cpu_ns": 2 * MILLISECOND + pair + 1}
            run.pair(case.key, pair, [round(base * MILLISECOND)], [round(2 * head * MILLISECOND)], **values)
    return RecordedComparison("additivity", case.key, 2.0)


def judged(run: MadeUpRun) -> CertificateLine:
    item = RecordedComparison("additivity", run.data().pairs["key"].iloc[0], 2.0)
    data = run.data()
    cpu = pair_clocks.on_cpu(data) if pair_clocks.follows_cpu_time(data, item.key) else {}
    return one(certificate.additivity([item], pair_clocks.on_wall(data), cpu))


def test_a_ratio_that_load_has_bent_is_judged_on_the_cpu_clock_and_shows_both(run):
    bent(run)
    line = judged(run)
    assert line.verdict == HELD
    assert line.estimate.value == pytest.approx(1.0, abs=1e-3)
    assert "on the CPU clock; on the wall clock (f;f)" in line.said
    assert line.said.endswith(": not decided")


@pytest.mark.parametrize("why", ["threads", "waits"])
def test_where_cpu_time_does_not_stand_for_wall_the_wall_clock_judges(run, why):
    bent(run, **{why: True})
    line = judged(run)
    assert line.verdict == UNDECIDED
    assert "clock" not in line.said


def line_of(logs: Sequence[float]) -> CertificateLine:
    return one(certificate.additivity([RecordedComparison("additivity", "a/b", 1.0)], {"a/b": list(logs)}))


def spread_about(centre: float, width: float) -> list[float]:
    return [centre + width * step for step in np.linspace(-1, 1, PAIRS)]


def test_what_is_not_held_on_the_wider_clock_is_not_held():
    line = pair_clocks.judged(spread_about(0.08, 0.02), spread_about(0.0, 0.005), line_of)
    assert line.verdict == NOT_HELD
    assert "on the CPU clock; on the wall clock" in line.said


def test_clocks_that_agree_show_the_narrower_alone():
    narrower_wall = pair_clocks.judged(spread_about(0.0, 0.005), spread_about(0.0, 0.01), line_of)
    assert (narrower_wall.verdict, "clock" in narrower_wall.said) == (HELD, False)
    narrower_cpu = pair_clocks.judged(spread_about(0.0, 0.01), spread_about(0.0, 0.005), line_of)
    assert (narrower_cpu.verdict, narrower_cpu.said.endswith(", on the CPU clock")) == (HELD, True)


def test_ratios_of_some_of_the_pairs_are_not_compared_with_those_of_all():
    assert "clock" not in pair_clocks.judged(spread_about(0.0, 0.01), [0.0, 0.001], line_of).said


def test_blocks_of_few_ticks_have_no_ratio_on_the_cpu_clock(run):
    run.pair("a/b", 0, [MILLISECOND], [MILLISECOND], base_cpu_ns=MILLISECOND, head_cpu_ns=MILLISECOND)
    run.pair("a/b", 1, [MILLISECOND], [MILLISECOND], base_cpu_ns=MILLISECOND, head_cpu_ns=0)
    assert pair_clocks.on_cpu(run.data()) == {}


# --- the mean ---------------------------------------------------------------------------------------------------------


def periodic(run: MadeUpRun, *, dear_ms: float = 20.0, plain_ms: float = 2.0, every: int = 7) -> RecordedComparison:
    """Launches of waits of which every `every`th is dear, each begun at another place."""
    case = run.plan("certification/periodic", every=7, times=10, micros=2000)
    for pair in range(3):
        for side in ("base", "head"):
            first = 2 * pair + (side == "head")
            waits = [dear_ms if (first + place) % every == 0 else plain_ms for place in range(16)]
            run.blocks(case, pair, [each * 1e-3 for each in waits], side=side, steps=1)
    return RecordedComparison("mean", case.key, 1.0, 2000, None, 7, 10)


def test_the_known_mean_lies_in_its_interval_and_the_median_is_the_plain_wait(run):
    line = one(certificate.mean([periodic(run)], run.data()))
    assert (line.verdict, line.source, line.count) == (HELD, "live", 6)
    assert line.facts["true_s"] == pytest.approx(2e-3 * 16 / 7)
    assert line.estimate.low > 2e-3
    assert "median 2.00 ms" in line.said


def test_a_mean_that_is_wrong_is_not_held(run):
    """Every second wait was dear, where every seventh should have been."""
    assert one(certificate.mean([periodic(run, every=2)], run.data())).verdict == NOT_HELD


@pytest.mark.parametrize("longer", [{"plain_ms": 2.06}, {"dear_ms": 60.0, "plain_ms": 4.0}])
def test_waits_that_other_programs_made_longer_decide_nothing(run, longer):
    line = one(certificate.mean([periodic(run, **longer)], run.data()))
    assert line.verdict == UNDECIDED
    assert "other programs made the waits" in line.said


def test_an_interval_of_the_mean_that_holds_the_plain_wait_too_decides_nothing(run):
    case = run.plan("certification/periodic")
    for pair in range(3):
        plain = 2.03e-3 if pair == 2 else 2e-3  # processes that differ, and one dear wait in all
        run.blocks(case, pair, [plain] * 6 + [20e-3] * (pair == 0), side="base", steps=1)
    item = RecordedComparison("mean", case.key, 1.0, 2000, None, 7, 10)
    line = one(certificate.mean([item], run.data()))
    assert line.verdict == UNDECIDED


def test_without_two_launches_the_line_of_the_mean_is_skipped(run):
    item = RecordedComparison("mean", "a/b", 1.0, 2000, None, 7, 10)
    assert one(certificate.mean([item], run.data())).verdict == SKIPPED
