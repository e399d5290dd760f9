"""Snapshots of CUDA's allocator as torch gives them, written down by hand."""

from pathlib import Path

import torch

from bench.measure.profiling.allocator_history import rows_of


def entry(action, size, us, *frames):
    named = [{"filename": str(file), "line": line, "name": name} for file, line, name in frames]
    return {"action": action, "size": size, "time_us": us, "addr": 1, "stream": 0, "frames": named}


def row(us, size, place):
    return {"us": us, "bytes": size, "place": place}


TORCH = (Path(torch.__file__).parent / "nn" / "functional.py", 10, "linear")
MINE = ("/home/me/bench/mine.py", 7, "step")


def test_rows_are_what_changes_how_much_is_allocated_in_us_since_the_first():
    trace = [
        entry("segment_alloc", 2 << 20, 999),
        entry("alloc", 1024, 1000, MINE),
        entry("free_requested", 1024, 1005),
        entry("free_completed", 1024, 1006, MINE),
    ]
    assert rows_of({"device_traces": [[], trace]}, 1) == {
        "rows": [row(0, 1024, "mine.py:7 step"), row(6, -1024, "mine.py:7 step")],
        "lost": False,
    }


def test_the_frame_is_the_innermost_one_of_the_users_own():
    native = ("??", 0, "at::empty")
    rows = rows_of({"device_traces": [[entry("alloc", 8, 0, native, TORCH, MINE)]]}, 0)["rows"]
    assert rows == [row(0, 8, "mine.py:7 step")]


def test_where_all_frames_are_torchs_the_innermost_of_them_is_told():
    rows = rows_of({"device_traces": [[entry("alloc", 8, 0, TORCH)]]}, 0)["rows"]
    assert rows == [row(0, 8, "functional.py:10 linear")]


def test_without_frames_and_without_traces_there_is_nothing_to_tell():
    assert rows_of({"device_traces": [[entry("alloc", 8, 0)]]}, 0)["rows"] == [row(0, 8, "")]
    assert rows_of({"device_traces": []}, 0) == {"rows": [], "lost": False}
