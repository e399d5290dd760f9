"""A run that is killed, interrupted or terminated, and goes on. Real processes, real signals."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from bench.store import journal, tables

FILE = Path(__file__).parents[1] / "workload_files" / "paced.py"
CASES = 4
LAUNCHES = 3


def start(folder, *options):
    return subprocess.Popen(
        [sys.executable, "-m", "bench", "run", *options, "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder.parent,
    )


def fresh(folder):
    return start(
        folder, "--workloads", str(FILE), "paced/*", "-s", "place=1,2,3,4", "--launches", str(LAUNCHES),
        "--out", str(folder),
    )  # fmt: skip


def wait_for_launch_lines(folder, number):
    """Until the journal says that `number` cases have ended; the journal is the only clock that can be trusted here."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        if len(journal.read(folder).launches) >= number:
            return
        time.sleep(0.02)
    raise AssertionError("the run did not get that far within a minute")


def resume(folder):
    process = start(folder, "--resume", str(folder))
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return json.loads(out)


def launches(folder):
    return tables.read(folder).launches


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A run whose parent was killed after five case launches, and what it had finished then."""
    folder = tmp_path_factory.mktemp("killed") / "run"
    process = fresh(folder)
    wait_for_launch_lines(folder, 5)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = {(item.key, item.launch): item.process for item in journal.read(folder).launches}
    return folder, before, resume(folder)


def test_after_a_kill_no_finished_case_is_measured_again(killed):
    folder, before, _ = killed
    after = {(row.key, row.launch): row.process for row in launches(folder).itertuples()}
    assert len(before) >= 5
    assert {name: after[name] for name in before} == before


def test_after_a_kill_no_case_is_missing(killed):
    folder, _, summary = killed
    assert summary["status"] == "complete"
    assert set(Counter(launches(folder)["key"]).values()) == {LAUNCHES}
    assert len(set(launches(folder)["key"])) == CASES


def test_after_a_kill_every_launch_has_whole_visits_of_one_process(killed):
    folder, _, _ = killed
    blocks = tables.read(folder).blocks
    # A visit whose first block was short has a cold block more: what is kept is the same for all.
    per_launch = blocks[blocks["kept"]].groupby(["key", "launch"]).size()
    assert len(per_launch) == CASES * LAUNCHES
    assert per_launch.nunique() == 1
    assert not blocks.duplicated(["key", "launch", "visit", "phase", "clock", "index"]).any()


def test_a_killed_run_can_be_shown_before_it_is_resumed(tmp_path):
    folder = tmp_path / "run"
    process = fresh(folder)
    wait_for_launch_lines(folder, 2)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    shown = subprocess.run(
        [sys.executable, "-m", "bench", "show", str(folder), "--format", "json"],
        capture_output=True,
        text=True,
        check=True,
    )
    outcomes = Counter(row["outcome"] for row in json.loads(shown.stdout))
    assert outcomes["ok"] >= 2
    assert sum(outcomes.values()) == CASES


def test_no_worker_outlives_a_killed_parent(tmp_path):
    folder = tmp_path / "run"
    process = fresh(folder)
    wait_for_launch_lines(folder, 1)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert children
    ends = time.monotonic() + 20
    while any(alive(child) for child in children) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not any(alive(child) for child in children)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_seals_what_is_done_and_the_run_can_be_resumed(tmp_path, number, code):
    folder = tmp_path / "run"
    process = fresh(folder)
    wait_for_launch_lines(folder, 2)
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == code
    summary = json.loads(out)
    assert summary["status"] == "interrupted"
    assert (folder / "launches.parquet").exists()
    assert not (folder / journal.NAME).exists()
    before = {(row.key, row.launch): row.process for row in launches(folder).itertuples()}
    assert resume(folder)["outcomes"] == {"ok": CASES}
    after = {(row.key, row.launch): row.process for row in launches(folder).itertuples()}
    assert len(after) == CASES * LAUNCHES
    assert {name: after[name] for name in before} == before


def test_resuming_a_finished_run_measures_nothing(killed):
    folder, _, _ = killed
    before = launches(folder)
    resume(folder)
    assert launches(folder).equals(before)


def test_a_run_whose_workload_changed_is_not_resumed(tmp_path):
    own = tmp_path / "paced.py"
    own.write_text(FILE.read_text())
    folder = tmp_path / "run"
    options = ("--workloads", str(own), "paced/*", "--launches", "1", "--out", str(folder))
    assert start(folder, *options).wait() == 0
    own.write_text(FILE.read_text() + "\n# changed\n")
    process = start(folder, "--resume", str(folder))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "changed since the run was begun" in err
