"""`bench.load`, `bench.charts` and `bench.compare`: from Python, what the commands say and draw."""

from __future__ import annotations

import base64
import dataclasses
import inspect
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.figure
import pandas as pd
import pytest

import bench
from bench import interop
from bench.analyse.rows import record
from bench.interop import sealed_run
from bench.present.charts import embedded_data
from bench.present.charts.all_charts import CHARTS
from bench.records import UserError
from bench.store import (
    loaded_runs,
    runs,
    schema,
    tables,
)
from tests.analyse.conftest import MadeUpRun
from tests.analyse.gate.test_verdicts import KEY, Recorded
from tests.present import example_rows as example
from tests.terminal import Terminal

DATA = Path(__file__).parent / "data"
STEADY = (1.0, 1.002, 0.998, 1.001, 0.999, 1.0)
FACTS = {"schema": schema.VERSION, "created": "2026-11-01T10:00:00+00:00", "fingerprint": "here"}


def stored(folder: Path, made: MadeUpRun, **facts: object) -> Path:
    """A made-up run as a sealed folder."""
    return sealed(folder, made.data(), **facts)


def sealed(folder: Path, data: tables.RunData, **facts: object) -> Path:
    """The same of what `tables.read` would give."""
    whole = dataclasses.replace(data, folder=folder, run={**data.run, **FACTS, **facts})
    runs.create(folder, whole.run)
    tables.seal(whole, {})
    return folder


def many() -> MadeUpRun:
    """Products on two devices, in two modes, of three sizes, and sums of two sizes."""
    run = MadeUpRun()
    for size in (64, 256, 1024):
        for device, mode, time_s in (
            ("cpu", "eager", 2e-11 * size**3),
            ("cpu", "script", 1.9e-11 * size**3),
            ("cuda", "eager", 3e-5 + 2e-13 * size**3),
        ):
            run.measured([each * time_s for each in STEADY], size=size, device=device, mode=mode)
    for size in (10, 1000):
        run.measured([each * 1e-8 * size for each in STEADY], workload="tensors/elementwise", size=size, device="cpu")
    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored(tmp_path_factory.mktemp("facade") / "run", many())


@pytest.fixture(scope="module")
def frame(folder: Path) -> pd.DataFrame:
    return bench.load(folder)


def products(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[(frame["workload"] == "matmul/square") & (frame["device"] == "cpu")]


# --- what is there ---------------------------------------------------------------------------------------------------


def test_nothing_heavy_is_imported_until_a_function_is_called() -> None:
    program = (
        "import sys, bench; bench.charts.crossover, bench.compare, dir(bench.charts), help; "
        "print(sorted({'numpy', 'pandas', 'torch', 'matplotlib', 'scipy', 'IPython'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_chart_of_a_run_is_a_function_that_states_its_question() -> None:
    assert set(bench.charts.__all__) == set(dir(bench.charts)) == {chart.name for chart in CHARTS}
    for chart in CHARTS:
        function = getattr(bench.charts, chart.name)
        assert inspect.getdoc(function) == chart.question
        assert list(inspect.signature(function).parameters) == ["frame", "theme"]


def test_a_frame_stays_a_plain_one_without_what_only_charts_draw(frame: pd.DataFrame) -> None:
    assert type(frame) is pd.DataFrame
    assert not set(record.CHART) & set(frame)
    assert frame.attrs == {}


# --- charts ----------------------------------------------------------------------------------------------------------


def test_a_chart_is_the_file_of_bench_plot_to_the_byte(folder: Path, frame: pd.DataFrame, tmp_path: Path) -> None:
    done = Terminal(tmp_path)("plot", folder, "--out", "plotted")
    assert done.returncode == 0, done.stderr
    for name in bench.charts.__all__:
        if list((tmp_path / "plotted").glob(f"{name}-*")):
            getattr(bench.charts, name)(frame).save(tmp_path / "saved")
    plotted, saved = (
        {path.name: path.read_bytes() for path in (tmp_path / at).iterdir()} for at in ("plotted", "saved")
    )
    assert {name.partition("-")[0] for name in plotted} >= {"crossover", "speedup", "time_by_size", "modes"}
    assert {name.rpartition(".")[2] for name in plotted} == {"svg", "png", "csv", "txt"}
    assert [name for name in plotted if saved.get(name) != plotted[name]] == []
    assert saved.keys() == plotted.keys()


def test_a_chart_of_some_rows_still_has_what_it_draws_besides(frame: pd.DataFrame) -> None:
    """Its twins are in rows that were left out, and its blocks in no frame of estimates at all."""
    scripted = products(frame)[lambda rows: rows["mode"] == "script"]
    assert "as fast as eager" in bench.charts.modes(scripted).alt
    assert bench.charts.distribution(scripted).rows["samples"].map(len).max() == len(STEADY)


def test_the_working_folder_may_change_after_loading(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(folder.parent)
    frame = bench.load("run")
    monkeypatch.chdir(tmp_path)
    assert bench.charts.modes(frame)


def test_one_chart_tells_itself(frame: pd.DataFrame) -> None:
    drawn = bench.charts.crossover(frame)
    assert len(drawn) == 1
    assert drawn.alt.startswith(drawn.title)
    assert drawn.title == "matmul/square: cuda overtakes the CPU between size 64 and 256"
    assert repr(drawn) == f"[0] crossover-matmul-square: {drawn.title}"
    assert str(drawn) == drawn.alt
    assert isinstance(drawn.figure, matplotlib.figure.Figure)
    assert set(drawn.rows["workload"]) == {"matmul/square"}
    assert len(drawn.rows) == 6


def test_several_charts_are_a_sequence_of_them(frame: pd.DataFrame) -> None:
    drawn = bench.charts.time_by_size(frame)
    assert [one.slug for one in drawn] == ["time_by_size-matmul-square", "time_by_size-tensors-elementwise"]
    assert (drawn[-1].slug, drawn[:1].slug) == (drawn[1].slug, drawn[0].slug)
    for wanted in ("alt", "rows", "figure", "title", "slug"):
        with pytest.raises(UserError, match=r"2 charts; choose one by its place:\n\[0\] time_by_size-matmul-square: "):
            getattr(drawn, wanted)
    with pytest.raises(IndexError):
        drawn[2]


def test_jupyter_gets_the_file_as_a_picture_with_its_alt_text(frame: pd.DataFrame, tmp_path: Path) -> None:
    drawn = bench.charts.crossover(frame, theme="dark")
    shown = drawn._repr_mimebundle_()
    assert shown["text/plain"] == drawn.alt
    assert shown["text/html"].startswith(f'<img alt="{drawn.alt}" ')
    source = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', shown["text/html"])
    assert source is not None
    for suffix, content in (("svg", source[1]), ("png", shown["image/png"])):
        path = tmp_path / f"shown.{suffix}"
        path.write_bytes(base64.b64decode(content))
        assert embedded_data.problems(path) == []
        assert (embedded_data.read(path).alt, embedded_data.read(path).theme) == (drawn.alt, "dark")


def test_jupyter_gets_all_of_several_charts(frame: pd.DataFrame) -> None:
    shown = bench.charts.time_by_size(frame)._repr_mimebundle_()
    assert shown["text/html"].count("<img ") == 2
    assert "image/png" not in shown


def test_an_alt_text_cannot_leave_its_attribute() -> None:
    rows = example.operations(machine='"><script>alert(1)</script>', run="20250101T120000-ef56")
    frame = record.frame(rows)
    shown = bench.charts.time_by_size(frame)._repr_mimebundle_()["text/html"]
    assert "<script" not in shown
    assert shown.count("<") == 1


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_saving_writes_rows_and_alt_text_beside_the_figure(suffix: str, frame: pd.DataFrame, tmp_path: Path) -> None:
    drawn = bench.charts.crossover(frame)
    path = tmp_path / "new" / f"slide.{suffix}"
    assert drawn.save(path) == [path]
    assert embedded_data.problems(path) == []
    assert path.with_suffix(".txt").read_text() == f"{drawn.alt}\n"
    assert len(pd.read_csv(path.with_suffix(".csv"))) == len(drawn.rows)


@pytest.mark.parametrize(("name", "says"), [("slide.jpg", r"\.svg, \.png, \.pdf"), ("slides.svg", "2 charts")])
def test_what_cannot_be_saved_so_is_refused(name: str, says: str, frame: pd.DataFrame, tmp_path: Path) -> None:
    drawn = bench.charts.time_by_size(frame)
    with pytest.raises(UserError, match=says):
        (drawn if name == "slides.svg" else drawn[0]).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("crossover", "bench run 'matmul/square' --set device=cpu,cuda"),
        ("saturation", "bench run '*' --set batch=32,128,512"),
        ("precision", "bench run 'matmul/square' --set dtype="),
        ("anatomy", "bench run"),
    ],
)
def test_a_chart_without_its_data_names_the_command_that_measures_them(
    name: str, command: str, frame: pd.DataFrame
) -> None:
    with pytest.raises(UserError, match=re.escape(command)):
        getattr(bench.charts, name)(products(frame))


def test_no_chart_is_made_of_nothing(frame: pd.DataFrame) -> None:
    for name in bench.charts.__all__:
        with pytest.raises(UserError):
            getattr(bench.charts, name)(frame.iloc[:0])


def test_an_unknown_theme_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(UserError, match="light, dark"):
        bench.charts.modes(frame, theme="sepia")


def test_another_kind_of_frame_is_refused(folder: Path) -> None:
    with pytest.raises(UserError, match=r"bench\.load\(RUN\).*lacks: run, workload, outcome"):
        bench.charts.modes(bench.load(folder, level="blocks"))


def test_a_time_that_was_changed_is_not_drawn_beside_what_was_measured(frame: pd.DataFrame) -> None:
    """The planted mistake: a halved time, whose twin, blocks and phases would still be those of the run."""
    halved = frame.assign(value_s=frame["value_s"].where(frame["mode"] != "script", frame["value_s"] / 2))
    with pytest.raises(
        UserError, match=r"run .* has changed since this frame was loaded \(.*mode=script.*\); load it again"
    ):
        bench.charts.modes(halved)


def test_a_run_that_is_not_to_be_had_is_missed_only_by_charts_that_draw_more() -> None:
    frame = record.frame(example.operations(run="20250101T120000Z-0000aaaa"))
    assert bench.charts.time_by_size(frame)
    with pytest.raises(UserError, match=r"run 20250101T120000Z-0000aaaa was not loaded here .* bench\.load\(FOLDER\)"):
        bench.charts.modes(frame)


def test_a_gate_is_loaded_as_its_verdicts_and_drawn(tmp_path: Path) -> None:
    data = Recorded(MadeUpRun()).pairs(KEY, 0.08).pairs(KEY, 0.0, twin=True).data()
    folder = sealed(tmp_path / "gate", data, run="20261101T100000Z-000000aa")
    with pytest.raises(UserError, match="bench gate --replay"):
        bench.load(folder)
    frame = bench.load(folder, level="verdicts")
    assert frame["verdict"].tolist() == ["regressed"]
    assert "regressed" in bench.charts.verdict(frame).alt


def test_two_machines_are_drawn_over_each_other_where_a_chart_tells_them_apart(folder: Path, tmp_path: Path) -> None:
    other = stored(tmp_path / "other", many(), run="20261101T100000Z-000000bb", machine="a laptop")
    both = pd.concat([products(bench.load(folder)), products(bench.load(other))])
    drawn = bench.charts.time_by_size(both[both["mode"] == "eager"])
    assert "a laptop" in drawn.alt
    assert "2-core" in drawn.alt
    titles = [each.title for each in bench.charts.modes(both)]
    assert any(title.startswith("a laptop: ") for title in titles)
    assert any(title.startswith("2-core") for title in titles)


def test_two_runs_of_one_machine_are_refused_by_a_chart_that_cannot_tell_them_apart(
    folder: Path, tmp_path: Path
) -> None:
    other = stored(tmp_path / "other", many(), run="20261101T100000Z-000000bb")
    both = pd.concat([products(bench.load(folder)), products(bench.load(other))])
    with pytest.raises(UserError, match="'modes' shows one run, and this frame holds 2"):
        bench.charts.modes(both)
    assert bench.charts.modes(both[both["run"] == "20261101T100000Z-000000bb"])


# --- compare ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two runs of one machine: one case is 10 % slower in the second, one was measured in one process alone."""
    made = []
    for place, (factor, name) in enumerate(((1.0, "base"), (1.1, "head"))):
        run = MadeUpRun()
        run.measured([each * 1e-3 * factor for each in STEADY], workload="a/slower")
        run.measured([each * 1e-3 for each in STEADY], workload="a/same")
        run.measured([1e-3 * factor], workload="a/once")
        made.append(stored(tmp_path / name, run, run=f"20261101T100000Z-0000000{place}"))
    return made[0], made[1]


def test_it_says_what_the_command_says(two: tuple[Path, Path]) -> None:
    comparison = bench.compare(*two)
    done = Terminal(two[0].parent)("compare", "base", "head")
    assert f"{comparison}\n" == done.stdout
    assert repr(comparison) == str(comparison)


def test_its_frame_has_ratios_with_intervals_and_verdicts(two: tuple[Path, Path]) -> None:
    rows = bench.compare(*two).frame.rename(index=dict(enumerate(["slower", "same", "once"])))
    assert rows["verdict"].tolist() == ["slower", "not_resolved", "not_resolved"]
    assert rows.loc["slower", "low"] < 1.1 < rows.loc["slower", "high"]
    assert rows.loc["once", ["low", "high"]].isna().all()


def test_frames_are_compared_as_their_runs_are_and_of_some_rows_those(two: tuple[Path, Path]) -> None:
    base, head = map(bench.load, two)
    pd.testing.assert_frame_equal(bench.compare(base, head).frame, bench.compare(*two).frame)
    slower = bench.compare(base[base["workload"] == "a/slower"], head[head["workload"] == "a/slower"])
    assert slower.frame["verdict"].tolist() == ["slower"]


@pytest.mark.parametrize(
    "spoil", [lambda frame: frame.assign(value_s=1.0), lambda frame: frame.iloc[:0], lambda frame: frame[["key"]]]
)
def test_a_frame_that_is_not_of_one_run_as_it_is_stored_is_refused(spoil, two: tuple[Path, Path]) -> None:
    with pytest.raises(UserError, match=r"load it again|a frame of one run|a frame of estimates"):
        bench.compare(spoil(bench.load(two[0])), two[1])


def test_a_page_shows_every_interval_and_every_verdict(two: tuple[Path, Path]) -> None:
    shown = bench.compare(*two)._repr_html_()
    for item in bench.compare(*two).found:
        assert item.verdict in shown
        assert item.low is None or f"{item.low:.3f} to {item.high:.3f}" in shown
    assert "one process of a side supports no verdict" in shown
    assert shown.count("<td") == 3 * 9
    assert "></td>" not in shown  # what is empty reads as in the terminal: a dash
    assert "<code>bench gate</code> takes turns" in shown


def test_names_of_people_who_mean_harm_stay_text_on_a_page(two: tuple[Path, Path], tmp_path: Path) -> None:
    run = MadeUpRun()
    run.launch(run.plan("a/slower"), outcome="crashed", reason="<script>alert(1)</script>")
    other = stored(tmp_path / "harm", run, run="20261101T100000Z-000000cc", machine='<img src=x onerror="alert(1)">')
    shown = bench.compare(two[0], other)._repr_html_()
    assert "<script" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


def test_rounds_of_one_process_support_no_verdict_here_either(tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        (execution,) = interop.read(DATA / "pytest_benchmark" / "lagom_cpython310.json", plain=interop.TableHints())
        made.append(sealed_run.write(sealed_run.as_run(execution, tmp_path / name)[0]))
    comparison = bench.compare(*made)
    assert set(comparison.frame["verdict"]) == {"not_resolved"}
    assert comparison._repr_html_().count("supports no verdict") == len(comparison.frame)


def test_a_run_of_pairs_is_no_side(tmp_path: Path, two: tuple[Path, Path]) -> None:
    data = Recorded(MadeUpRun()).pairs(KEY, 0.08).data()
    folder = sealed(tmp_path / "gate", data, run="20261101T100000Z-000000dd")
    with pytest.raises(UserError, match="bench gate --replay"):
        bench.compare(folder, two[1])


def test_what_was_loaded_is_found_again_by_its_id(two: tuple[Path, Path]) -> None:
    bench.load(two[0])
    assert loaded_runs.folder_of("20261101T100000Z-00000000") == two[0]


# --- statistics and clocks ------------------------------------------------------------------------------------------


@pytest.fixture
def periodic(tmp_path: Path) -> Path:
    """Sizes of which every fourth block is nine times as dear, with CPU times: half of wall."""
    run = MadeUpRun()
    for size in (64, 256, 1024):
        case = run.plan(size=size)
        for number, factor in enumerate(STEADY):
            run.launch(case, number)
            for dear in (1, 1, 1, 9):
                seconds = factor * dear * 1e-8 * size
                half = round(seconds * 1e12 / 2)
                run.blocks(case, number, [seconds], cpu_ns=half, thread_ns=half, preempted=0, waited=0)
    return stored(tmp_path / "periodic", run, run="20261101T100000Z-000000cc")


def test_a_frame_of_means_is_drawn_as_means(periodic: Path) -> None:
    mean = bench.load(periodic, statistic="mean")
    assert (mean["value_s"] == mean["mean_s"]).all()
    drawn = bench.charts.time_by_size(mean)
    assert "mean of the blocks of a launch" in svg_text(drawn)
    assert drawn.rows["value_s"].tolist() == mean.loc[mean["clock"] == "wall", "value_s"].tolist()
    assert "mean of the blocks" not in svg_text(bench.charts.time_by_size(bench.load(periodic)))


def svg_text(drawn: object) -> str:
    return " ".join(text.get_text() for text in drawn.figure.findobj(matplotlib.text.Text))  # type: ignore[attr-defined]


def test_a_chart_is_of_the_wall_unless_its_rows_are_of_the_cpu_clock_alone(periodic: Path) -> None:
    frame = bench.load(periodic)
    assert set(frame["clock"]) == {"wall", "cpu"}
    assert set(bench.charts.time_by_size(frame).rows["clock"]) == {"wall"}
    assert set(bench.charts.time_by_size(frame[frame["clock"] == "cpu"]).rows["clock"]) == {"cpu"}


def test_times_of_two_statistics_are_not_mixed(periodic: Path) -> None:
    both = pd.concat([bench.load(periodic), bench.load(periodic, statistic="mean")])
    with pytest.raises(UserError, match="times of one statistic are needed"):
        bench.charts.time_by_size(both)
    with pytest.raises(UserError, match="unlike statistics"):
        bench.compare(bench.load(periodic), bench.load(periodic, statistic="mean"))
    with pytest.raises(UserError, match="holds another statistic than min"):
        bench.compare(bench.load(periodic, statistic="mean"), periodic, statistic="min")


def test_runs_are_compared_by_a_statistic_and_on_a_clock(periodic: Path, tmp_path: Path) -> None:
    by_mean = bench.load(periodic, statistic="mean")
    of_frames = bench.compare(by_mean, by_mean).frame
    of_runs = bench.compare(periodic, periodic, statistic="mean").frame
    assert of_frames["base_s"].tolist() == of_runs["base_s"].tolist()
    assert of_runs["base_s"].iloc[0] == pytest.approx(3 * bench.compare(periodic, periodic).frame["base_s"].iloc[0])
    assert set(bench.compare(periodic, periodic, clock="cpu").frame["clock"]) == {"cpu"}


def test_a_case_without_a_time_does_not_stand_in_the_way_of_a_statistic(tmp_path: Path) -> None:
    run = many()
    run.launch(run.plan(size=4096), outcome="oom", reason="no room")
    frame = bench.load(stored(tmp_path / "lost", run, run="20261101T100000Z-000000dd"), statistic="mean")
    assert set(frame["statistic"]) == {"mean"}
    products = frame[frame["workload"] == "matmul/square"]
    assert bench.charts.time_by_size(products).rows["statistic"].eq("mean").all()


@pytest.mark.parametrize(
    ("words", "says", "not_says"),
    [
        (["show", "RUN"], "wall clock", "cpu clock"),
        (["show", "RUN", "--clock", "cpu"], "cpu clock", "wall clock"),
        (["show", "RUN", "--statistic", "mean"], "Time is the mean per step", "median per step"),
        (["show", "RUN", "--statistic", "min"], "the fastest block", "median per step"),
        (["compare", "RUN", "RUN", "--clock", "cpu", "--format", "csv"], ",cpu,", ",wall,"),
        (["compare", "RUN", "RUN", "--clock", "wall", "--format", "csv"], ",wall,", ",cpu,"),
        (["plot", "RUN", "--clock", "cpu", "--statistic", "mean", "--list"], "time_by_size", "error"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else None,
)
def test_commands_take_a_clock_and_a_statistic(words: list[str], says: str, not_says: str, periodic: Path) -> None:
    from typer.testing import CliRunner

    from bench.cli.app import app

    done = CliRunner().invoke(app, [str(periodic) if word == "RUN" else word for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert says in done.output
    assert not_says not in done.output


def test_a_clock_that_timed_nothing_is_refused_by_every_command(periodic: Path) -> None:
    from typer.testing import CliRunner

    from bench.cli.app import app

    for words in (["show", "RUN"], ["plot", "RUN"], ["compare", "RUN", "RUN"]):
        given = [str(periodic) if word == "RUN" else word for word in words]
        with pytest.raises(UserError, match="nothing here was timed on the clock 'device'; there are: wall, cpu"):
            CliRunner().invoke(app, [*given, "--clock", "device"], catch_exceptions=False)
