"""What scripts that compare builds share: turns that are kept, intervals, tables, commands with a limit."""

from __future__ import annotations

import json
import math
import statistics
import sys

import numpy as np
import pytest
from scipy import stats

from tests.agreement import builds

WHO = [("old",), ("new",), ("third",)]


def test_all_take_one_turn_a_round_in_an_order_that_differs_between_rounds():
    kept = builds.RawData(None, {})
    kept.take(20, WHO, lambda who, number: {"value": number})
    assert all([turn["value"] for turn in kept.of(*who)] == list(range(20)) for who in WHO)
    orders = {tuple(turn["who"][0] for turn in kept.turns if turn["round"] == number) for number in range(20)}
    assert len(orders) > 3


def test_an_interrupted_script_goes_on_from_the_turns_that_it_kept(tmp_path):
    path, taken = tmp_path / "kept.json", []

    def measure(who, number):
        if len(taken) == 4:
            raise KeyboardInterrupt
        taken.append((number, *who))
        return {"value": 1.5}

    with pytest.raises(KeyboardInterrupt):
        builds.RawData(path, {"limit": 1}).take(2, WHO, measure)
    again = builds.RawData(path, {"limit": 1})
    assert [(turn["round"], *turn["who"]) for turn in again.turns] == taken
    again.take(2, WHO, lambda who, number: taken.append((number, *who)) or {"value": 2.5})
    assert len(taken) == len(set(taken)) == 6
    assert len(json.loads(path.read_text())["turns"]) == 6


def test_turns_that_were_asked_for_otherwise_are_not_put_together(tmp_path):
    path = tmp_path / "kept.json"
    builds.RawData(path, {"busy": 2}).take(1, WHO, lambda who, number: {})
    with pytest.raises(SystemExit, match="busy"):
        builds.RawData(path, {"busy": 3})


def test_a_build_is_read_by_name_and_keeps_the_link_to_its_interpreter(tmp_path):
    link = tmp_path / "python"
    link.symlink_to(sys.executable)
    assert builds.Build.read(f"new={link}") == builds.Build("new", str(link))


@pytest.mark.parametrize("text", ["new", "new=/no/such/python", f"={sys.executable}", "new=/tmp"])
def test_what_is_no_build_is_refused(text):
    with pytest.raises(builds.argparse.ArgumentTypeError, match="NAME="):
        builds.Build.read(text)


def test_two_builds_of_one_name_are_refused():
    words = ["--build", f"a={sys.executable}"] * 2
    with pytest.raises(SystemExit, match="one name"):
        builds.chosen(builds.parser("", 1).parse_args(words))


def test_a_command_past_its_limit_is_interrupted_and_may_end_by_itself(tmp_path):
    code = "import time\ntry: time.sleep(60)\nexcept KeyboardInterrupt: print('ended')"
    ended = builds.run([sys.executable, "-c", code], tmp_path, limit_s=5)
    assert ended.code is None
    assert ended.text == "ended\n"
    assert ended.wall_s < 30


def test_a_command_that_fails_says_what_it_said(tmp_path):
    words = [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"]
    with pytest.raises(RuntimeError, match=r"exit code 3\sthe reason"):
        builds.run(words, tmp_path)
    assert builds.run(words, tmp_path, allowed=(0, 3)).code == 3


def test_the_cpu_of_a_command_is_its_own_and_not_that_of_waiting(tmp_path):
    busy = "import time\nwhile time.process_time() < 0.5: pass"
    assert builds.run([sys.executable, "-c", busy], tmp_path).cpu_s >= 0.5
    assert builds.run([sys.executable, "-c", "import time; time.sleep(0.6)"], tmp_path).cpu_s < 0.5


def test_the_bootstrap_of_a_mean_is_as_wide_as_theory_says_and_holds_as_often():
    dice = np.random.default_rng(0)
    samples = dice.normal(10, 1, (60, 40))
    found = [builds.bootstrap(list(sample), statistics.fmean) for sample in samples]
    widths = [each.high - each.low for each in found]
    assert statistics.fmean(widths) == pytest.approx(2 * 1.96 / math.sqrt(40), rel=0.1)
    assert sum(each.low <= 10 <= each.high for each in found) >= 50  # 1 in 3000 falls below at 93 %


def test_the_bootstrap_keeps_together_what_one_round_measured():
    """Both sides drift tenfold and their ratio does not."""
    rounds = [(10.0**place, 2 * 10.0**place) for place in range(8)]
    found = builds.bootstrap(rounds, lambda drawn: sum(b for _, b in drawn) / sum(a for a, _ in drawn))
    assert (found.value, found.low, found.high) == pytest.approx((2, 2, 2))


def test_two_rounds_have_no_interval():
    found = builds.bootstrap([1.0, 2.0], statistics.fmean)
    assert found.value == 1.5
    assert math.isnan(found.low)
    assert found.text(".1f") == "1.5"


@pytest.mark.parametrize(("found", "of"), [(0, 20), (7, 20), (20, 20)])
def test_a_share_has_the_bounds_of_clopper_and_pearson(found, of):
    told = builds.share(found, of)
    bounds = stats.binomtest(found, of).proportion_ci(0.95, "exact")
    assert (told.low, told.high) == pytest.approx((bounds.low, bounds.high))


def test_a_table_sets_bare_numbers_to_the_right():
    assert builds.markdown(["step", "sd", "ratio"], [["sine", "1.2%", "1.0 [0.9, 1.1]"], ["net", "–", "–"]]) == (
        "| step | sd | ratio |\n| --- | ---: | --- |\n| sine | 1.2% | 1.0 [0.9, 1.1] |\n| net | – | – |"
    )
