"""A gate as people and programs read it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import pytest

from bench.analyse.gate.gate_plan import GatePlan, RecordedSide
from bench.analyse.gate.other_metrics import OtherMetric
from bench.analyse.gate.verdicts import CanaryResult, FailedSide, GateResult, Verdict
from bench.present.tables import gate_report
from bench.stats.gate_rule import Rule

RUN = {"run": "20261101T100000Z-00000000", "settings": {"seed": 7}, "time": {"wall_s": 321.0}}
KEY = "regression/train_step[device=cpu,dtype=float32,mode=eager,rows=800,threads=1]"
SIDES = {
    "base": {"text": "v1", "commit": "a" * 40, "dirty": None, "python": "python"},
    "twin": {"text": "v1", "commit": "a" * 40, "dirty": None, "python": "python"},
    "head": {"text": "working tree", "commit": "b" * 40, "dirty": True, "python": "python"},
}


def case(key: str, verdict: str, ratio: float | None, **changes) -> Verdict:
    ends = (None, None) if ratio is None else (ratio - 0.01, ratio + 0.01)
    values = {
        "pairs": 14, "evidence": 1234.5, "needed": 500.0, "smallest_effect_seen": 0.034, "pairs_to_go": None,
        "seconds": 21.5, **changes,
    }  # fmt: skip
    return Verdict(key, "wall", verdict, ratio, *ends, **values)


def judged(*cases: Verdict, fired: bool = False, **changes) -> GateResult:
    verdict = "machine_unfit" if fired else cases[0].verdict
    canary = CanaryResult(fired, 14, 512.0 if fired else 1.3, 200.0)
    planned = {name: changes.pop(name, default) for name, default in (("libraries", {}), ("only_head", ()))}
    plan = GatePlan(Rule(cases=5), sides={name: RecordedSide(**side) for name, side in SIDES.items()}, **planned)
    return GateResult(verdict, Rule(cases=5), canary, cases, changes.pop("failed", ()), plan, **changes)


ALL = judged(
    case(KEY, "regressed", 1.049),
    case("matmul/square[size=512]", "not_slower", 1.002, evidence=140.0, needed=100.0),
    case("autograd/polynomial", "improved", 0.93),
    case("torchscript/inference[batch=32]", "not_resolved", 1.031, evidence=12.0, pairs_to_go=8.2),
    case("losses/custom", "not_resolved", None, pairs=0, evidence=1.0, smallest_effect_seen=None),
    case("vision/cnn_train_step", "workload_changed", None, pairs=0, note="its own source differs"),
    failed=(FailedSide("dataloader/epoch", "head", "crashed", "the worker was killed by SIGSEGV"),),
    only_head=("networks/new",),
    libraries={
        "base": {"torch": "2.13.0+cpu", "numpy": "2.3.1"},
        "head": {"torch": "2.14.1+cu130", "numpy": "2.3.1"},
    },
    counters=(f"{KEY}: operators 12 → 15",),
    beside=(
        OtherMetric(KEY, "host_peak", "B", 12.1e6, 15.9e6, 1.314, 1.28, 1.35, 14, 1500.0, 480.0, True),
        OtherMetric(KEY, "compile_warm", "s", 0.251, 0.25, 0.996, 0.98, 1.02, 14, 1.4, 480.0, False),
    ),
)


def test_the_text_reads_as_it_was_agreed(golden: Callable[[str, str], None]) -> None:
    golden("gate.txt", gate_report.text(ALL, width=160))


def test_the_markdown_reads_as_it_was_agreed(golden: Callable[[str, str], None]) -> None:
    golden("gate.md", gate_report.markdown(ALL))


def test_the_json_reads_as_it_was_agreed(golden: Callable[[str, str], None]) -> None:
    text = gate_report.as_json(ALL, RUN)
    golden("gate.json", text)
    told = json.loads(text)
    assert {
        "schema",
        "verdict",
        "alpha",
        "seed",
        "canary",
        "cases",
        "beside",
        "improved",
        "only_base",
        "only_head",
        "wall_s",
    } <= set(told)
    wanted = (
        "key",
        "metric",
        "verdict",
        "ratio",
        "low",
        "high",
        "pairs",
        "evidence",
        "smallest_effect_seen",
        "seconds",
    )
    assert all(set(wanted) <= set(each) for each in told["cases"])
    assert told["improved"] == ["autograd/polynomial"]


def test_the_worst_comes_first() -> None:
    verdicts = [row["verdict"] for row in gate_report.rows(ALL)]
    assert verdicts == ["regressed", "not_resolved", "not_resolved", "workload_changed", "improved", "not_slower"]


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_of_the_table_is_wider_than_the_terminal(width: int) -> None:
    table = gate_report.text(ALL, width=width)
    assert max(map(len, table.splitlines())) <= width


def test_junit_fails_where_a_case_regressed_and_skips_what_was_not_said() -> None:
    suite = ElementTree.fromstring(gate_report.junit(ALL, RUN))
    told = {item.get("name"): [child.tag for child in item] for item in suite}
    assert told[KEY] == ["failure"]
    assert told["matmul/square[size=512]"] == told["autograd/polynomial"] == []
    assert told["torchscript/inference[batch=32]"] == ["skipped"]
    assert told["dataloader/epoch"] == ["error"]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped"), suite.get("errors")) == (
        "7",
        "1",
        "3",
        "1",
    )


def test_a_canary_that_fired_is_the_first_thing_said() -> None:
    text = gate_report.text(judged(case(KEY, "machine_unfit", 1.2), fired=True), width=160)
    assert text.startswith("machine_unfit")
    assert "fired" in text
    assert "nothing that this machine says can be trusted" in gate_report.markdown(
        judged(case(KEY, "machine_unfit", 1.2), fired=True)
    )


def test_a_case_that_was_not_resolved_says_what_would_resolve_it() -> None:
    notes = {row["case"]: row["note"] for row in gate_report.rows(ALL)}
    assert notes["torchscript/inference[batch=32]"] == "about 9 more pairs would"
    assert notes["losses/custom"] == "too few pairs"


def test_a_slack_is_printed_as_it_was_tested() -> None:
    rule = Rule(cases=1, slack=0.015, alpha=0.15)
    told = gate_report.lines_below(GateResult("regressed", rule, ALL.canary, (), (), GatePlan(rule)))[0]
    assert "1.5 %" in told
    assert "at most one suite in 6 " in told


def test_an_alpha_that_was_chosen_afterwards_is_told() -> None:
    again = GateResult("regressed", Rule(cases=5, alpha=0.001), ALL.canary, (), (), GatePlan(Rule(cases=5)))
    assert any("not fixed before" in line for line in gate_report.lines_below(again))
    assert not any("not fixed before" in line for line in gate_report.lines_below(ALL))


def test_a_case_that_failed_is_one_test_case_with_its_traceback_and_the_first_is_in_the_headline() -> None:
    failed = (
        FailedSide(KEY, "base", "wrong", "error 1 above 0.1"),
        FailedSide(KEY, "head", "failed", "ValueError: no", "Traceback …"),
        FailedSide("", "head", "failed", "SyntaxError: no", "mine.py, line 3 …"),
    )
    gate = judged(case(KEY, "failed", None), failed=failed)
    (one, other) = ElementTree.fromstring(gate_report.junit(gate, RUN))
    assert (one.get("name"), other.get("name")) == (KEY, "the workloads of the head")
    assert one[0].text == "Traceback …\nmine.py, line 3 …"
    assert "on the base: wrong: error 1 above 0.1; " in one[0].get("message", "")
    assert gate_report.heading(gate) == f"failed: 1 failed; {KEY} on the base: wrong: error 1 above 0.1"


def test_what_is_on_one_side_alone_is_counted_where_nothing_is_common() -> None:
    plan = GatePlan(
        Rule(cases=1), sides={name: RecordedSide(**side) for name, side in SIDES.items()}, only_head=("a/b",)
    )
    gate = GateResult("nothing_in_common", Rule(cases=1), CanaryResult(False, 0, 1.0, 200.0), (), (), plan)
    assert gate_report.heading(gate) == "nothing_in_common: 1 only on the head"
    assert "Only on the head: a/b" in gate_report.text(gate)
    assert ElementTree.fromstring(gate_report.junit(gate, RUN)).get("tests") == "0"


def test_the_commit_of_a_branch_and_every_library_that_differs_are_told() -> None:
    base = {**SIDES["base"], "note": "0123456789, where the head left main"}
    sides = {name: RecordedSide(**side) for name, side in {**SIDES, "base": base}.items()}
    libraries = {"base": {"torch": "2", "old": "1"}, "head": {"torch": "2", "new": "3"}}
    plan = GatePlan(Rule(cases=1), sides=sides, libraries=libraries)
    gate = GateResult("not_slower", Rule(cases=1), CanaryResult(False, 0, 1.0, 200.0), (), (), plan)
    text = gate_report.markdown(gate)
    assert "The base is 0123456789, where the head left main." in text
    assert "old 1 → missing" in text
    assert "new missing → 3" in text
    assert "torch" not in text
