"""A run inside a real control group of half a core: its times are those of the whole core, and it says what it is.

Skipped where this process may not make a control group for CPU time.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.store import tables
from bench.store.tables import RunData
from tests import forking

KEY = "matmul/square[device=cpu,dtype=float32,mode=eager,size=128,threads=1]"
PERIOD_US = 100_000


def begun(where: Path, limit: dict[str, str]) -> Path | None:
    """A new control group below `where` with a limit; None where it cannot be made."""
    if not (where / "cgroup.procs").exists():
        return None  # no control group: a plain folder that others are mounted in
    group = where / f"coursebench-{secrets.token_hex(4)}"
    try:
        group.mkdir()
    except OSError:
        return None
    try:
        for file, text in limit.items():
            with (group / file).open("r+", encoding="ascii") as setting:  # "w" would make a file that is not there
                setting.write(text)
    except OSError:
        group.rmdir()
        return None
    return group


@contextlib.contextmanager
def limited(quota_us: int) -> Iterator[Path]:
    """A control group that may compute for `quota_us` in each 100 ms, of whichever version this machine has."""
    group = begun(Path("/sys/fs/cgroup"), {"cpu.max": f"{quota_us} {PERIOD_US}"})
    for one in (Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup/cpu,cpuacct")):
        group = group or begun(one, {"cpu.cfs_period_us": str(PERIOD_US), "cpu.cfs_quota_us": str(quota_us)})
    if group is None:
        pytest.skip("no control group for CPU time can be made here: that wants root, and a hierarchy that is writable")
    try:
        yield group
    finally:
        for _ in range(100):  # whoever was in it may still be ending
            with contextlib.suppress(OSError):
                group.rmdir()
                break
            time.sleep(0.1)


@pytest.fixture
def half() -> Iterator[Path]:
    """A control group of half a core."""
    with limited(PERIOD_US // 2) as group:
        yield group


def bench(folder: Path, *words: str, group: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, which joins the group first; its workers are fresh ones."""
    told = {name: value for name, value in os.environ.items() if name != forking.ADDRESS}
    join = f"echo $$ > {group}/cgroup.procs && " if group else ""
    command = ["sh", "-c", f'{join}exec "$@"', "sh", sys.executable, "-m", "bench", *words]
    return subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, timeout=250, check=False)


def measured(folder: Path, group: Path | None = None) -> RunData:
    folder.mkdir()
    done = bench(folder, "run", KEY, "--launches", "2", "--out", "out", group=group)
    assert done.returncode == 0, done.stdout + done.stderr
    return tables.read(folder / "out")


def quickest_ns(data: RunData) -> float:
    kept = data.blocks[data.blocks["kept"] & (data.blocks["phase"] == "step")]
    return float((kept["total_ns"] / kept["steps"]).quantile(0.1))


def test_a_case_in_half_a_core_takes_the_time_that_it_takes_in_a_whole_one(half, tmp_path):
    free = [measured(tmp_path / "before")]
    held = measured(tmp_path / "held", half)
    free.append(measured(tmp_path / "after"))
    told = held.run["environment"]["placement"]["quota"]
    assert (told["quota_us"], told["period_us"]) == (PERIOD_US // 2, PERIOD_US)
    assert all(each.run["environment"]["placement"]["quota"] is None for each in free)
    assert held.run["fingerprint"] != free[0].run["fingerprint"]
    # The quickest tenth of the blocks: other programs make some longer, as a stop would. The machine itself moves
    # between runs, and the two beside it say by how much.
    low, high = sorted(map(quickest_ns, free))
    assert low / 1.05 <= quickest_ns(held) <= high * 1.05
    assert all(each.launches["throttled_blocks"].sum() == 0 for each in free)

    shown = bench(tmp_path / "held", "show", "out", "--format", "json")
    assert "a quota of 0.5 core: a block of more than 50 ms is throttled" in shown.stdout, shown.stdout + shown.stderr


TIMED = """
import json, os, sys
from bench.measure.devices.cpu import Cpu
from bench.measure.timing.clocks import wall
from bench.measure.timing.quota_watch import QuotaWatch
from bench.measure.timing.series_timer import SeriesTimer
from bench.records import Settings
from bench.workload import Prepared, Work

def quickest(quota):
    step = Prepared(lambda: sum(range(20_000)), lambda out: 0.0, Work(items=1))
    timer = SeriesTimer(Cpu(wall), step, Settings(warm_s=0.01, warm_cap_s=0.1), 1e6, quota=quota)
    timer.warm_step({})
    timer.calibrate({})
    blocks = [block for _ in range(40) for block in timer.visit()]
    kept = sorted(block.total_ns / block.steps for block in blocks if block.kept)
    return kept[len(kept) // 10]

free = quickest(QuotaWatch())
with open(sys.argv[1] + "/cgroup.procs", "w") as group:
    group.write(str(os.getpid()))
quota = QuotaWatch()
held = quickest(quota)
print(json.dumps({"free": free, "held": held, "lost": quota.lost, "cores": quota.cores}))
"""


def test_blocks_that_the_kernel_stopped_are_left_out_and_the_others_are_right():
    """A tenth of a core is used up even where other programs leave little of the machine.

    A stopped block is ten times as long; what other programs take of the machine between the two readings is not.
    """
    with limited(PERIOD_US // 10) as group:
        words = [sys.executable, "-c", TIMED, str(group)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    told = json.loads(done.stdout)
    assert told["cores"] == 0.1
    assert told["lost"] > 0
    assert told["held"] == pytest.approx(told["free"], rel=0.5)


def test_the_doctor_names_the_quota(half, tmp_path):
    done = bench(tmp_path, "doctor", "--seconds", "1", "--format", "json", group=half)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["facts"]["placement"]["quota"]["cores"] == 0.5
    assert "cpu-quota" in [finding["check"] for finding in told["findings"]]
