"""What a certificate measures."""

from __future__ import annotations

import pytest

from bench.plan.catalog import find
from bench.plan.certificate_cases import ADDITIVITY, FULL, INJECTED, LINEARITY, MEAN, QUICK, SAME, about, comparisons

EXTENTS = pytest.mark.parametrize("extent", [QUICK, FULL], ids=["quick", "full"])


@EXTENTS
def test_no_case_is_opened_twice_in_one_process(extent):
    wanted = comparisons(find(), extent)
    for side in ("base", "head"):
        keys = [getattr(item.coupled, side).case.key for item in wanted]
        assert len(keys) == len(set(keys))


@EXTENTS
def test_every_purpose_is_there_and_a_ratio_is_that_of_its_percent(extent):
    wanted = comparisons(find(), extent)
    assert {item.purpose for item in wanted} == {LINEARITY, MEAN, INJECTED, ADDITIVITY, SAME}
    for item in wanted:
        percent = item.coupled.case.axes.get("percent", 0)
        assert item.ratio == 1 + percent / 100
        assert (item.coupled.base == item.coupled.head) is (percent == 0)


def test_quick_injects_five_percent_and_full_more_and_less():
    percents = [
        {item.coupled.case["percent"] for item in comparisons(find(), extent) if item.purpose == INJECTED}
        for extent in (QUICK, FULL)
    ]
    assert percents == [{5}, {1, 2, 3, 5, 10}]


def test_the_run_keeps_what_the_analysis_needs():
    wanted = comparisons(find(), QUICK)
    told = about(QUICK, wanted)["certificate"]
    assert told["extent"] == "quick"
    assert [item["key"] for item in told["comparisons"]] == [item.coupled.case.key for item in wanted]
    assert {item["micros"] for item in told["comparisons"] if item["purpose"] == LINEARITY} == set(QUICK.micros)
