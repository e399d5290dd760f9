"""`bench history`, `bench import`, `bench export` as a user types them, with real files and real readers."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.measured import CASES, OUTCOMES

DATA = Path(__file__).parents[1] / "data"
SAFETENSORS = DATA / "github_action_benchmark" / "safetensors_first250.js"
SAP = DATA / "sap_hana_small"


def told(bench, *words):
    done = bench("history", *words, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_history_of_another_tool_is_told_as_a_table(bench):
    done = bench("history", SAP / "data" / "0011.csv")
    assert done.returncode == 0
    assert "1 series, 180 commits, 1 machine" in done.stdout
    assert "machine not known" in done.stdout
    assert "1 alert, 1 with something slower" in done.stdout


def test_every_verdict_of_sap_is_met(bench):
    """25 series of a database, with the judgement of the people who run it."""
    details = pd.read_csv(SAP / "metadata" / "dataset_details.csv", sep=";", skipinitialspace=True)
    details.columns = [name.strip() for name in details.columns]
    expected = {row["Dataset"].strip(): int(row["Change Point"]) for _, row in details.iterrows()}
    found = told(bench, *(SAP / "data" / name for name in expected))
    for series in found["series"]:
        name = series["key"].partition("/")[0] + ".csv"
        measured = pd.read_csv(SAP / "data" / name)
        builds = [str(build) for build in measured["GHC"].drop_duplicates()]
        assert series["commits"] == builds
        # Their change point is the number of the last measurement before it.
        truth = [str(measured["GHC"].iloc[expected[name]])] if expected[name] else []
        assert [series["commits"][place] for place in series["changes"]] == truth, name


def test_an_alert_names_all_cases_that_moved_between_two_commits(bench):
    found = told(bench, SAFETENSORS)
    largest = max(found["alerts"], key=lambda alert: len(alert["marks"]))
    assert len({mark["key"] for mark in largest["marks"]}) == len(largest["marks"]) >= 4
    for alert in found["alerts"]:
        assert alert["worse"] == any(mark["worse"] for mark in alert["marks"])
        for mark in alert["marks"]:
            assert mark["low"] <= mark["ratio"] <= mark["high"]


def test_csv_has_a_row_a_mark(bench):
    done = bench("history", SAFETENSORS, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    marks = [mark for alert in told(bench, SAFETENSORS)["alerts"] for mark in alert["marks"]]
    assert [row["key"] for row in rows] == [mark["key"] for mark in marks]
    assert "alert" in rows[0]


def test_the_table_says_which_alerts_are_new(bench):
    """Nothing was known: what got slower is new, and what got faster is not."""
    (bench.folder / "known.json").write_text('{"alerts": []}')
    alerts = told(bench, SAFETENSORS, "--known", "known.json")["alerts"]
    assert [alert["new"] for alert in alerts] == [alert["worse"] for alert in alerts]
    assert {alert["new"] for alert in alerts} == {True, False}
    text = bench("history", SAFETENSORS, "--known", "known.json", "--format", "md").stdout
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in text.splitlines() if line.startswith("| ")]
    assert rows[0] == ["alert", "new"]
    assert {int(number): new for number, new in rows[2:]} == {
        number: "new" if alert["new"] else "–" for number, alert in enumerate(alerts, start=1)
    }
    assert "| new |" not in bench("history", SAFETENSORS, "--format", "md").stdout


def test_runs_are_found_in_folders_of_folders_and_damage_is_passed_over(bench):
    done = bench("import", DATA / "pytest_benchmark", "-o", "jobs/one")
    assert done.returncode == 0, done.stderr
    first = bench.folder / done.stdout.split()[0]
    (first / "blocks.parquet").write_bytes(b"broken")
    done = bench("history", "jobs")
    assert done.returncode == 0, done.stderr
    assert "left out:" in done.stderr
    assert "2 commits" in done.stdout


def test_without_any_value_nothing_is_said_to_be_unchanged(bench):
    (bench.folder / "x.csv").write_text("commit,x\na,0\n")
    done = bench("history", "x.csv", "--fail-on-new")
    assert done.returncode == 2
    assert "no value in x.csv" in done.stderr


def test_only_the_selected_cases(bench):
    found = told(bench, SAFETENSORS, "--select", "*pt_sf_load_cpu")
    assert [series["key"].partition("[")[0] for series in found["series"]] == [
        "Benchmark/benches-test_pt-py-test_pt_sf_load_cpu"
    ]
    done = bench("history", SAFETENSORS, "--select", "nothing*")
    assert done.returncode == 2
    assert "no case fits" in done.stderr


def test_something_slower_fails_only_where_that_is_asked_for_and_not_known(bench):
    file = SAP / "data" / "0011.csv"
    assert bench("history", file).returncode == 0
    done = bench("history", file, "--fail-on-new")
    assert done.returncode == 1
    assert "1 of them new" in done.stdout
    (bench.folder / "known.json").write_text(bench("history", file, "--format", "json").stdout)
    done = bench("history", file, "--fail-on-new", "--known", "known.json")
    assert done.returncode == 0, done.stderr
    assert "none of them new" in done.stdout
    (bench.folder / "bad.json").write_text("[]")
    assert bench("history", file, "--known", "bad.json").returncode == 2


def test_something_faster_never_fails(bench):
    values = "commit,x_s\n" + "".join(f"c{n},{1.0 if n < 20 else 0.5}\n" for n in range(40))
    (bench.folder / "x.csv").write_text(values)
    done = bench("history", "x.csv", "--fail-on-new")
    assert done.returncode == 0
    assert "faster" in done.stdout


def test_a_chart_a_series_is_drawn(bench):
    done = bench("history", SAP / "data" / "0011.csv", SAP / "data" / "0017.csv", "--out", "charts", "--to", "svg")
    assert done.returncode == 0, done.stderr
    assert len(list((bench.folder / "charts").glob("*.svg"))) == 2
    bench("history", SAP / "data" / "0011.csv", SAP / "data" / "0017.csv", "-o", "few", "--to", "svg", "--changed")
    assert [path.name[:4] for path in (bench.folder / "few").iterdir()] == ["0011"]


def test_where_there_is_nothing_the_error_says_what_to_do(bench):
    done = bench("history")
    assert done.returncode == 2
    assert "bench run" in done.stderr
    done = bench("history", "none.json")
    assert done.returncode == 2
    assert "none.json" in done.stderr


# --- import ---------------------------------------------------------------------------------------------------------


def test_imported_runs_are_shown_compared_and_have_a_history(bench):
    start, brace, rest = SAFETENSORS.read_text().partition("{")
    content = json.loads(brace + rest)
    content["entries"] = {name: pushes[:40] for name, pushes in content["entries"].items()}
    (bench.folder / "data.js").write_text(start + json.dumps(content))
    done = bench("import", "data.js", "-o", "nightly")
    assert done.returncode == 0, done.stderr
    folders = done.stdout.split()
    assert len(folders) == 40
    assert bench("show", folders[-1]).returncode == 0
    compared = bench("compare", folders[0], folders[-1])
    assert "supports no verdict" in compared.stdout
    direct, imported = told(bench, "data.js"), told(bench, "nightly")
    assert direct["alerts"]
    assert [alert["until_commit"] for alert in imported["alerts"]] == [
        alert["until_commit"] for alert in direct["alerts"]
    ]


def test_import_says_what_it_left_out(bench):
    done = bench("import", DATA / "asv", "-o", "runs")
    assert done.returncode == 0, done.stderr
    assert "track_value (unit) is no time, in 1 files" in done.stderr
    done = bench("import", DATA / "otava" / "sample.csv")
    assert done.returncode == 2
    assert "--unit" in done.stderr
    assert not (bench.folder / "results").exists()


def test_the_kind_of_a_file_can_be_named(bench):
    shutil.copy(DATA / "pyperf" / "mult_list_py36.json", bench.folder / "x.txt")
    assert bench("import", "x.txt").returncode == 2
    done = bench("import", "x.txt", "--from", "pyperf")
    assert done.returncode == 0, done.stderr


# --- export ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(finished):
    terminal, _ = finished
    made = {"pytest-benchmark": "x.json", "github-action-benchmark": "data.js", "csv": "x.csv", "parquet": "x.parquet"}
    for kind, name in made.items():
        done = terminal("export", "run", "--to", kind, "--out", name)
        assert done.returncode == 0, done.stderr
        assert f"{CASES - OUTCOMES['ok']} of {CASES} cases have no time" in done.stderr
    return terminal


def shown(terminal, run):
    rows = json.loads(terminal("show", run, "--format", "json").stdout)
    return {row["key"]: row for row in rows if row["outcome"] == "ok" and row["clock"] == "wall"}


@pytest.mark.parametrize("name", ["x.json", "x.csv", "x.parquet"])
def test_what_is_exported_comes_back_with_its_launches(exported, name, tmp_path):
    done = exported("import", name, "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    before, after = shown(exported, "run"), shown(exported, done.stdout.strip())
    assert set(before) == set(after)
    for key, row in before.items():
        assert after[key]["value_s"] == pytest.approx(row["value_s"], rel=1e-6)
        assert after[key]["low_s"] == pytest.approx(row["low_s"], rel=1e-6)
        assert after[key]["launches"] == row["launches"]
    compared = json.loads(exported("compare", "run", done.stdout.strip(), "--format", "json").stdout)
    assert {item["verdict"] for item in compared} <= {"not_resolved", "not_compared"}


def test_pytest_benchmark_s_own_compare_takes_the_export(exported):
    words = ["-c", "from pytest_benchmark.cli import main; main()", "compare", "./x.json", "--columns", "median,rounds"]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=exported.folder)
    assert done.returncode == 0, done.stderr
    for key in shown(exported, "run"):
        assert key in done.stdout


def test_data_js_is_read_again_and_added_to(exported):
    exported("export", "run", "--to", "github-action-benchmark", "--out", "data.js")
    found = told(exported, "data.js")
    own = shown(exported, "run")
    by_key = {series["key"]: series for series in found["series"]}
    assert set(by_key) == set(own)
    text = (exported.folder / "data.js").read_text()
    pushes = json.loads(text.removeprefix("window.BENCHMARK_DATA ="))["entries"]["coursebench"]
    assert len(pushes) >= 2
    assert {push["tool"] for push in pushes} == {"customSmallerIsBetter"}
    for key, row in own.items():
        assert by_key[key]["values"][0] == pytest.approx(row["value_s"], rel=1e-9)


def test_the_list_that_the_action_takes(exported):
    done = exported("export", "run", "--to", "github-action-benchmark")
    listed = json.loads(done.stdout)
    assert {tuple(sorted(item)) for item in listed} == {("extra", "name", "range", "unit", "value")}
    assert all(item["value"] > 0 for item in listed)


def test_another_file_is_not_written_over_as_if_it_were_data_js(exported):
    (exported.folder / "other.js").write_text("alert(1)")
    done = exported("export", "run", "--to", "github-action-benchmark", "--out", "other.js")
    assert done.returncode == 2
    assert (exported.folder / "other.js").read_text() == "alert(1)"


def test_parquet_wants_a_file(exported):
    done = exported("export", "run", "--to", "parquet")
    assert done.returncode == 2
    assert "--out" in done.stderr
