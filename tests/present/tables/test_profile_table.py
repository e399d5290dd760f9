"""A profile as people and programs read it."""

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from bench.analyse.profiles import judge
from bench.present.pages import memory_picture, profile_page
from bench.present.tables.profile_table import shapes, show
from bench.records import UserError
from tests.present.profile_made_up import on_cpu, on_gpu

CPU = """\
matmul/square[device=cpu,dtype=float32,mode=eager,size=64,threads=1]
operator-bound: 90 % to 92 % of the step is in operators; compute or memory? no peaks of this machine were measured: \
bench run 'calibration/*'
torch.profiler, 200 steps in 20 blocks of one process; a step takes 9.80 ms [9.71, 9.80] without it and \
1.020× [1.015, 1.025] as long with it
sampled by py-spy 500 times a second: 1,000 samples in the steps, 12 outside of them, 3 lost; a step takes \
1.000× [1.000, 1.000] as long with it

function                              innermost            95 %  with all below
───────────────────────────────────────────────────────────────────────────────
forward (torch/nn/modules/linear.py)     70.0 %  67.1 to 72.8 %          70.0 %
step (mine.py)                           25.0 %  22.4 to 27.8 %         100.0 %
<lambda> (mine.py)                        5.0 %    3.8 to 6.5 %           5.0 %

part       of a step  without the profiler  is
────────────────────────────────────────────────────────────────────────────────
operators  90.0 %     90 to 92 %            operators of torch run
python     10.0 %     8 to 10 %             the host is outside of all operators

operator                        shapes        calls/step     self    total  allocated/step
──────────────────────────────────────────────────────────────────────────────────────────
aten::mm                        64×64, 64×64           1  9.00 ms  9.00 ms        16.0 KiB
aten::resolve_conj              64×64                  3  2.00 µs  2.00 µs             0 B
Optimizer.step#<b>SGD</b>.step  –                      1   900 µs  1.00 ms             0 B

peak memory of the host: prepare 1.00 MiB, first call 1.00 MiB, step 1.00 MiB
"""


def test_a_terminal_gets_the_verdict_its_parts_the_operators_and_the_memory():
    assert show(*on_cpu(), "table", width=160) == CPU


def test_over_budget_a_table_has_no_times_and_says_why():
    text = show(*on_cpu(slower=2.0), "table", width=160)
    assert "shape only: above 1.25× its parts have no times" in text
    operators = text[text.index("operator  ") :]
    assert "ms" not in operators
    assert "µs" not in operators
    assert "16.0 KiB" in operators


def test_over_budget_a_program_gets_no_times_either():
    rows = json.loads(show(*on_cpu(slower=2.0), "json"))["operators"]
    assert {row[name] for row in rows for name in ("self_s", "total_s", "device_self_s", "device_total_s")} == {None}


def test_of_a_device_launches_copies_idle_time_and_waits_are_told():
    text = show(*on_gpu(), "table", width=200)
    for line in (
        "on the device per step: kernels 3, copies host → device 1, fills 1",
        "the device idles 20.0 % of the time under the profiler, and 19 to 20 % without it",
        "calls that wait for the device, per step: cudaStreamSynchronize 1",
        "per step in copies 1.00 µs (device), in waits 10.0 ns (host)",
        "peak memory of the device: prepare 1.00 MiB, first call 1.00 MiB, step 1.00 MiB",
        "no peak memory of the host: told elsewhere",
    ):
        assert line in text
    assert "on device" in text


def test_lost_events_are_told():
    assert "no device work was seen for 7 kernels and copies" in show(*on_gpu(lost=7), "table")


def test_a_program_gets_one_object():
    found = json.loads(show(*on_gpu(), "json"))
    assert found["rung"] == "py-spy"
    assert found["verdict"] == "kernel-bound"
    assert {"schema", "run", "path", "key", "shares", "overhead", "step_s", "idle", "limits", "kernels"} <= set(found)
    assert found["operators"][0]["device_self_s"] == pytest.approx(0.008)


def test_csv_has_the_operators_with_seconds_and_bytes_a_step():
    rows = list(csv.DictReader(io.StringIO(show(*on_cpu(), "csv"))))
    assert (rows[0]["name"], float(rows[0]["self_s"]), float(rows[0]["host_bytes"])) == ("aten::mm", 0.009, 16384.0)


def test_markdown_keeps_names_from_being_tags():
    text = show(*on_cpu(), "md")
    assert "| aten::mm | 64×64, 64×64 |" in text
    assert "<b>" not in text


def test_another_format_is_refused():
    with pytest.raises(UserError, match="no format"):
        show(*on_cpu(), "xml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", ""),
        ("[[800, 64], [64, 64], []]", "800×64, 64×64, –"),
        ("[[8]]", "8"),
        ("", ""),
    ],
)
def test_shapes_are_written_as_people_write_them(text, expected):
    assert shapes(text) == expected


# --- the page -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [on_cpu, on_gpu])
def test_the_page_needs_nothing_beside_it_but_links_its_trace(made):
    text = profile_page.page(*made())
    assert re.findall(r'(?:src|srcset|href)="(?!data:|#)([^"]*)"', text) == ["trace.json.gz"]
    assert "http" not in text


def test_names_in_the_page_are_no_tags():
    text = profile_page.page(*on_cpu())
    assert "<b>SGD" not in text
    assert "&lt;b&gt;SGD" in text


def test_numbers_of_the_page_sort_by_what_they_are():
    text = profile_page.page(*on_cpu())
    assert 'data-sort="0.009"' in text


def test_over_budget_the_page_has_no_column_of_times():
    text = profile_page.page(*on_cpu(slower=2.0))
    assert ">self<" not in text
    assert "Shape only" in text


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("made", [on_cpu, on_gpu])
def test_the_memory_is_drawn_in_both_themes_and_told_in_words(made, theme):
    found, _ = made()
    assert memory_picture.draw(found, theme) is not None
    assert len(memory_picture.describe(found)) > 40


def test_a_timeline_tells_its_extremes_and_its_largest_allocation():
    assert memory_picture.describe(on_gpu()[0]) == (
        "2 steps move the allocated memory of the device between 1.00 MiB and 2.50 MiB. "
        "The largest allocations: 1.00 MiB at mine.py:3 step, 512 KiB at no Python frame."
    )


def test_where_nothing_is_known_of_the_memory_nothing_is_drawn():
    found, _ = on_cpu()
    found.operators[["host_bytes", "device_bytes"]] = 0
    for phase in found.told["memory"]["phases"].values():
        phase["host"] = None
    assert memory_picture.draw(found) is None


def test_where_the_sampler_cost_too_much_functions_have_names_alone():
    made, _ = on_cpu()
    watched = made.told["watched"]
    told = {**made.told, "watched": {**watched, "watched_ns": [2 * ns for ns in watched["plain_ns"]]}}
    made, judged = replace(made, told=told), judge(told)
    text = show(made, judged, "table", width=160)
    functions = text[text.index("function") : text.index("part   ")]
    assert "step (mine.py)" in functions
    assert "%" not in functions
    assert {row["own"] for row in json.loads(show(made, judged, "json"))["functions"]} == {None}
    assert "(shape only: the sampler makes a step 2.00 times as long)" in profile_page.page(made, judged)
