"""The charts: every text readable, every outcome drawn, every title computed."""

import itertools
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from bench.analyse.rows.row import Row
from bench.present import charts, picture_style
from bench.present.charts.all_charts import chart_named
from bench.present.charts.canvas import most_that_fit, spread
from bench.records import Case, Finding, UserError
from tests.present import example_rows as example

LONG = "a_rather_long_name_that_goes_on_and_on_until_it_has_eighty_characters_in_it_xyz"


def texts(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


def one_launch() -> list[Row]:
    return [
        *example.rows(*(example.row("m/n", size * 1e-6, spread=0, size=size, launches=1) for size in (8, 64, 512))),
        *example.rows(*(example.row("d/e", 1 / n, spread=0, batch=n, launches=1, items=10.0) for n in (8, 64, 512))),
        *map(without_intervals, example.modes()),
    ]


def without_intervals(row: Row) -> Row:
    time = row.time and replace(row.time, low=None, high=None, n=1)
    speedup = row.speedup and replace(row.speedup, ratio=replace(row.speedup.ratio, low=None, high=None))
    return replace(row, time=time, speedup=speedup)


def only_failures() -> list[Row]:
    outcomes = ("oom", "skipped", "wrong", "timeout", "crashed", "failed")
    reason = "a reason so long that it does not fit on a line of the footer, " * 4
    rows = [
        example.row(workload, outcome=outcome, reason=f"{outcome}: {reason}", **{axis: 2**place}, mode=mode)
        for workload, axis in (("m/n", "size"), ("d/e", "batch"))
        for place, outcome in enumerate(outcomes)
        for mode in ("eager", "script")
    ]
    return example.rows(*rows)


def fifty_cases() -> list[Row]:
    rows = [
        example.row("m/n", (1 + n) * 1e-5 * (1 + m / 3), size=2**n, rows=m, mode="eager" if m == 0 else f"mode-{m}",
                    reference=example.row("m/n", 1.0, size=2**n, rows=m)["key"],
                    speedup=1 + (m - 5) / 20, speedup_low=0.98 + (m - 5) / 20, speedup_high=1.03 + (m - 5) / 20)
        for n in range(5) for m in range(10)
    ]  # fmt: skip
    rows += [example.row("d/e", 1.0 + batch / 7, batch=batch, items=100.0, mode="script") for batch in range(1, 51)]
    return example.rows(*rows)


def long_names(name: str = LONG) -> list[Row]:
    rows = [
        example.row(f"family/{name}", 1e-5 * n * (1 + kind), size=n, kind=f"{name}{kind}", mode=mode, machine=name,
                    reference=example.row("m/n", 1.0)["key"], speedup=1.2, speedup_low=1.1, speedup_high=1.3)
        for n in (64, 256) for kind in range(3) for mode in ("eager", "script")
    ]  # fmt: skip
    lost = [
        example.row(f"family/{name}", size=1024, kind=f"{name}{kind}", outcome="oom", reason=name) for kind in range(2)
    ]
    batches = [example.row(f"family/{name}b", 1.0, batch=n, kind=name, items=10.0 * n, unit=name) for n in (8, 64)]
    return example.rows(*rows, *lost, *batches)


def normal() -> list[Row]:
    return [*example.matmul(torch="2.13.0"), *example.modes(), *example.loaders()]


ROWS = {
    "normal": normal, "everything": example.everything, "one launch": one_launch, "only failures": only_failures,
    "50 cases": fifty_cases, "gate": example.gate,
    "long names": long_names, "script tag": lambda: long_names("<script>alert(1)</script>$x$"),
}  # fmt: skip
MADE = {name: make() for name, make in ROWS.items()}
SPECS = {name: charts.available(rows) for name, rows in MADE.items()}
PICTURES = {
    f"{name}-{spec.slug}-{theme}": (spec, MADE[name], theme)
    for name, specs in SPECS.items()
    for spec in specs
    for theme in (("light", "dark") if name == "gate" else ("light",))  # a theme changes colours alone
}


@pytest.mark.parametrize("picture", list(PICTURES))
def test_no_text_is_small_is_clipped_or_covers_another(picture: str) -> None:
    figure = charts.picture(*PICTURES[picture])
    found = texts(figure)
    assert min(text.get_fontsize() for text in found) >= 18
    boxes = [(text.get_text(), text.get_window_extent()) for text in found]
    width, height = figure.get_size_inches() * figure.dpi
    outside = [text for text, box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height]
    overlapping = [
        (one, two)
        for (one, a), (two, b) in itertools.combinations(boxes, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 0.5 and min(a.y1, b.y1) - max(a.y0, b.y0) > 0.5
    ]
    assert (outside, overlapping) == ([], [])


@pytest.mark.parametrize("name", list(ROWS))
def test_every_frame_allows_a_chart(name: str) -> None:
    assert SPECS[name]


def test_slugs_are_unique_and_fit_for_file_names() -> None:
    slugs = [spec.slug for specs in SPECS.values() for spec in specs]
    safe = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    assert all(set(slug) <= safe for slug in slugs)
    assert all(len({spec.slug for spec in specs}) == len(specs) for specs in SPECS.values())


def test_every_case_of_a_long_list_stands_on_some_chart() -> None:
    rows = fifty_cases()
    drawn = {key for spec in charts.available(rows) if spec.name == "time_by_size" for key in spec.keys}
    assert drawn == {row.key for row in rows if row.workload == "m/n"}


def test_the_title_states_how_far_apart_the_lines_are() -> None:
    spec = next(spec for spec in charts.available(example.matmul()) if spec.name == "time_by_size")
    assert spec.title == "matmul/square at size 1,024: cuda is 18.5× [18.0, 19.1] as fast as cpu"


def test_the_title_of_a_single_line_states_its_growth() -> None:
    rows = example.rows(*(example.row("m/n", size * 1e-6, size=size) for size in (10, 1000)))
    assert charts.available(rows)[0].title == "m/n: 100× the size takes 100× [97, 103] the time"


def test_overlapping_intervals_are_not_resolved() -> None:
    rows = [
        example.row("m/n", 1e-3 * (1.001 if d == "cpu" else 1), size=n, device=d)
        for n in (1, 2)
        for d in ("cpu", "cuda")
    ]
    assert "not resolved by this data" in charts.available(example.rows(*rows))[0].title


def test_one_launch_decides_nothing() -> None:
    assert all("not resolved" in spec.title for spec in charts.available(one_launch()) if spec.name != "saturation")


def test_the_title_of_saturation_states_the_knee() -> None:
    title = next(spec.title for spec in charts.available(example.loaders()) if spec.name == "saturation")
    assert title.endswith("reaches 6.6 M rows/s [6.4, 6.7] at batch 8,192, 90 % of it between batch 128 and 2,048")


def test_a_knee_beyond_the_largest_batch_is_not_resolved_and_the_chart_says_why() -> None:
    rows = example.rows(*(example.row("d/e", 1.0, batch=n, items=10.0 * n) for n in (8, 64, 512)))
    assert charts.available(rows)[0].title.endswith("at batch 512; its knee is not resolved by this data")
    said = " ".join(text.get_text() for text in texts(charts.draw("saturation", rows)))
    assert "No knee: throughput still rises at batch 512." in said


def test_titles_are_what_the_data_say(golden: Callable[[str, str], None]) -> None:
    specs = [*charts.available(example.everything()), *charts.available(example.gate())]
    golden("chart_titles.txt", "".join(f"{spec.slug}: {spec.title}\n" for spec in specs))


def test_a_crossover_compares_a_dtype_with_itself_alone() -> None:
    """The planted mistake: halves on the device are ten times as fast, and would move the crossover."""
    halves = [
        example.scaled(row, 0.1 if row.axis("device") == "cuda" else 1.0) for row in example.devices(dtype="float16")
    ]
    both = [*example.devices(), *halves]
    charts_of = {spec.slug: spec for spec in charts.available(both) if spec.name == "crossover"}
    assert set(charts_of) == {"crossover-matmul-square", "crossover-matmul-square-2"}
    dtypes = [
        {Case.from_key(key)["dtype"] for key in spec.keys if "calibration" not in key} for spec in charts_of.values()
    ]
    assert dtypes == [{"float32"}, {"float16"}]


def test_a_speedup_on_one_axis_is_none_on_another() -> None:
    assert {spec.name for spec in charts.available(example.modes())} == {"time_by_size", "modes"}


def test_the_title_of_modes_counts_what_beats_eager() -> None:
    title = next(spec.title for spec in charts.available(example.modes()) if spec.name == "modes")
    assert title.endswith("is 1.52× [1.48, 1.57] as fast as eager; 2 of 6 cases beat eager")


def test_a_mode_whose_interval_crosses_1_is_called_cannot_tell() -> None:
    assert sum(text.get_text() == "cannot tell" for text in texts(charts.draw("modes", example.modes()))) == 2


def test_a_lost_case_is_drawn_with_its_outcome_and_reason() -> None:
    said = [text.get_text() for text in texts(charts.draw("time_by_size", example.matmul()))]
    assert "oom: cuda" in said
    assert any(text.startswith("oom: CUDA out of memory") for text in said)


def test_points_of_one_launch_say_that_they_have_no_interval() -> None:
    rows = [row for row in one_launch() if row.workload == "m/n"]
    assert "No interval: one launch a case, or not known." in [
        text.get_text() for text in texts(charts.draw("time_by_size", rows))
    ]


def test_the_footer_names_machine_run_torch_clock_and_method() -> None:
    said = " ".join(text.get_text() for text in texts(charts.draw("time_by_size", example.matmul(torch="2.13.0"))))
    wanted = ("2-core AMD EPYC", "run 20250101T120000-ab12", "torch 2.13.0", "wall clock", "order", "6 launches")
    assert all(word in said for word in wanted)


def test_what_all_lines_share_stands_in_the_footer() -> None:
    said = " ".join(text.get_text() for text in texts(charts.draw("saturation", example.loaders())))
    assert "cpu · float32 · eager · 1 thread" in " ".join(said.split())


def test_the_device_clock_is_never_mixed_into_the_wall_clock() -> None:
    rows = [example.row("m/n", n * 1e-3, size=n) for n in (1, 10)]
    rows += [example.row("m/n", n * 1e-6, size=n, clock="device") for n in (1, 10)]
    assert charts.describe(charts.available(example.rows(*rows))[0], example.rows(*rows)).count("µs") == 0


def test_ticks_are_never_in_scientific_notation() -> None:
    said = " ".join(text.get_text() for text in texts(charts.draw("time_by_size", example.matmul())))
    assert "10^" not in said
    assert "e-0" not in said


def test_alt_text_gives_every_point() -> None:
    rows = example.matmul()
    text = charts.describe(charts.available(rows)[0], rows)
    assert "64: 9.3 µs [9.2, 9.6]" in text
    assert "4096: oom" in text


@pytest.mark.parametrize(
    ("name", "rows", "command"),
    [
        ("time_by_size", example.loaders, "bench run '*' --set size=64,256,1024"),
        ("saturation", example.matmul, "bench run '*' --set batch=32,128,512"),
        ("modes", example.matmul, "bench run 'matmul/square' --set mode=eager,compile,script,trace"),
        ("modes", list, "bench run"),
    ],
)
def test_a_chart_without_its_data_names_the_command_that_measures_them(
    name: str, rows: Callable[[], list[Row]], command: str
) -> None:
    with pytest.raises(UserError, match=re.escape(command)):
        charts.draw(name, rows())


def test_an_unknown_chart_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="crossover, speedup, time_by_size"):
        charts.draw("pie", example.matmul())


def test_a_name_that_fits_several_charts_is_refused_with_their_slugs() -> None:
    with pytest.raises(UserError, match="time_by_size-matmul-square"):
        charts.draw("time_by_size", normal())


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(UserError, match="light, dark"):
        charts.draw("time_by_size", example.matmul(), "sepia")


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_the_same_picture_gives_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    one, two = (
        picture_style.save(charts.draw("time_by_size", example.matmul()), tmp_path / f"{n}.{suffix}").read_bytes()
        for n in range(2)
    )
    assert one == two


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"\.svg, \.png, \.pdf"):
        picture_style.save(charts.draw("time_by_size", example.matmul()), tmp_path / "a.jpg")


def test_an_svg_holds_no_script_element(tmp_path: Path) -> None:
    rows = ROWS["script tag"]()
    path = picture_style.save(charts.draw(charts.available(rows)[0].slug, rows), tmp_path / "a.svg")
    assert not [element for element in ElementTree.parse(path).iter() if element.tag.endswith("script")]


def test_drawing_loads_no_pyplot() -> None:
    code = (
        "import sys, bench.present.charts.line_drawing, bench.present.charts.modes\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_labels_keep_their_distance_and_stay_inside() -> None:
    centres = spread([10, 10.5, 11, 99], [20, 20, 20, 20], 0, 100)
    ordered = sorted(centres)
    assert all(b - a >= 20 - 1e-9 for a, b in itertools.pairwise(ordered))
    assert ordered[0] >= 10
    assert ordered[-1] <= 90


@pytest.mark.parametrize("limit", [0, 1, 2, 7, 300])
@pytest.mark.parametrize("most", [0, 1, 6, 299, 301])
def test_as_many_letters_as_fit_are_found_in_few_measurements(limit: int, most: int) -> None:
    measured = []

    def fits(letters: int) -> bool:
        measured.append(letters)
        return letters <= most

    assert most_that_fit(limit, fits) == min(limit, most)
    assert len(measured) <= 9


def test_findings_do_not_disturb_a_chart() -> None:
    rows = example.matmul(findings=[Finding("few-launches", "warning", "few", "more")])
    assert charts.draw("time_by_size", rows)


def test_two_sizes_next_to_each_other_are_no_sweep() -> None:
    near = example.rows(example.row("a/b", 1.0, size=1000), example.row("a/b", 1.1, size=1024))
    assert not [spec for spec in charts.available(near) if spec.slug.startswith("time")]


@pytest.mark.parametrize(("last", "said"), [(250, "2.5×"), (10_000, "100×"), (1_000_000, "10,000×")])
def test_a_headline_has_no_powers_of_ten(last: int, said: str) -> None:
    rows = [example.row("a/b", 1e-3, size=100), example.row("a/b", 1.0, size=last)]
    assert f" {said} the size" in chart_named("time_by_size").finding(example.rows(*rows))
