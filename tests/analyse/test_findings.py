"""Each doubt, just above its threshold and just below."""

from __future__ import annotations

import dataclasses
import math

import pytest

from bench.analyse.findings import CHECKS, CaseEvidence, findings_of
from bench.analyse.rows.processor_use import ProcessorUse
from bench.analyse.rows.spread import Spread
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
    ("preempted", "use", ProcessorUse(preempted=0.2), ProcessorUse(preempted=above(0.2))),
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
