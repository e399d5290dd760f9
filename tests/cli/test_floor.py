"""`bench show --floor`: its peaks, whose they are, and a time that cannot be; on a real run of a few quick cases."""

import json
import shutil
from textwrap import dedent

import pytest

from tests.cli.test_light import HEAVY, heavy_after
from tests.terminal import Terminal

BOASTS = '''
import torch
from bench.workload import Prepared, Work, workload


@workload(lesson="Mine")
def boasts(ctx):
    """A step that states the work of a large product and adds two numbers."""
    a = torch.ones(1)
    return Prepared(lambda: a + a, lambda out: ctx.relative_error(out, [2.0]), Work(flops=2**28, items=1))
'''
CALIBRATION = ("calibration/product[size=512]", "calibration/copy[numbytes=32768]", "calibration/empty_kernel[]")
LESSONS = ("matmul/square[size=64]", "matmul/square[dtype=float64,size=64]", "autograd/polynomial[]")


def edit(folder, **changes):
    """Change entries of a run's `run.json`."""
    path = folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A folder with the run `whole`: lessons, peaks and a boast."""
    terminal = Terminal(tmp_path_factory.mktemp("measured"))
    (terminal.folder / "mine.py").write_text(dedent(BOASTS))
    words = (*LESSONS, *CALIBRATION, "mine/boasts[]", "--workloads", "mine.py", "--launches", 3, "--out", "whole")
    done = terminal("run", *words, "--quiet", "--format", "json")
    assert json.loads(done.stdout)["status"] == "complete", done.stderr
    return terminal


@pytest.fixture
def here(measured, tmp_path):
    """The same run in a folder of one's own, and two that hold a part of it: `lessons`, and `calibration`."""
    for name, part in (("whole", ""), ("lessons", "matmul/"), ("calibration", "calibration/")):
        folder = shutil.copytree(measured.folder / "whole", tmp_path / name)
        plan = json.loads((folder / "run.json").read_text())["plan"]
        edit(folder, run=f"20260101T000000Z-{name}", plan=[item for item in plan if item["key"].startswith(part)])
    (tmp_path / "results").mkdir()
    return Terminal(tmp_path)


def rows(terminal, *words):
    done = terminal("show", *words, "--format", "json")
    assert done.returncode == 0, done.stderr
    return {(row["workload"], row["params"]["dtype"]): row for row in json.loads(done.stdout) if row["clock"] != "cpu"}


def test_each_case_is_held_against_the_peaks_of_its_own_run(measured):
    found = rows(measured, "whole", "--floor")
    square, polynomial = found["matmul/square", "float32"], found["autograd/polynomial", "float32"]
    assert (square["floor_by"], polynomial["floor_by"]) == ("flops", "kernels")
    assert square["times_floor"] == pytest.approx(square["value_s"] / square["floor_s"])
    assert square["times_floor_low"] <= square["times_floor"] <= square["times_floor_high"]
    assert found["calibration/product", "float32"]["floor_reason"] == "it is the peak"


def test_the_table_tells_time_floor_ratio_what_binds_and_the_age_of_the_peaks(measured):
    text = measured("show", "whole", "--floor").stdout
    assert "÷ floor" in text
    assert "bound by" in text
    assert "ago by this run" in text
    assert "arithmetic" in text


@pytest.mark.parametrize("words", [(), ("--floor",)])
def test_a_time_below_the_floor_is_wrong_with_and_without_the_option(measured, words):
    boast = rows(measured, "whole", *words)["mine/boasts", "float32"]
    assert (boast["outcome"], boast["value_s"], boast["items_per_s"]) == ("wrong", None, None)
    assert "lies wholly below the floor" in boast["reason"]
    assert "below-floor" in [finding["check"] for finding in boast["findings"]]


def test_a_time_below_the_floor_is_in_no_history_and_no_export(measured):
    """The planted mistake: a number that the table refuses goes out another way."""
    (key,) = json.loads((measured.folder / "whole" / "run.json").read_text())["wrong"]
    assert key.startswith("mine/boasts[")
    history = json.loads(measured("history", "whole", "--format", "json").stdout)
    exported = measured("export", "whole", "--to", "csv").stdout
    for keys in ({series["key"] for series in history["series"]}, exported):
        assert key not in keys
        assert any("autograd/polynomial" in each for each in (keys if isinstance(keys, set) else [keys]))


def test_without_peaks_anywhere_the_error_names_the_command_with_threads_and_dtypes(here):
    done = here("show", "lessons", "--floor")
    assert done.returncode == 2
    assert "bench run 'calibration/*' -s threads=1 -s dtype=float32,float64" in done.stderr


def test_the_latest_sealed_run_of_this_machine_lends_its_peaks(here):
    for name in ("older", "newer"):
        folder = shutil.copytree(here.folder / "calibration", here.folder / "results" / name)
        edit(folder, run=f"20{name == 'newer':02}0101T000000Z-{name}")
    assert "ago by run 20010101T000000Z-newer" in here("show", "lessons", "--floor").stdout


def test_a_peak_that_was_not_measured_is_a_reason_beside_the_case(here):
    shutil.copytree(here.folder / "calibration", here.folder / "results" / "calibration")
    text = here("show", "lessons", "--floor").stdout
    assert "no peak of flops was measured for device=cpu dtype=float64 threads=1" in text


def test_a_run_of_another_machine_is_not_used(here):
    shutil.copytree(here.folder / "calibration", here.folder / "results" / "calibration")
    edit(here.folder / "results" / "calibration", fingerprint="0" * 16)
    assert here("show", "lessons", "--floor").returncode == 2


def test_a_run_that_is_not_sealed_is_not_used(here):
    shutil.copytree(here.folder / "calibration", here.folder / "results" / "calibration")
    (here.folder / "results" / "calibration" / "journal.jsonl").write_text("")
    assert here("show", "lessons", "--floor").returncode == 2


def test_the_age_of_peaks_is_counted_from_the_beginning_of_their_run(here):
    edit(here.folder / "calibration", created="2020-01-01T00:00:00+00:00")
    text = here("show", "lessons", "--floor", "--peaks", "calibration").stdout
    assert " days ago by run " in text


def test_peaks_that_are_named_stand_before_the_runs_own(here):
    assert (
        "ago by run 20260101T000000Z-calibration" in here("show", "whole", "--floor", "--peaks", "calibration").stdout
    )


def test_named_peaks_of_another_machine_are_refused(here):
    edit(here.folder / "calibration", fingerprint="0" * 16)
    done = here("show", "lessons", "--floor", "--peaks", "calibration")
    assert done.returncode == 2
    assert "another machine or torch" in done.stderr


def in_environment(folder, **variables):
    """Let a run say that it was measured with these variables."""
    environment = json.loads((folder / "run.json").read_text())["environment"]
    edit(folder, environment={**environment, "steering": variables})


def test_named_peaks_of_another_environment_are_refused(here):
    in_environment(here.folder / "calibration", MKL_CBWR="COMPATIBLE")
    in_environment(here.folder / "lessons")
    done = here("show", "lessons", "--floor", "--peaks", "calibration")
    assert done.returncode == 2
    assert "environment differs: MKL_CBWR=COMPATIBLE where the peaks were measured, unset in the run" in done.stderr


def test_a_run_in_another_environment_lends_no_peaks(here):
    """Else a product that MKL_CBWR does not slow down would be faster than its floor, and wrong."""
    (here.folder / "calibration").rename(here.folder / "results" / "20260101T000000Z-calibration")
    in_environment(here.folder / "results" / "20260101T000000Z-calibration", MKL_CBWR="COMPATIBLE")
    in_environment(here.folder / "lessons")
    done = here("show", "lessons", "--floor")
    assert done.returncode == 2
    assert "calibration" in done.stderr


def test_a_named_run_without_peaks_is_refused(here):
    done = here("show", "whole", "--floor", "--peaks", "lessons")
    assert done.returncode == 2
    assert "that run measured no peaks" in done.stderr


@pytest.mark.parametrize("words", [("--peaks", "calibration"), ("--floor", "--phases")])
def test_options_that_make_no_sense_together_are_refused(measured, words):
    assert measured("show", "whole", *words).returncode == 2


@pytest.mark.parametrize("format_", ["table", "json"])
def test_the_floor_imports_neither_torch_matplotlib_nor_scipy(measured, format_):
    assert heavy_after(["show", "whole", "--floor", "--format", format_], HEAVY, measured.folder) == "[]"


def test_a_report_prints_no_time_below_the_floor(here):
    assert here("report", "whole", "--out", "page").returncode == 0
    assert "below-floor" in (here.folder / "page" / "index.html").read_text()
