"""Each doubt, just above its threshold and just below."""

from __future__ import annotations

import dataclasses
import math

import pytest

from bench.analyse.findings import CHECKS, CaseEvidence, findings_of
from bench.analyse.findings.placement import unheld
from bench.analyse.rows.processor_use import ProcessorUse
from bench.analyse.rows.spread import Spread
from bench.protocol.placement import QUOTA, Placement, Quota
from bench.protocol.step_facts import StepFacts
from bench.stats.bimodality import Humps
from bench.stats.dear_blocks import DearBlocks
from bench.stats.intervals import Interval
from bench.stats.time_order import Trend

# A case about which there is nothing to doubt. Numbers are powers of two where a threshold multiplies them.
QUIET = CaseEvidence(
    key="a/b[size=64]",
    step_s=1.0,
    block_s=1.0,
    half_width=0.01,
    precision=0.02,
    launches=6,
    unsteady=0,
    outlier_share=0.0,
    foreign_load=0.0,
    resolution_s=1e-9,
    empty_call_s=1e-9,
    recompiles=0,
    graph_breaks=0,
    clock="wall",
    spread=Spread(),
    threads=2,
    cores=2,
    frequency=(2000.0, 2000.0),
    throttled_blocks=0,
    kept_blocks=96,
    break_reasons=(),
    device_s=None,
    device="cpu",
    mode="eager",
    output_devices=("cpu",),
    device_kernels=None,
    answers={"relative_error": (1e-7, 1e-7)},
    median=Interval(1.0, 0.999, 1.001, 6, ""),
    place=Placement(cpus=(2, 3, 9), nodes={"0": (2, 3), "1": (9,)}),
    cpus=(2, 3),
)


def above(value: float) -> float:
    return math.nextafter(value, math.inf)


def below(value: float) -> float:
    return math.nextafter(value, -math.inf)


def drifting(mean: float, p: float) -> Spread:
    return Spread(drift=Trend(mean, p))


def humped(gap: float, where: str) -> Spread:
    return Spread(**{f"humps_{where}": Humps(0.0, gap, 0.4)})


def around(value: float) -> Interval:
    """A value known to a thousandth."""
    return Interval(value, value * 0.999, value * 1.001, 6, "")


# check, the field it looks at, the last value that is fine, the first that is not
THRESHOLDS = [
    ("leaky-settings", "changed_settings", {}, {"gradients": ("on", "off")}),
    ("not-steady", "unsteady", 0, 1),
    ("few-launches", "launches", 6, 5),
    ("foreign-load", "foreign_load", 0.10, above(0.10)),
    ("clock-resolution", "block_s", 1000 * 1e-9, below(1000 * 1e-9)),
    ("harness-overhead", "empty_call_s", 0.01, above(0.01)),
    ("wide-interval", "half_width", 0.02, above(0.02)),
    ("outlier-share", "outlier_share", 0.10, above(0.10)),
    ("recompiled-in-timing", "recompiles", 0, 1),
    ("graph-break", "graph_breaks", 0, 1),
    ("oversubscribed-threads", "threads", 2, 3),
    ("frequency-change", "frequency", (2000.0, 2040.0), (2000.0, above(2040.0))),
    ("throttled", "throttled_blocks", 0, 1),
    ("same-code", "mode", "compile", "compile-reduce-overhead"),
    ("launch-bound", "device_s", 1 / 1.5, 1 / above(1.5)),
    ("wrong-device", "output_devices", ("cpu",), ("cpu", "cuda:0")),
    ("unsupported", "unsupported", "", "`torch.jit.script` is not supported in Python 3.14+ and may break."),
    ("result-varies", "answers", {"loss": (0.1, 0.1)}, {"loss": (0.1, above(0.1))}),
    ("drift", "spread", drifting(math.log1p(0.02), 0.001), drifting(math.log1p(0.0201), 0.001)),
    ("drift", "spread", drifting(-0.1, 0.01), drifting(-0.1, below(0.01))),
    ("two-modes", "spread", humped(math.log1p(0.03), "within"), humped(math.log1p(0.0301), "within")),
    ("two-modes", "spread", humped(math.log1p(0.03), "between"), humped(math.log1p(0.0301), "between")),
    ("mean-not-median", "mean", around(1.049), around(1.051)),
    ("dear-steps", "spread", Spread(), Spread(dear=DearBlocks(0.25, 10.0))),
    ("background-work", "use", ProcessorUse(background=1.02), ProcessorUse(background=above(1.02))),
    ("background-work", "background_after", 0.2, above(0.2)),
    ("background-work", "step", StepFacts(children_cores=0.2), StepFacts(children_cores=above(0.2))),
    ("background-work", "step", StepFacts(tasks_left=0), StepFacts(tasks_left=1)),
    ("event-loop", "step", StepFacts(), StepFacts(await_ns=20_000.0)),
    ("subnormal-numbers", "step", StepFacts(subnormal_share=0.001), StepFacts(subnormal_share=above(0.001))),
    ("preempted", "use", ProcessorUse(preempted=0.2), ProcessorUse(preempted=above(0.2))),
    ("cpu-quota", "place", Placement(quota=Quota(200_000, 100_000)), Placement(quota=Quota(199_999, 100_000))),
    ("slow-cores", "place", Placement(kinds={"P": (2, 3), "E": (0,)}), Placement(kinds={"P": (0,), "E": (2, 3)})),
    ("mixed-cores", "place", Placement(kinds={"P": (2, 3), "E": (0,)}), Placement(kinds={"P": (2,), "E": (3,)})),
    ("mixed-cores", "cpus", (2, 3), (2, 3, 9)),
    ("niceness", "place", Placement(nice=0, policy="other"), Placement(nice=1)),
    ("niceness", "place", Placement(nice=-5), Placement(policy="idle")),
]


def checks(evidence: CaseEvidence) -> list[str]:
    return [finding.check for finding in findings_of(evidence)]


def test_nothing_is_doubted_without_cause() -> None:
    assert checks(QUIET) == []


@pytest.mark.parametrize(("check", "field", "fine", "doubtful"), THRESHOLDS)
def test_a_doubt_is_silent_at_its_threshold(check: str, field: str, fine: float, doubtful: float) -> None:
    assert check not in checks(dataclasses.replace(QUIET, **{field: fine}))


@pytest.mark.parametrize(("check", "field", "fine", "doubtful"), THRESHOLDS)
def test_a_doubt_is_said_just_beyond_its_threshold(check: str, field: str, fine: float, doubtful: float) -> None:
    assert checks(dataclasses.replace(QUIET, **{field: doubtful})) == [check]


def test_every_check_has_a_threshold_here() -> None:
    assert {check for check, *_ in THRESHOLDS} == {check.name for check in CHECKS}


@pytest.mark.parametrize("field", ["foreign_load", "resolution_s", "empty_call_s"])
def test_what_the_machine_does_not_tell_is_not_doubted(field: str) -> None:
    assert checks(dataclasses.replace(QUIET, **{field: None})) == []


def test_an_empty_call_is_a_share_of_the_step_not_of_the_block() -> None:
    evidence = dataclasses.replace(QUIET, step_s=1e-6, block_s=1e-3, empty_call_s=2e-8)
    assert checks(evidence) == ["harness-overhead"]
    assert "2.0%" in findings_of(evidence)[0].message


def test_without_an_interval_few_launches_says_so_alone() -> None:
    evidence = dataclasses.replace(QUIET, launches=1, half_width=math.inf)
    (finding,) = findings_of(evidence)
    assert (finding.check, finding.severity) == ("few-launches", "hint")
    assert finding.message.startswith("one launch")


def test_the_precision_that_was_asked_for_is_the_threshold() -> None:
    assert checks(dataclasses.replace(QUIET, half_width=0.04, precision=0.05)) == []
    assert checks(dataclasses.replace(QUIET, half_width=0.04, precision=0.03)) == ["wide-interval"]


def test_a_recompilation_is_an_error() -> None:
    (finding,) = findings_of(dataclasses.replace(QUIET, recompiles=2))
    assert finding.severity == "error"


def test_every_finding_says_what_where_and_what_to_do() -> None:
    for _, field, _, doubtful in THRESHOLDS:
        for finding in findings_of(dataclasses.replace(QUIET, **{field: doubtful})):
            assert finding.message
            assert finding.advice
            assert finding.case == QUIET.key
            assert finding.severity in ("hint", "warning", "error")


def test_all_doubts_are_said_together_in_the_order_of_the_checks() -> None:
    worst = dataclasses.replace(QUIET, **{field: doubtful for _, field, _, doubtful in THRESHOLDS}, step_s=0.5)
    worst = dataclasses.replace(
        worst,
        spread=Spread(drift=Trend(0.1, 0.0), humps_within=Humps(0, 1, 0.5), dear=DearBlocks(0.25, 10.0)),
        device_s=0.01,
        use=ProcessorUse(background=2.5, preempted=0.5),
        place=Placement((2, 9), {"P": (0,), "E": (2, 9)}, {"0": (2,), "1": (9,)}, quota=Quota(1, 2), nice=1),
        cpus=(2, 9),
        step=StepFacts(await_ns=20_000.0, subnormal_share=0.5, subnormal_in="x"),
    )
    assert checks(worst) == [check.name for check in CHECKS]


def test_a_case_of_a_device_that_launched_nothing_there_worked_elsewhere() -> None:
    idle = dataclasses.replace(QUIET, device="cuda:0", device_kernels=0, output_devices=("cpu",))
    assert checks(idle) == ["wrong-device"]
    assert checks(dataclasses.replace(idle, device_kernels=1)) == []


def test_latency_is_not_called_launch_bound() -> None:
    assert checks(dataclasses.replace(QUIET, clock="latency", device_s=0.01)) == []


def test_the_reasons_of_graph_breaks_are_told() -> None:
    broken = dataclasses.replace(QUIET, graph_breaks=2, break_reasons=("Tensor.item",))
    assert "Tensor.item" in findings_of(broken)[0].message


# --- where it ran ---------------------------------------------------------------------------------------------------


def said_of(check: str, **evidence: object) -> tuple[str, str]:
    """Message and advice of one check."""
    found = findings_of(dataclasses.replace(QUIET, **evidence))
    (finding,) = [each for each in found if each.check == check]
    return finding.message, finding.advice


def test_a_quota_says_which_blocks_are_throttled_and_what_to_do() -> None:
    message, advice = said_of("cpu-quota", place=Placement(quota=Quota(50_000, 100_000)), threads=1)
    assert message == "a quota of 0.5 core: a block of more than 50 ms is throttled"
    assert advice.startswith("give the container a whole core (docker run --cpus 1")
    message, advice = said_of("cpu-quota", place=Placement(quota=Quota(100_000, 100_000)), threads=2)
    assert message == "a quota of 1 core: a block of more than 50 ms is throttled"
    assert advice.startswith("give the container 2 cores")


def test_a_quota_that_is_enough_for_the_threads_is_no_doubt() -> None:
    assert checks(dataclasses.replace(QUIET, place=Placement(quota=Quota(100_000, 100_000)), threads=1)) == []


def test_slow_cores_are_named_with_the_faster_ones() -> None:
    place = Placement((2, 3), {"P": (0, 1), "E": (2, 3)})
    assert said_of("slow-cores", place=place) == (
        "runs on E cores (2-3); the machine has P cores too (0-1)",
        "let it run there: taskset -c 0-1",
    )


def test_a_mixture_says_how_many_threads_are_none() -> None:
    place = Placement((0, 1, 2, 3), {"P": (0, 1), "E": (2, 3)})
    message, advice = said_of("mixed-cores", place=place, cpus=(0, 1, 2, 3), threads=4, cores=4)
    assert message.startswith("the process might run on cores of several kinds (P: 0-1; E: 2-3)")
    assert advice == "use at most 2 threads: they are held to one kind and one node, or taskset -c 0-1"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (Placement((0, 1), {"": (0, 1)}, {"0": (0, 1)}), []),
        (
            Placement((0, 1, 2, 3), {"P": (0, 1), "E": (2, 3)}, nice=5),
            [
                "nothing holds this process to a core, and it might run on cores of several kinds (P: 0-1; E: 2-3): "
                "each session is a mixture of its own; hold it to cores that are alike: taskset -c 0-1",
                "runs with niceness 5: other programs go first; start it without nice, ionice, chrt or batch",
            ],
        ),
        (
            Placement((0, 1, 2, 3), {"": (0, 1, 2, 3)}, {"0": (0, 1), "1": (2, 3)}),
            [
                "nothing holds this process to a core, and it might run on 2 NUMA nodes: each session is a mixture of "
                "its own; hold it to cores that are alike: taskset -c 0-1"
            ],
        ),
    ],
)
def test_a_session_that_nothing_holds_is_told_what_makes_its_times_doubtful(place: Placement, said: list[str]) -> None:
    assert unheld(place) == said


def test_niceness_is_told_by_its_number() -> None:
    message, advice = said_of("niceness", place=Placement(nice=10, policy="batch"))
    assert message == "runs with niceness 10 and the scheduling policy batch: other programs go first"
    assert advice.startswith("start it without nice")


@pytest.mark.parametrize(
    ("slowed_by", "why", "cure"),
    [
        ((QUOTA,), "the quota of its container stopped the process", "give the container a whole core for each thread"),
        (("thermal",), "heat or a fault slowed the processor down", "cool it"),
        ((QUOTA, "thermal"), "stopped the process, and heat or a fault slowed", "thread; cool it"),
    ],
)
def test_blocks_that_are_left_out_are_told_with_their_cause(slowed_by: tuple[str, ...], why: str, cure: str) -> None:
    message, advice = said_of("throttled", throttled_blocks=4, slowed_by=slowed_by)
    assert message.startswith("4 blocks are left out of 100: ")
    assert why in message
    assert cure in advice


def test_twice_as_slow_is_called_so() -> None:
    (found,) = findings_of(dataclasses.replace(QUIET, spread=humped(math.log(2), "between")))
    assert "100% slower" in found.message


# --- cost and processor -----------------------------------------------------------------------------------------------


def test_mean_and_median_whose_intervals_touch_do_not_part() -> None:
    wide = Interval(2.0, 1.0005, 4.0, 6, "")
    assert checks(dataclasses.replace(QUIET, mean=wide)) == []
    assert checks(dataclasses.replace(QUIET, mean=Interval(2.0, None, None, 1, ""))) == []


def test_dear_blocks_prove_it_where_the_interval_of_the_mean_is_not_known() -> None:
    unknown = dataclasses.replace(QUIET, mean=Interval(3.0, None, None, 3, "not known: …"))
    assert checks(unknown) == []
    dear = dataclasses.replace(unknown, spread=Spread(dear=DearBlocks(0.25, 10.0)))
    assert checks(dear) == ["mean-not-median", "dear-steps"]


def test_what_others_took_is_named_as_the_cause() -> None:
    evidence = dataclasses.replace(QUIET, mean=around(3.2), use=ProcessorUse(preempted=0.5, away=0.3))
    finding = findings_of(evidence)[0]
    assert "another program took the core" in finding.message
    assert "--clock cpu" in finding.advice


def test_the_factor_between_mean_and_median_is_told() -> None:
    (finding,) = findings_of(dataclasses.replace(QUIET, mean=around(3.2)))
    assert "3.2 times its median" in finding.message
    assert "dearer" in finding.message


def test_dear_steps_say_how_many_and_how_dear() -> None:
    (finding,) = findings_of(dataclasses.replace(QUIET, spread=Spread(dear=DearBlocks(0.25, 10.0))))
    assert "25% of them take 10 times as long" in finding.message


@pytest.mark.parametrize(
    ("threads", "others", "said"), [(1, 0.02, False), (1, 0.03, True), (2, 0.97, False), (4, 3.1, True)]
)
def test_threads_that_a_case_has_are_no_background(threads: int, others: float, said: bool) -> None:
    evidence = dataclasses.replace(QUIET, threads=threads, cores=8, use=ProcessorUse(background=others))
    assert (checks(evidence) == ["background-work"]) is said


def test_children_for_which_the_step_waits_are_no_background() -> None:
    """A pool that maps, a loader: their work is in the time."""
    busy = dataclasses.replace(QUIET, step=StepFacts(children_cores=1.5))
    assert checks(dataclasses.replace(busy, use=ProcessorUse(waiting=0.1))) == ["background-work"]
    assert checks(dataclasses.replace(busy, use=ProcessorUse(waiting=0.9))) == []


def test_the_cost_of_awaiting_is_told_as_a_share_of_the_time() -> None:
    (finding,) = findings_of(dataclasses.replace(QUIET, step_s=1e-3, step=StepFacts(await_ns=20_000.0)))
    assert "20 µs, 2.0% of this time" in finding.message
    assert finding.severity == "hint"


def test_subnormal_numbers_are_named_with_their_share_and_what_to_do() -> None:
    evidence = dataclasses.replace(QUIET, step=StepFacts(subnormal_share=0.62, subnormal_in="model.fc1.weight"))
    (finding,) = findings_of(evidence)
    assert "62.0% of the numbers in model.fc1.weight are subnormal" in finding.message
    assert "torch.set_flush_denormal(True)" in finding.advice


def test_the_worst_of_all_launches_counts_and_keeps_its_place() -> None:
    found = StepFacts.worst([StepFacts(subnormal_share=0.1, subnormal_in="x"), StepFacts(), StepFacts(tasks_left=2)])
    assert found == StepFacts(subnormal_share=0.1, subnormal_in="x", tasks_left=2)


def test_facts_of_a_step_travel_as_json_and_what_a_newer_version_adds_is_left_out() -> None:
    facts = StepFacts(await_ns=1.5, subnormal_share=0.0)
    assert facts.plain == {"await_ns": 1.5, "subnormal_share": 0.0}
    assert StepFacts.of({**facts.plain, "later": 1}) == facts


def test_an_interval_that_is_not_known_says_what_would_help() -> None:
    evidence = dataclasses.replace(QUIET, launches=6, half_width=math.inf)
    (finding,) = findings_of(evidence)
    assert finding.check == "wide-interval"
    assert "factor of three" in finding.message
    assert "--launches" in finding.advice


def test_a_core_that_was_lost_for_a_moment_is_no_doubt() -> None:
    for away, said in ((0.01, []), (above(0.01), ["preempted"])):
        use = ProcessorUse(preempted=1.0, away=away)
        assert checks(dataclasses.replace(QUIET, use=use)) == said


def test_few_launches_beside_other_cases_are_no_doubt() -> None:
    assert checks(dataclasses.replace(QUIET, launches=3, moderated=True)) == []
    assert checks(dataclasses.replace(QUIET, launches=1, moderated=True, half_width=math.inf)) == ["few-launches"]


def test_a_case_of_another_number_of_threads_than_its_row_says_so() -> None:
    key = "a/b[device=cpu,threads=1]"
    evidence = dataclasses.replace(QUIET, key=key, changed_settings={"threads": ("1", "2"), "gradients": ("on", "off")})
    (finding,) = findings_of(evidence)
    assert finding.message == (
        "the case set threads from 1 to 2; gradients from on to off, for its whole process, and was timed so: with 2 "
        "threads, though its row says threads=1"
    )
