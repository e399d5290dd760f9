"""Stacks as files for other programs."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.present.flames.stack_files import folded, speedscope
from tests.present.stacks_made_up import HOSTILE, ODD, TRAIN_STEP

SIMPLE = [(("b (x.py)", "c (y.py)"), 2e-6), (("b (x.py)",), 1e-6), (("b (x.py)", "c (y.py)"), 0.5e-6)]

names = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20))
stacks = st.lists(
    st.tuples(st.lists(names, min_size=1, max_size=5).map(tuple), st.floats(0, 1, allow_subnormal=False)), max_size=12
)


def test_a_line_has_the_frames_and_the_nanoseconds_of_a_stack():
    assert folded(SIMPLE) == "b (x.py) 1000\nb (x.py);c (y.py) 2500\n"


def test_a_count_may_stand_for_more_than_a_nanosecond():
    assert folded(SIMPLE, ns=1000) == "b (x.py) 1\nb (x.py);c (y.py) 2\n"


def test_what_rounds_to_no_count_is_left_out():
    assert folded([(("a",), 1e-12), (("b",), 1e-6)]) == "b 1000\n"


def test_what_separates_frames_and_lines_is_replaced_in_them():
    assert folded([(("a;b", "c\nd"), 1e-9)]) == "a,b;c d 1\n"


def test_a_number_at_the_end_of_a_frame_is_not_taken_for_a_count():
    # flamegraph.pl: "there may be an extra samples column for differentials", and a line would be one
    assert folded([(("a", "loop 12"), 1e-9)]) == "a;loop_12 1\n"


@given(stacks)
def test_lines_are_as_flamegraph_and_speedscope_read_them(found):
    lines = folded(found).split("\n")
    assert lines.pop() == ""
    assert lines == sorted(lines)
    for line in lines:
        stack, count = re.fullmatch(r"(.*) (\d+)", line).groups()
        assert int(count) > 0
        assert not re.search(r"\s\d+(\.\d*)?$", stack)
    assert len({line.rpartition(" ")[0] for line in lines}) == len(lines)


def test_a_count_that_stands_for_nothing_is_refused():
    with pytest.raises(ValueError, match="cannot stand for 0 ns"):
        folded(SIMPLE, ns=0)


def test_a_stack_without_frames_is_refused():
    with pytest.raises(ValueError, match="needs a frame"):
        folded([((), 1.0)])


def check_schema(whole):
    """The rules of https://www.speedscope.app/file-format-schema.json that hold for a sampled profile."""
    # File: $schema, shared and profiles are required; name, exporter and activeProfileIndex may be there; no other.
    assert {"$schema", "shared", "profiles"} <= set(whole)
    assert set(whole) <= {"$schema", "shared", "profiles", "name", "exporter", "activeProfileIndex"}
    assert whole["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    assert isinstance(whole["name"], str)
    assert isinstance(whole["exporter"], str)
    assert 0 <= whole["activeProfileIndex"] < len(whole["profiles"])
    # Frame: name is required; file, line and col may be there.
    assert set(whole["shared"]) == {"frames"}
    for frame in whole["shared"]["frames"]:
        assert {"name"} <= set(frame) <= {"name", "file", "line", "col"}
        assert all(isinstance(frame[field], str) for field in {"name", "file"} & set(frame))
    # SampledProfile: all seven are required, and no other may be there.
    for profile in whole["profiles"]:
        assert set(profile) == {"type", "name", "unit", "startValue", "endValue", "samples", "weights"}
        assert profile["type"] == "sampled"
        assert profile["unit"] in {"bytes", "microseconds", "milliseconds", "nanoseconds", "none", "seconds"}
        assert all(isinstance(profile[field], int | float) for field in ("startValue", "endValue"))
        assert all(isinstance(weight, int | float) for weight in profile["weights"])
        # Not in the schema, but the importer wants it: a weight for each sample, and no frame but those shared.
        assert len(profile["samples"]) == len(profile["weights"])
        places = range(len(whole["shared"]["frames"]))
        assert all(type(place) is int and place in places for sample in profile["samples"] for place in sample)


@given(stacks)
def test_speedscope_gets_what_its_schema_asks_for(found):
    check_schema(json.loads(speedscope(found, "a case")))


def test_speedscope_gets_the_stacks_in_seconds_with_each_frame_once():
    whole = json.loads(speedscope(SIMPLE, "a case"))
    assert whole["shared"]["frames"] == [{"name": "b (x.py)", "file": "x.py"}, {"name": "c (y.py)", "file": "y.py"}]
    (profile,) = whole["profiles"]
    assert (profile["name"], profile["unit"]) == ("a case", "seconds")
    assert profile["samples"] == [[0], [0, 1]]
    assert profile["weights"] == pytest.approx([1e-6, 2.5e-6])
    assert profile["endValue"] == pytest.approx(3.5e-6)


def test_a_whole_step_keeps_its_time():
    total = sum(weight for _, weight in TRAIN_STEP)
    assert json.loads(speedscope(TRAIN_STEP, "step"))["profiles"][0]["endValue"] == pytest.approx(total)
    assert sum(int(line.rpartition(" ")[2]) for line in folded(TRAIN_STEP).splitlines()) == round(total * 1e9)


def test_the_order_of_the_stacks_changes_nothing():
    assert folded(ODD[::-1]) == folded(ODD)
    assert speedscope(ODD[::-1], "odd") == speedscope(ODD, "odd")
