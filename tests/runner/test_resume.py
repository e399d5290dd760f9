"""A run that is killed, interrupted or terminated, and goes on. Real processes, real signals."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bench.store import journal, tables
from tests.terminal import Terminal

FILE = Path(__file__).parents[1] / "workload_files" / "paced.py"
CASES = 4
LAUNCHES = 3


def words_for(folder):
    return (
        "run", "--workloads", str(FILE), "paced/*", "-s", "place=1,2,3,4", "--launches", str(LAUNCHES),
        "--out", str(folder), "--format", "json",
    )  # fmt: skip


def start(folder, *options):
    return Terminal(folder.parent).start("run", *options, "--format", "json")


def wait_for_launch_lines(folder, number):
    """Until the journal says that `number` cases have ended; the journal is the only clock that can be trusted here."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        if len(journal.read(folder).launches) >= number:
            return
        time.sleep(0.02)
    raise AssertionError("the run did not get that far within a minute")


def resume(folder):
    done = start(folder, "--resume", str(folder)).ended(120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def launches(folder):
    return tables.read(folder).launches


def children_of(pid):
    """The processes that it started; waited for, since between two launches there is none."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        if children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            return children
        time.sleep(0.002)
    raise AssertionError("the run started no process within a minute")


def still_alive(pids, within_s):
    """Those that are there after so many seconds; at once where there are none."""
    ends = time.monotonic() + within_s
    while (alive := [pid for pid in pids if is_alive(pid)]) and time.monotonic() < ends:
        time.sleep(0.05)
    return alive


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Killed(NamedTuple):
    """A run whose parent was killed after five case launches."""

    folder: Path
    before: dict[tuple[str, int], str]
    """By case and launch, the process of what it had finished then."""
    workers: list[str]
    """The processes that the parent had started and not ended."""
    outlived: list[str]
    """Those of them that were still there some time after it."""
    shown: list[dict[str, Any]]
    """What `bench show` said of it before it was resumed."""
    summary: dict[str, Any]
    """What it said when it had been resumed."""


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed") / "run"
    # As a user starts it: its workers are its children, and the kernel is to end them.
    words = [sys.executable, "-m", "bench", *words_for(folder)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder.parent)
    wait_for_launch_lines(folder, 5)
    workers = children_of(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    outlived = still_alive(workers, 20)
    before = {(item.key, item.launch): item.process for item in journal.read(folder).launches}
    shown = Terminal(folder.parent)("show", str(folder), "--format", "json")
    assert shown.returncode == 0, shown.stderr
    return Killed(folder, before, workers, outlived, json.loads(shown.stdout), resume(folder))


def test_after_a_kill_no_finished_case_is_measured_again(killed):
    after = {(row.key, row.launch): row.process for row in launches(killed.folder).itertuples()}
    assert len(killed.before) >= 5
    assert {name: after[name] for name in killed.before} == killed.before


def test_after_a_kill_no_case_is_missing(killed):
    assert killed.summary["status"] == "complete"
    assert set(Counter(launches(killed.folder)["key"]).values()) == {LAUNCHES}
    assert len(set(launches(killed.folder)["key"])) == CASES


def test_after_a_kill_every_launch_has_whole_visits_of_one_process(killed):
    blocks = tables.read(killed.folder).blocks
    launches = blocks.groupby(["key", "launch"])
    assert launches.ngroups == CASES * LAUNCHES
    for _, launch in launches:
        assert sorted(launch["visit"].unique()) == list(range(launch["visit"].nunique()))
    for _, visit in blocks.groupby(["key", "launch", "visit", "phase", "clock"]):
        assert sorted(visit["index"]) == list(range(len(visit)))
        assert visit["kept"].sum() >= 3
    assert not blocks.duplicated(["key", "launch", "visit", "phase", "clock", "index"]).any()


def test_a_killed_run_can_be_shown_before_it_is_resumed(killed):
    outcomes = Counter(row["outcome"] for row in killed.shown if row["clock"] != "cpu")
    assert outcomes["ok"] >= 2
    assert sum(outcomes.values()) == CASES


def test_no_worker_outlives_a_killed_parent(killed):
    assert killed.workers
    assert killed.outlived == []


def stopped(process, folder, lines, number):
    """What a run says that is sent a signal once its journal has so many lines; and its code."""
    wait_for_launch_lines(folder, lines)
    process.send_signal(number)
    done = process.ended(60)
    return json.loads(done.stdout), done.returncode


def test_a_signal_seals_what_is_done_and_the_run_can_be_resumed_and_stopped_again(tmp_path):
    folder, before = tmp_path / "run", {}
    # A session that goes on with a sealed run begins a journal of its own.
    for begin, lines, number, code in (
        (lambda folder: Terminal(folder.parent).start(*words_for(folder)), 2, signal.SIGINT, 130),
        (lambda folder: start(folder, "--resume", str(folder)), 1, signal.SIGTERM, 143),
    ):
        summary, returned = stopped(begin(folder), folder, lines, number)
        assert returned == code
        assert summary["status"] == "interrupted"
        assert (folder / "launches.parquet").exists()
        assert not (folder / journal.NAME).exists()
        after = {(row.key, row.launch): row.process for row in launches(folder).itertuples()}
        assert len(after) >= len(before) + lines
        assert {name: after[name] for name in before} == before
        before = after
    assert resume(folder)["outcomes"] == {"ok": CASES}
    after = {(row.key, row.launch): row.process for row in launches(folder).itertuples()}
    assert len(after) == CASES * LAUNCHES
    assert {name: after[name] for name in before} == before


def test_resuming_a_finished_run_measures_nothing(killed):
    before = launches(killed.folder)
    resume(killed.folder)
    assert launches(killed.folder).equals(before)


def test_a_run_whose_workload_changed_is_not_resumed(tmp_path):
    own = tmp_path / "paced.py"
    own.write_text(FILE.read_text())
    folder = tmp_path / "run"
    options = ("--workloads", str(own), "paced/*", "-s", "place=1", "--launches", "1", "--out", str(folder))
    assert start(folder, *options).ended(120).returncode == 0
    own.write_text(FILE.read_text() + "\n# changed\n")
    done = start(folder, "--resume", str(folder)).ended(60)
    assert done.returncode == 2
    assert "changed since the run was begun" in done.stderr


def test_a_run_is_not_resumed_with_another_instruction_set(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    options = ("--workloads", str(FILE), "paced/*", "-s", "place=1", "--launches", "1", "--out", str(folder))
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    assert start(folder, *options).ended(120).returncode == 0
    monkeypatch.delenv("ATEN_CPU_CAPABILITY")
    done = start(folder, "--resume", str(folder)).ended(60)
    assert done.returncode == 2
    assert "environment differs: ATEN_CPU_CAPABILITY=default when the run was begun, unset here" in done.stderr
