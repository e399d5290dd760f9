"""`bench certify`, on pairs that were recorded and on real ones."""

import json

import pytest

from tests import recordings
from tests.terminal import Terminal
from tests.truths import interval_holds

pytestmark = pytest.mark.timeout(900)  # a minute or two, and several where other tests run beside it

CHECKS = {
    "clock", "linearity", "additivity", "coverage", "false alarms", "injected slow-down", "lockstep ÷ solo",
    "smallest effect", "agreement", "CPU clock", "mean", "moderated interval",
}  # fmt: skip


SMALL = """
import dataclasses, sys
from bench.plan import certificate_cases as plan
plan.QUICK = dataclasses.replace(
    plan.QUICK, micros=(10, 100, 1000), real=("regression/train_step", "autograd/polynomial"), couples_s=0.1,
    rival_couples=5, repetitions=300,
)
sys.argv[0] = "bench"
from bench.__main__ import main
main()
"""
"""`bench`, whose quick certificate has fewer cases; something of each check is left."""


def live(terminal):
    """What a certificate of few pairs ended as, measured in the folder of the terminal."""
    return terminal.program(SMALL, "certify", "--quick", "--pairs", 3, "--format", "json", timeout=840)


@pytest.fixture(scope="module", params=["recorded", "live"])
def certified(request, tmp_path_factory):
    """A certificate of few pairs: (terminal, what it wrote)."""
    terminal = Terminal(tmp_path_factory.mktemp("certified"))
    if request.param == "live":
        return terminal, live(terminal)
    name = json.loads((recordings.FOLDER / "certificate" / "run.json").read_text())["run"]
    recordings.copied("certificate", terminal.folder / "results" / name)
    return terminal, terminal("certify", "--from", name, "--format", "json")


def test_it_measures_every_line_and_says_its_verdict_by_its_exit_code(certified):
    _, done = certified
    told = json.loads(done.stdout)
    assert {line["check"] for line in told["lines"]} == CHECKS
    assert not [line for line in told["lines"] if line["verdict"] == "skipped"]
    assert done.returncode == (5 if told["verdict"] == "not held" else 0)


def test_it_finds_work_of_known_length_as_long_as_it_is(certified):
    told = json.loads(certified[1].stdout)
    (slope,) = (line["estimate"] for line in told["lines"] if line["check"] == "linearity")
    assert interval_holds(1, slope["value"], slope["low"], slope["high"], within=0.02)
    doubled = [line["estimate"] for line in told["lines"] if line["check"] == "additivity"]
    assert len(doubled) == 3
    assert all(interval_holds(1, each["value"], each["low"], each["high"], within=0.1) for each in doubled)


def test_it_writes_a_page_and_judges_the_same_pairs_again_alike(certified):
    terminal, done = certified
    told = json.loads(done.stdout)
    report = terminal.folder / "reports" / told["run"]
    assert "<h1>Certificate" in (report / "certificate.html").read_text()
    again = terminal("certify", "--from", told["run"], "--format", "json")
    assert json.loads(again.stdout)["lines"] == told["lines"]


def test_no_other_command_takes_it_for_a_run(certified):
    terminal, done = certified
    name = json.loads(done.stdout)["run"]
    for words in (("show", name), ("report", name), ("plot", name), ("run", "--resume", name)):
        refused = terminal(*words)
        assert refused.returncode == 2, refused.stderr
        assert f"bench certify --from {name}" in refused.stderr
    assert "no run in results/ yet" in terminal("show").stderr


def test_a_run_that_is_no_certificate_is_refused(finished):
    terminal, _ = finished
    done = terminal("certify", "--from", "run")
    assert done.returncode == 2
    assert "not a run of bench certify" in done.stderr
