"""The certificate as people and programs read it."""

from __future__ import annotations

import json
from collections.abc import Callable

from bench.analyse.certificate import HELD, NOT_HELD, SKIPPED, UNDECIDED, CertificateLine
from bench.analyse.estimate import Estimate
from bench.present.tables import certificate_report

RUN = {
    "schema": 2, "run": "20260101T000000Z-00000000", "machine": "2-core EPYC", "fingerprint": "abc",
    "status": "complete", "created": "2026-01-01T10:20:30+00:00", "coursebench": "0.1.0",
    "command": "bench certify --quick",
    "environment": {"torch": {"version": "2.13.0"}}, "certificate": {"extent": "quick"}, "time": {"wall_s": 118.2},
}  # fmt: skip

KEY = "certification/injected[device=cpu,dtype=float32,form=slower,mode=eager,percent=5,threads=1,work=product]"

LINES = [
    CertificateLine(
        "clock", "this machine", "live", HELD, "resolves 60 ns", "a thousandth of a block", 12, "processes"
    ),
    CertificateLine(
        "injected slow-down", KEY, "live", NOT_HELD, "head ÷ base 1.020 [1.010, 1.030]",
        "1.05 inside the 99 % interval", 6, "pairs", Estimate(1.02, 1.01, 1.03, 6, "t on logs", "ratio"),
    ),
    CertificateLine(
        "coverage", "two-level <b>", "simulated", UNDECIDED, "93.1% [92.9%, 93.3%]", "at least 93%", 20_000,
        "measurements",
    ),
    CertificateLine("additivity", KEY, "live", SKIPPED, "too few pairs were measured", "within 2% of 1", 0, "pairs"),
]  # fmt: skip


def test_the_text_reads_as_it_was_agreed(golden: Callable[[str, str], None]) -> None:
    golden("certificate.txt", certificate_report.text(LINES, RUN, width=140))


def test_the_json_has_the_verdict_and_every_number() -> None:
    told = json.loads(certificate_report.as_json(LINES, RUN))
    assert told["verdict"] == NOT_HELD
    assert [line["verdict"] for line in told["lines"]] == [line.verdict for line in LINES]
    assert told["lines"][1]["estimate"]["low"] == 1.01
    assert {"schema", "run", "machine", "fingerprint", "created", "extent"} <= set(told)


def test_the_page_says_each_line_its_source_and_its_count() -> None:
    page = certificate_report.page(LINES, RUN)
    assert "1.020 [1.010, 1.030]" in page
    assert "simulated, 20,000 measurements" in page
    assert page.count("<h2>") == len({line.check for line in LINES}) + 1


def test_the_page_asks_no_network_and_takes_no_markup_from_names() -> None:
    page = certificate_report.page(LINES, RUN)
    assert "http" not in page
    assert "two-level <b>" not in page


def test_every_check_of_the_analysis_is_explained() -> None:
    assert {line.check for line in LINES} <= set(certificate_report.EXPLAINED)
