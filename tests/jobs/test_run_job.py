"""`bench.run` with real workers: what it returns, what its listener hears, and how it is stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import bench
from bench.present.charts.chart_set import Drawn
from bench.records import UserError
from bench.runner.stop_request import Stop, Stopped
from bench.store import runs

PACED = Path(__file__).parents[1] / "workload_files" / "paced.py"

pytestmark = pytest.mark.timeout(300)


class Heard(bench.Listener):
    """Keeps all it hears, in order."""

    def __init__(self):
        self.events = []

    def note(self, text):
        self.events.append(("note", text))

    def begin(self, cases):
        self.events.append(("begin", cases))

    def entered(self, key, stage, launch):
        self.events.append(("entered", stage))

    def ended(self, record, standing):
        self.events.append(("ended", record.key, record.launch, standing.finished))

    def over(self):
        self.events.append(("over",))

    def kinds(self):
        return [kind for kind, *_ in self.events]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A run of three cases, twice each: its result, and what a listener heard."""
    folder = tmp_path_factory.mktemp("measured")
    heard = Heard()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        sets = {"size": [32, 64, 128], "mode": "eager"}
        found = bench.run(
            ["matmul/square", "autograd/polynomial"], sets=sets, launches=2, out=folder / "r", listener=heard
        )
    return found, heard


def test_a_run_says_how_it_ended_and_where_it_lies(measured):
    found, _ = measured
    assert (found.status, found.outcomes) == ("complete", {"ok": 3})
    assert found.folder.name == "r"
    assert found.id == found.facts["run"] == runs.read(found.folder)["run"]
    assert found.wall_s > 0
    assert found.summary()["outcomes"] == {"ok": 3}
    assert json.loads(json.dumps(found.summary()))["path"] == str(found.folder)


def test_a_run_prints_the_table_of_bench_show(measured):
    found, _ = measured
    done = subprocess.run(
        [sys.executable, "-m", "bench", "show", str(found.folder)], capture_output=True, text=True, check=True
    )
    assert found.text(width=200) == done.stdout.rstrip("\n")
    assert str(found) == repr(found)
    assert str(found).endswith(f"{found.ending}; kept in {found.folder}")
    assert found.ending.startswith("complete: 3 ok, in ")
    assert found._repr_html_().startswith("<pre")
    clocks = [row["clock"] for row in json.loads(found.text("json"))]
    assert sorted(clocks) == ["cpu"] * 3 + ["wall"] * 3


def test_a_run_gives_its_rows_and_draws_its_charts(measured):
    found, _ = measured
    pd.testing.assert_frame_equal(found.frame(), bench.load(found.folder))
    assert len(found.frame(level="launches")) == 6
    (growth,) = found.chart("time_by_size")
    assert isinstance(growth, Drawn)
    assert growth.slug in [each.slug for each in found.charts()]
    with pytest.raises(UserError, match="there is no chart 'growth'"):
        found.chart("growth")


def test_a_run_records_the_call_that_made_it(measured):
    found, _ = measured
    sets = "{'size': [32, 64, 128], 'mode': 'eager'}"
    said = f"bench.run(['matmul/square', 'autograd/polynomial'], sets={sets}, out='{found.folder}', launches=2)"
    assert found.facts["command"] == said


def test_the_listener_hears_notes_then_the_launches_between_begin_and_over(measured):
    found, heard = measured
    kinds = heard.kinds()
    assert heard.events[0][0] == "note"
    assert "autograd/polynomial" in heard.events[0][1]  # it has no size
    assert heard.events[0][1] in found.notes
    assert heard.events[kinds.index("begin")] == ("begin", 3)
    assert kinds.index("begin") < kinds.index("entered") < kinds.index("ended") < kinds.index("over")
    assert kinds[-1] == "over"
    assert [event[-1] for event in heard.events if event[0] == "ended"][-1] == 3
    assert kinds.count("ended") == 6


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"select": "matmul/squire"}, "matches no workload"),
        ({"sets": {"size": []}}, "'size' has no value"),
        ({"launches": 0}, "launches=0: it must be at least 1"),
        ({"precision": 2}, "precision=2: it must be between 0.0001 and 1"),
        ({"budget": -1}, "-1 is not a duration"),
        ({"resume": "x", "launches": 2}, "only a budget may be given"),
        ({"resume": "x", "seed": 0}, "only a budget may be given"),
        ({"resume": "nowhere", "exclude": []}, "no run 'nowhere'"),
        ({"out": __file__}, "is a file"),
    ],
)
def test_what_no_run_can_be_is_refused_and_leaves_nothing(wrong, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=said):
        bench.run(**wrong)
    assert list(tmp_path.iterdir()) == []


class Stopping(Heard):
    """Asks to stop once the first case has ended."""

    def __init__(self, stop):
        super().__init__()
        self.stop = stop

    def ended(self, record, standing):
        super().ended(record, standing)
        self.stop.request()


def test_a_stop_that_is_asked_for_ends_the_run_early_and_the_rest_can_be_measured(tmp_path):
    stop = Stop()
    found = bench.run("paced/*", workloads=PACED, launches=1, out=tmp_path / "r", listener=Stopping(stop), stop=stop)
    assert found.status == "interrupted"
    assert not (tmp_path / "r" / "journal.jsonl").exists()
    assert len(found.frame(level="launches")) == 1
    rest = bench.run(resume=found)
    assert (rest.status, rest.outcomes, rest.folder) == ("complete", {"ok": 4}, found.folder)
    assert rest.facts["command"] == found.facts["command"]


def test_a_stop_before_anything_was_measured_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stop = Stop()
    stop.request()
    with pytest.raises(Stopped):
        bench.run("paced/*", workloads=PACED, stop=stop)
    assert list(tmp_path.iterdir()) == []


INTERRUPTED = """
import os, signal, sys

signal.signal(signal.SIGINT, signal.default_int_handler)  # a session in the background of a shell ignores it
import bench

class Impatient(bench.Listener):
    def ended(self, record, standing):
        os.kill(os.getpid(), signal.SIGINT)  # as Ctrl-C

before = signal.getsignal(signal.SIGINT)
try:
    bench.run("paced/*", workloads=sys.argv[1], launches=1, out="r", listener=Impatient())
except KeyboardInterrupt as interrupt:
    print(interrupt.__notes__[0])
    print(bench.load("r", level="launches")["outcome"].tolist(), signal.getsignal(signal.SIGINT) is before)
"""


def test_ctrl_c_in_a_script_seals_the_run_and_is_raised_with_a_note_of_where_it_lies(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(PACED)], capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "what was measured is kept in r; continue with bench.run(resume='r')",
        "['ok'] True",
    ]
    assert runs.read(tmp_path / "r")["status"] == "interrupted"
    assert not (tmp_path / "r" / "journal.jsonl").exists()


def test_many_jobs_leave_no_descriptor_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("this system does not list the open files of a process")
    before = len(os.listdir(descriptors))
    for _ in range(3):
        with pytest.raises(UserError, match="no run 'nowhere'"):
            bench.run(resume="nowhere")
    assert len(os.listdir(descriptors)) == before
