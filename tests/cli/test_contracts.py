"""What other programs may rely on: the shapes of the JSON that commands write."""

import json
import sys
from pathlib import Path

import pytest

from bench.jobs.report_writer import write_report
from bench.records import UserError
from tests.measured import CASES, OUTCOMES

RUN_KEYS = {"schema", "run", "path", "status", "outcomes", "left_out", "wall_s"}
SHOW_KEYS = {
    *("key", "workload", "params", "outcome", "reason", "clock", "value_s", "low_s", "high_s", "method", "launches"),
    *("blocks", "first_call_s", "compile_cold_s", "compile_warm_s", "peak_bytes", "items_per_s"),
    *("speedup", "speedup_low", "speedup_high", "speedup_paired", "findings"),
}


def shown(terminal, *options):
    done = terminal("show", "run", "--format", "json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_run_prints_exactly_one_json_object_on_stdout(finished):
    _, done = finished
    summary = json.loads(done.stdout)
    assert set(summary) == RUN_KEYS
    assert summary["status"] == "complete"
    assert summary["outcomes"] == OUTCOMES


def test_the_run_keeps_which_answers_were_wrong(finished):
    terminal, _ = finished
    (wrong,) = json.loads((terminal.folder / "run" / "run.json").read_text())["wrong"]
    assert wrong.startswith("misbehaving/is_wrong[")


def test_show_rows_have_all_promised_keys(finished):
    terminal, _ = finished
    for row in shown(terminal):
        assert set(row) >= SHOW_KEYS


def median_of_paired_ratios(folder, over, under, column):
    """The same number had another way, straight from the blocks. column: what of them is taken."""
    import bench

    blocks = bench.load(folder, level="blocks").query("kept and phase == 'step'")
    medians = (blocks[column] / blocks["steps"]).groupby([blocks["key"], blocks["launch"]]).median()
    return (medians[over] / medians[under]).median()


def test_a_measured_row_is_in_seconds_with_its_interval_around_it(finished):
    terminal, _ = finished
    rows = [row for row in shown(terminal) if row["outcome"] == "ok"]
    assert rows
    for row in rows:
        assert 1e-7 < row["value_s"] < 1e-2
        if row["low_s"] is None:
            assert row["method"].startswith("not known:")  # two launches of a busy machine
        else:
            assert row["low_s"] <= row["value_s"] <= row["high_s"]
        assert row["launches"] == 2
        assert row["params"]["size"] == 64
        assert {finding["check"] for finding in row["findings"]} >= {"few-launches"}


def test_a_skipped_row_has_a_reason_and_no_time(finished):
    terminal, _ = finished
    skipped = [row for row in shown(terminal) if row["outcome"] == "skipped"]
    assert len(skipped) == 2
    for row in skipped:
        assert "makes no sense in mode=" in row["reason"]
        assert row["value_s"] is row["low_s"] is row["speedup"] is None


def test_speedups_are_against_the_eager_twin_and_paired_by_launch(finished):
    terminal, _ = finished
    every = [row for row in shown(terminal, "--vs", "mode=eager") if row["clock"] != "cpu"]
    rows = {(row["workload"], row["params"]["mode"]): row for row in every}
    eager, script = rows["matmul/square", "eager"], rows["matmul/square", "script"]
    assert eager["speedup"] is None
    assert script["speedup_paired"] is True
    assert script["speedup"] == pytest.approx(
        median_of_paired_ratios(
            terminal.folder / "run",
            eager["key"],
            script["key"],
            {"wall": "total_ns", "cpu": "cpu_ns"}[script["speedup_clock"]],
        )
    )
    assert script["speedup_low"] <= script["speedup"] <= script["speedup_high"]


def test_markdown_has_one_row_a_case_that_starts_with_its_key(finished):
    terminal, _ = finished
    done = terminal("show", "run", "--vs", "mode=eager", "--format", "md")
    lines = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + CASES
    assert all(line.split("|")[1].strip().startswith(("matmul/", "misbehaving/")) for line in lines[2:])


def test_list_has_the_promised_keys_and_every_workload_of_the_course(bench):
    rows = json.loads(bench("list", "--format", "json").stdout)
    assert {"name", "lesson", "summary", "axes", "modes", "module"} <= set(rows[0])
    assert {"matmul/square", "regression/fit", "dataloader/epoch", "torchscript/inference"} <= {
        row["name"] for row in rows
    }


def test_doctor_tells_facts_capabilities_noise_and_findings(bench):
    done = bench("doctor", "--seconds", 1, "--format", "json")
    told = json.loads(done.stdout)
    assert set(told) == {"facts", "capabilities", "noise", "findings"}
    assert told["noise"]["blocks"] > 50
    assert told["capabilities"]["cpu"] == ""
    assert {"py-spy", "pyinstrument"} <= set(told["capabilities"])
    assert told["facts"]["cpu"]["physical"] >= 1


def test_doctor_in_words_names_the_machine_and_says_what_to_do(bench):
    done = bench("doctor", "--seconds", 1)
    assert done.returncode == 0
    for word in ("fingerprint", "can:", "noise of", "→"):
        assert word in done.stdout


def test_csv_can_be_read_by_pandas(finished):
    import io

    import pandas as pd

    terminal, _ = finished
    frame = pd.read_csv(io.StringIO(terminal("show", "run", "--format", "csv").stdout))
    walls = frame[frame["clock"] != "cpu"]
    assert len(walls) == CASES
    assert walls["value_s"].notna().sum() == 4
    assert frame["clock"].value_counts().to_dict() == {"wall": 4, "cpu": 4}


def test_load_gives_a_tidy_frame_at_every_level(finished):
    import bench

    terminal, _ = finished
    folder = terminal.folder / "run"
    assert len(bench.load(folder).query("clock != 'cpu'")) == CASES
    assert set(bench.load(folder, level="phases")["phase"]) == {
        "to_device",
        "compute",
        "to_host",
        "first_call",
        "build",
    }
    assert bench.load(folder, level="launches")["launch"].max() == 1
    assert {"steps", "total_ns", "kept"} <= set(bench.load(folder, level="blocks").columns)
    assert "speedup" in bench.load(folder, vs="mode=eager")


def test_run_json_records_where_the_time_went_and_what_was_measured(finished):
    terminal, _ = finished
    run = json.loads((terminal.folder / "run" / "run.json").read_text())
    assert sum(run["time"]["shares"].values()) == pytest.approx(1, abs=0.01)
    assert run["time"]["shares"]["blocks"] > 0
    assert run["time"]["parent_cpu_share"] < 0.2
    assert 10e6 < run["time"]["parent_peak_bytes"] < 200e6
    assert run["environment"]["torch"]["version"]
    assert len(run["fingerprint"]) == 16
    assert set(run["git"]) - {"reason"} == {"commit", "branch", "dirty"}


def test_plot_draws_files_and_prints_their_paths(finished):
    terminal, _ = finished
    done = terminal("plot", "run", "--out", "charts", "--to", "svg,png,pdf")
    assert done.returncode == 0, done.stderr
    paths = done.stdout.split()
    assert {path.rpartition(".")[2] for path in paths} == {"svg", "png", "pdf"}
    for path in paths:
        assert (terminal.folder / path).stat().st_size > 5000
        assert (terminal.folder / path).with_suffix(".csv").read_text().count("\n") > 1
        assert len((terminal.folder / path).with_suffix(".txt").read_text()) > 50


def test_a_figure_is_drawn_again_from_itself_and_verified(finished):
    terminal, _ = finished
    path = terminal("plot", "run", "--out", "once", "--to", "png").stdout.split()[0]
    again = terminal("plot", "--from", path, "--out", "again")
    assert again.returncode == 0, again.stderr
    whole = (terminal.folder / path).read_bytes()
    assert (terminal.folder / again.stdout.strip()).read_bytes() == whole
    assert "its picture is what its data give" in terminal("plot", "--from", path, "--verify").stdout
    (terminal.folder / "bad.png").write_bytes(whole[:-30] + bytes([whole[-30] ^ 1]) + whole[-29:])
    done = terminal("plot", "--from", "bad.png", "--verify")
    assert done.returncode == 2
    assert "the picture is not the one that its data give" in done.stderr
    done = terminal("plot", "--from", path, "--overlay", "run")
    assert done.returncode == 2
    assert "shows one machine" in done.stderr


def test_a_deck_is_made_in_each_format(finished):
    terminal, _ = finished
    done = terminal("report", "run", "--out", "deck", "--to", "pptx,pdf,beamer")
    assert done.stdout.split() == ["deck/deck.pptx", "deck/deck.pdf", "deck/deck.tex"]
    text = (terminal.folder / "deck" / "deck.tex").read_text()
    shown = [part.partition("}")[0] for part in text.split(r"\includegraphics[width=\paperwidth]{")[1:]]
    assert shown
    assert all((terminal.folder / "deck" / name).exists() for name in shown)
    refused = terminal("report", "run", "--to", "odt")
    assert refused.returncode == 2
    assert "html, pptx, pdf, beamer, explore" in refused.stderr


def test_the_page_to_explore_and_the_report_lead_to_each_other(finished):
    terminal, _ = finished
    done = terminal("report", "run", "--out", "both", "--to", "explore,html")
    assert done.stdout.split() == ["both/index.html", "both/explore.html"]
    report, explore = ((terminal.folder / name).read_text() for name in done.stdout.split())
    assert 'href="explore.html"' in report
    assert 'href="index.html"' in explore
    assert "matmul/round_trip[device=cpu,dtype=float32,mode=script,size=64,threads=1]" in explore
    alone = terminal("report", "run", "--out", "alone", "--to", "explore")
    assert alone.stdout.split() == ["alone/explore.html"]
    assert 'href="index.html"' not in (terminal.folder / "alone" / "explore.html").read_text()


def test_without_the_libraries_to_explore_no_report_leads_to_a_page_that_is_not_there(finished, monkeypatch):
    terminal, _ = finished
    monkeypatch.chdir(terminal.folder)
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(UserError, match=r"coursebench\[explore\]"):
        write_report(["run"], None, Path("neither"), ["html", "explore"])
    assert not (terminal.folder / "neither" / "index.html").exists()


def test_report_is_one_page_that_names_every_case(finished):
    terminal, _ = finished
    done = terminal("report", "run", "--out", "page")
    page = (terminal.folder / done.stdout.strip()).read_text()
    assert page.count("matmul/square") > 1
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert [path.name for path in (terminal.folder / "page").iterdir()] == ["index.html"]
