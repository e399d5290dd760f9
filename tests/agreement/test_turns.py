"""What the scripts that compare builds make of their turns, on made-up ones."""

from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.agreement import demo_width, first_call, short_and_long, under_load, uneven_calls
from tests.agreement.builds import Ended

WALL = {"clock": "wall", "value_s": 2.0, "low_s": 1.9, "high_s": 2.2, "launches": 6, "findings": []}


def row(key, **other):
    return {**WALL, "key": key, **other}


WIDE = {"findings": [{"check": "wide-interval"}]}
ACCOUNT = {"stages_s": {"blocks": 3.0, "warm_up": 1.0}}


class TestDemoWidth:
    def turn(self, wall_s=60.0):
        rows = [row("a"), row("a", clock="cpu", **WIDE), row("b", low_s=None, **WIDE), row("c", value_s=None)]
        return demo_width.turn_of(rows, ACCOUNT, Ended(wall_s, 50.0, 0, ""))

    def test_a_run_counts_its_cases_on_the_wall_clock_once(self):
        turn = self.turn()
        assert turn["rows"] == 3
        assert turn["wide"] == 1
        assert turn["half_widths"] == {"a": pytest.approx(0.075), "b": math.inf}

    def test_the_table_has_medians_over_rounds_and_ratios_to_the_first_build(self):
        by_build = {"old": [self.turn(60.0)] * 3, "new": [self.turn(30.0)] * 3}
        assert demo_width.lines(by_build)[0][:5] == ["old", "3", "60.0 s", "50.0 s", "6"]
        assert demo_width.lines(by_build)[0][-1] == "1 of 3 (1 to 1)"
        assert demo_width.stages(by_build) == [["blocks", "75.0%", "75.0%"], ["warm_up", "25.0%", "25.0%"]]
        assert demo_width.ratios(by_build)[0][:2] == ["new ÷ old", "0.50 [0.50, 0.50]"]


OPENED = {"outcome": "ok", "opening_s": 0.4, "cpu_s": 5.0, "median_s": 2e-7, "mean_s": None, "doubts": ["two-modes"]}


class TestFirstCall:
    def test_a_step_that_opened_has_its_time(self):
        line = first_call.line("200 ns", "new", [OPENED, {**OPENED, "opening_s": 0.6}], 30)
        assert line == ["200 ns", "new", "ok", "0.60 s", "5.0 s", "0.2 µs", "–", "two-modes"]

    def test_a_step_that_hung_is_above_the_limit(self):
        hung = {**OPENED, "outcome": "timeout", "median_s": None, "doubts": []}
        assert first_call.line("200 ns", "old", [hung], 30)[2:6] == ["timeout", "> 30 s", "5.0 s", "–"]


class TestUnderLoad:
    def rows(self, cpu=True):
        values = {"plain": 3.0, "same": 3.3, "fewer": 2.0}
        wall = [{"work": work, "clock": "wall", "value_s": value} for work, value in values.items()]
        for each in wall:
            each |= {"speedup": 1.5, "speedup_low": 1.4, "speedup_high": 1.6}
        processor = [{**each, "clock": "cpu", "value_s": each["value_s"] / 2} for each in wall]
        return [*({**each, "speedup_clock": "cpu"} for each in wall), *processor] if cpu else wall

    def test_speed_ups_are_read_on_both_clocks(self):
        found = under_load.speedups(self.rows())
        assert found["fewer"] == {"told": 1.5, "low": 1.4, "high": 1.6, "on": "cpu", "wall": 1.5, "cpu": 1.5}
        assert found["same"]["wall"] == pytest.approx(1 / 1.1)

    def test_a_build_without_a_clock_of_the_cpu_has_only_wall(self):
        found = under_load.speedups(self.rows(cpu=False))
        assert (found["fewer"]["on"], found["fewer"]["cpu"]) == ("wall", None)
        lines = under_load.ratio_lines("old", [found] * 3)
        assert [line[2] for line in lines] == ["told (3 on wall)", "wall clock"] * 2

    def test_speed_ups_within_the_ends_are_counted(self):
        turns = [{work: {"told": told, "on": "cpu", "wall": 1.2, "cpu": None} for work in under_load.TRUTHS}
                 for told in (1.02, 0.98, 1.04, 1.5)]  # fmt: skip
        same, _, fewer, _ = under_load.ratio_lines("new", turns)
        assert same[-1] == "2 of 4"
        assert fewer[-1] == "1 of 4"

    def test_a_flagged_step_is_counted(self):
        turns = [
            {"flagged": True, "value_s": {"wall": 4e-6, "cpu": 8e-6}},
            {"flagged": False, "value_s": {"wall": 6e-6}},
        ]
        assert under_load.pool_line("new", turns) == ["new", "1 of 2", "wall 5.0 µs, cpu 8.0 µs"]

    def test_busy_processes_are_gone_whatever_happens(self):
        counts = []

        def children():
            found = subprocess.run(
                ["ps", "-ww", "--ppid", str(os.getpid()), "-o", "args="], capture_output=True, text=True
            )
            return sum("getppid" in line for line in found.stdout.splitlines())

        def interrupted():
            with under_load.busy(1) as number:
                counts.append((number, children()))
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert counts == [(len(os.sched_getaffinity(0)),) * 2]
        assert children() == 0

    def test_busy_processes_end_when_the_script_was_killed(self, tmp_path):
        code = (
            "import os, signal\nfrom tests.agreement import under_load\n"
            "with under_load.busy(1):\n    os.kill(os.getpid(), signal.SIGKILL)"
        )
        done = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
        done.wait()
        pattern = f"os.getppid() == {done.pid}:"

        def left():
            found = subprocess.run(["ps", "-ww", "-e", "-o", "args="], capture_output=True, text=True)
            return pattern in found.stdout

        end = time.monotonic() + 30
        while left() and time.monotonic() < end:
            time.sleep(0.1)
        assert not left()


class TestShortAndLong:
    @pytest.mark.parametrize(("rounds", "long"), [(40, 60), (40, 61), (3, 60), (7, 5)])
    def test_the_reference_has_all_of_its_launches_spread_over_the_rounds(self, rounds, long):
        found = [short_and_long.due(number, rounds, long) for number in range(rounds)]
        assert sum(found) == long
        if (rounds, long) == (40, 60):
            assert sorted(found) == [0] * 30 + [6] * 10
            places = [place for place, launches in enumerate(found) if launches]
            assert {after - before for before, after in itertools.pairwise(places)} == {4}

    def test_a_launch_is_the_median_of_its_kept_blocks_on_the_wall_clock(self, tmp_path):
        blocks = [
            ("k", 0, "step", "wall", True, 10, 100), ("k", 0, "step", "wall", True, 10, 300),
            ("k", 0, "step", "wall", False, 10, 9000), ("k", 0, "step", "cpu", True, 10, 9000),
            ("k", 0, "load", "wall", True, 10, 9000), ("k", 1, "step", "wall", True, 5, 100),
        ]  # fmt: skip
        columns = ["key", "launch", "phase", "clock", "kept", "steps", "total_ns"]
        pd.DataFrame(blocks, columns=columns).to_parquet(tmp_path / "blocks.parquet")
        assert short_and_long.launch_medians(tmp_path) == {"k": pytest.approx([20e-9, 20e-9])}

    def test_intervals_are_held_to_the_median_of_all_long_launches(self):
        truths = short_and_long.references([{"cases": {"k": [1.0, 2.0]}}, {"cases": {}}, {"cases": {"k": [9.0]}}])
        assert truths == {"k": (2.0, 3)}
        turns = [{"cases": {"k": [2.0, *ends, "t"]}} for ends in ((1.5, 2.5), (1.9, 2.1), (2.1, 2.5), (None, None))]
        one, whole = short_and_long.lines("new", "3", turns, truths)
        assert one[4] == whole[4] == "2 of 3"
        assert one[5].startswith("0.67 [0.09, 0.99]")
        assert one[6] == "±10.0%"

    def test_a_slow_run_holds_the_references_at_its_own_level(self):
        truths = dict.fromkeys("abc", (1.0, 60))
        turns = [{"cases": {key: [low + 0.1, low, low + 0.2, "t"] for key in truths}} for low in (0.9, 0.9, 1.4)]
        *_, whole, at_level = short_and_long.lines("new", "6", turns, truths)
        assert whole[4] == "6 of 9"
        assert at_level[5].startswith("1.00")
        assert at_level[2].startswith("all, at the level of the run (sd 23")

    def test_a_case_is_named_without_the_axes_that_all_have(self):
        key = "dataloader/epoch[batch=32,device=cpu,dtype=float32,mode=eager,pin=False,threads=1,workers=0]"
        assert short_and_long.short_name(key) == "dataloader/epoch[batch=32,pin=False,workers=0]"
        assert short_and_long.short_name("autograd/polynomial[device=cpu,mode=eager]") == "autograd/polynomial"

    def test_a_width_that_says_nothing_is_not_printed(self):
        turns = [{"cases": {"k": [1.0, 0.5, high, "t"]}} for high in (1.5, 9.5, 30.0)]
        assert short_and_long.width_of(turns, "k", 1.0) == "> 300%"


class TestUnevenCalls:
    def test_the_true_mean_of_every_fourth_call_eleven_times_as_dear_is_7_ms(self):
        assert uneven_calls.true_mean_s(4, 11) == pytest.approx(0.007)

    def test_a_build_without_a_mean_has_dashes_and_its_median_is_held_to_the_truth(self):
        turn = {"mean_s": None, "mean_low_s": None, "mean_high_s": None, "median_s": 0.002, "flagged": False}
        line = uneven_calls.line("old", (4, 11), [turn], 0.0)
        assert line[3:] == ["7.00 ms", "–", "0.286", "–", "–", "0 of 1"]

    def test_intervals_of_the_mean_that_hold_the_truth_are_counted(self):
        turns = [
            {
                "mean_s": mean,
                "mean_low_s": mean - 0.001,
                "mean_high_s": mean + 0.001,
                "median_s": 0.002,
                "flagged": True,
            }
            for mean in (0.0071, 0.0065, 0.0083)
        ]
        line = uneven_calls.line("new", (4, 11), turns, 0.0001)
        assert line[4] == "1.000"
        assert line[6] == "2 of 3"
