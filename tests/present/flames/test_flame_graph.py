"""Flame graphs: widths that hold, words that are right, colours that are told apart, names that break nothing."""

import itertools
import math
import re
import sys
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.present import picture_style
from bench.present.flames import (
    flame_colours,
    flame_graph,
    flame_svg,
    flame_tree,
)
from bench.records import UserError
from tests.present.stacks_made_up import HOSTILE, ODD, TRAIN_STEP, US, deep, replaced, wide

SVG = "{http://www.w3.org/2000/svg}"

BASE = [(("main (a.py)", "old (b.py)"), 2e-3), (("main (a.py)", "kept (c.py)"), 1e-3), (("main (a.py)",), 1e-3)]
HEAD = [(("main (a.py)", "new (b.py)"), 1e-3), (("main (a.py)", "kept (c.py)"), 2e-3), (("main (a.py)",), 1e-3)]

KEPT = ("kept (c.py)", "")

names = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30))
weights = st.floats(1e-9, 10, allow_subnormal=False)
stacks = st.lists(st.tuples(st.lists(names, min_size=1, max_size=6).map(tuple), weights), min_size=1, max_size=15)


def frames(svg):
    """Look, title, edges, row and label of each frame that is drawn."""
    found = []
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        title, rect, text = (group.find(f"{SVG}{tag}") for tag in ("title", "rect", "text"))
        if title is not None:
            left, width, y = (float(rect.get(name)) for name in ("x", "width", "y"))
            label = "" if text is None else text.text
            found.append(
                (group.get("class").split()[0], title.text, left, left + width, round(y / flame_svg.ROW_PX), label)
            )
    return found


def drawn(found, **more):
    return frames(flame_graph.draw(found, title="a step", **more))


def page_svg(graph):
    return graph.svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


# --- the tree -------------------------------------------------------------------------------------------------------


def test_a_node_has_the_time_of_all_below_it():
    root = flame_tree.tree(BASE)
    assert root.weight == pytest.approx(4e-3)
    main = root.children["main (a.py)"]
    assert main.weight == pytest.approx(4e-3)
    assert [(name, node.weight) for name, node in main.children.items()] == [
        ("kept (c.py)", 1e-3),
        ("old (b.py)", 2e-3),
    ]


@given(stacks)
def test_the_root_has_the_sum_of_all_stacks(found):
    assert flame_tree.tree(found).weight == pytest.approx(math.fsum(weight for _, weight in found))


@given(stacks)
def test_children_are_sorted_by_name_everywhere(found):
    waiting = [flame_tree.tree(found)]
    while waiting:
        node = waiting.pop()
        assert list(node.children) == sorted(node.children)
        waiting.extend(node.children.values())


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "without any time"),
        ([(("a",), 0.0)], "without any time"),
        ([((), 1.0)], "needs a frame"),
        ([(("a",), -1.0)], r"takes -1\.0 s"),
        ([(("a",), math.nan)], "takes nan s"),
    ],
)
def test_what_cannot_be_drawn_is_refused(found, said):
    with pytest.raises(ValueError, match=said):
        flame_graph.draw(found, title="nothing")


def test_a_theme_that_is_not_there_is_refused():
    with pytest.raises(UserError, match="no theme 'sepia'"):
        flame_graph.draw(BASE, title="a step", theme="sepia")


# --- what is drawn --------------------------------------------------------------------------------------------------


@given(stacks)
def test_what_is_called_lies_within_what_calls_and_beside_its_like(found):
    by_row: dict[int, list] = {}
    for frame in drawn(found):
        _, _, left, right, row, _ = frame
        assert left <= right
        for _, _, start, end, *_ in by_row.get(row, [])[-1:]:
            assert end <= left + 1e-6
            assert start <= end
        if row:
            _, _, start, end, *_ = by_row[row - 1][-1]
            assert start - 1e-6 <= left
            assert right <= end + 1e-6
        by_row.setdefault(row, []).append(frame)


@given(stacks, st.randoms(use_true_random=False))
def test_the_same_stacks_give_the_same_bytes_in_whatever_order(found, random):
    mixed = list(found)
    random.shuffle(mixed)
    assert flame_graph.draw(mixed, title="a step") == flame_graph.draw(found, title="a step")
    assert flame_graph.inline(mixed, title="a step") == flame_graph.inline(found, title="a step")


def test_times_of_one_stack_add_up_in_whatever_order():
    found = [(("a",), 0.1), (("a",), 0.2), (("a",), 0.3)]
    assert 0.1 + 0.2 + 0.3 != 0.3 + 0.2 + 0.1  # and `sum` compensates only from Python 3.12 on
    assert flame_tree.merged(found) == flame_tree.merged(found[::-1]) == [(("a",), 0.6)]


@given(stacks)
def test_any_name_gives_an_xml_that_says_it(found):
    titles = [title for _, title, *_ in drawn(found)]
    most, _ = max(found, key=lambda entry: entry[1])
    if flame_tree.tree(found).children[most[0]].weight >= flame_tree.LEAST_SHARE * flame_tree.tree(found).weight:
        assert any(title.startswith(flame_svg.clean(most[0]) + "\n") for title in titles)


def test_hostile_names_stay_text():
    for svg in (flame_graph.draw(ODD, title="]]> & <b>"), flame_graph.inline(ODD, title="odd").svg):
        assert "<script>" not in svg
        assert svg.count("</style>") == 1
        assert svg.count("<title>") == svg.count("</title>")
    titles = {title.partition("\n")[0] for _, title, *_ in drawn(ODD)}
    assert {"<lambda> (<stdin>)", "a & b (x.py)", "]]> (c.py)", "x" * 400 + " (long.py)"} <= titles
    assert {"bell\ufffd and new line (n.py)", "(no name)"} <= titles


def test_every_frame_tells_its_name_its_seconds_and_its_share():
    titles = {title for _, title, *_ in drawn(BASE)}
    assert "old (b.py)\n2.00 ms per step, 50.0 % of the step" in titles
    assert "one step\n4.00 ms per step, 100.0 % of the step" in titles


def test_labels_are_whole_where_they_fit_else_the_name_else_cut():
    assert flame_svg.fitted("forward (torch/nn/modules/linear.py)", 300) == "forward (torch/nn/modules/linear.py)"
    assert flame_svg.fitted("forward (torch/nn/modules/linear.py)", 200) == "forward"
    assert flame_svg.fitted("forward (torch/nn/modules/linear.py)", 45) == "forwa…"
    assert flame_svg.fitted("forward (torch/nn/modules/linear.py)", 20) == ""
    assert flame_svg.fitted("forward (torch/nn/modules/linear.py)", 60, "+ ") == "+ forwa…"
    assert flame_svg.fitted("forward (torch/nn/modules/linear.py)", 20, "+ ") == "+"
    assert flame_svg.fitted("forward (torch/nn/modules/linear.py)", 5, "+ ") == ""


@given(names, st.floats(0, 500))
def test_no_label_is_wider_than_its_room(name, room):
    assert len(flame_svg.fitted(name, room)) * flame_svg.CELL_PX <= room


def test_frames_below_a_thousandth_are_told_in_words_alone():
    found = [(("big",), 1.0), (("small", "a"), 0.0004), (("small", "b"), 0.0005)]
    assert [title.partition("\n")[0] for _, title, *_ in drawn(found)] == ["one step", "big"]
    said = "Not drawn: 3 frames that are narrower than 0.1 %, together 0.1 % of the step."
    assert said in flame_graph.inline(found, title="a step").notes
    assert said in texts(flame_graph.draw(found, title="a step"))


def test_nothing_is_said_of_frames_left_out_where_there_are_none():
    assert "Not drawn" not in flame_graph.draw(BASE, title="a step")


def test_a_file_needs_nothing_beside_it():
    svg = flame_graph.draw(TRAIN_STEP, title="a step")
    assert "<script" not in svg
    assert "@import" not in svg
    assert "url(" not in svg
    assert re.findall(r"https?://[^\"]*", svg) == ["http://www.w3.org/2000/svg"]


def test_two_thousand_frames_fit_the_budget_of_a_page():
    svg = flame_graph.inline(wide(2000), title="a step").svg
    assert svg.count("<rect") > 1900
    assert len(svg.encode()) <= 600_000


def test_stacks_deeper_than_python_recurses_are_drawn():
    depth = sys.getrecursionlimit() + 100
    # Of the frames, the innermost takes 1 of so many µs, the one around it 2: the root, and all that are wide enough.
    wide_enough = sum(place >= flame_tree.LEAST_SHARE * depth for place in range(1, depth + 1))
    assert len(drawn(deep(depth))) == 1 + wide_enough


def test_the_graph_of_a_page_holds_the_same_frames_as_the_file():
    page = frames(page_svg(flame_graph.inline(TRAIN_STEP, title="a step")))
    assert [frame[:2] for frame in page] == [frame[:2] for frame in drawn(TRAIN_STEP)]


# --- whose a frame is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ("forward (torch/nn/modules/linear.py)", "torch"),
        ("linear (torch._C._nn)", "torch"),
        ("aten::addmm", "torch"),
        ("wait (threading.py)", "library"),
        ("the loop over the steps (bench/measure/timing/blocks.py)", "harness"),
        ("step (mine.py)", "own"),
        ("call (cabcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst.py)", "library"),
        ("asarray (numpy/core/numeric.py)", "library"),
        ("<lambda> (<stdin>)", "library"),
        ("step (workloads/torch/case.py)", "own"),
        ("f (x) (workloads/a.py)", "own"),
        ("call (bench/measure/clock.py)", "harness"),
        ("", "library"),
    ],
)
def test_a_frame_belongs_to_whom_its_file_says(frame, expected):
    assert flame_colours.owner(frame) == expected


def test_the_legend_names_whose_frames_there_are_and_no_other():
    assert flame_graph.inline(BASE, title="a step").legend == (("own", "the workload's own code"),)
    assert "the workload's own code" in flame_graph.draw(BASE, title="a step")
    assert "the harness" not in flame_graph.draw(BASE, title="a step")
    assert [look for look, _ in flame_graph.inline(TRAIN_STEP, title="a step").legend] == [
        "own",
        "torch",
        "library",
        "harness",
    ]


# --- colours --------------------------------------------------------------------------------------------------------

# Machado, Oliveira and Fernandes (2009), severity 1: what is left of linear RGB.
SIGHT = {
    "all colours": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def lab(color, sight):
    """CIE L*a*b* (D65) of a colour as seen by someone."""
    rgb = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    ]
    seen = [min(1.0, max(0.0, sum(a * b for a, b in zip(row, rgb, strict=True)))) for row in sight]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = [sum(a * b for a, b in zip(row, seen, strict=True)) for row in to_xyz]
    x, y, z = (
        c ** (1 / 3) if c > 0.008856 else 7.787 * c + 16 / 116
        for c in (a / b for a, b in zip(xyz, (0.9505, 1, 1.089), strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_labels_are_read_on_every_colour(theme):
    fills = flame_colours.fills(picture_style.theme(theme))
    assert set(fills) == set(flame_colours.LOOKS)
    assert min(flame_colours.contrast(fill, flame_colours.label(fill)) for fill in fills.values()) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize(
    ("looks", "least"),
    [
        (("own", "torch", "library", "harness"), 25),
        (
            ("slower3", "slower2", "slower1", "grey", "faster1", "faster2", "faster3"),
            10,
        ),  # steps of one colour are near
        (("slower1", "grey", "faster1"), 20),
    ],
    ids=["owners", "changes", "directions"],
)
def test_looks_are_told_apart_whatever_colours_one_sees(theme, sight, looks, least):
    fills = flame_colours.fills(picture_style.theme(theme))
    seen = {look: lab(fills[look], SIGHT[sight]) for look in looks}
    near = {(a, b): round(math.dist(seen[a], seen[b])) for a, b in itertools.combinations(looks, 2)}
    assert min(near.values()) >= least, near


# --- against another run --------------------------------------------------------------------------------------------


def compared(base, head, clear, **more):
    return frames(flame_graph.draw_difference(base, head, clear, title="a step", **more))


def test_only_what_differs_clearly_has_a_colour():
    looks = {title.partition("\n")[0]: look for look, title, *_ in compared(BASE, HEAD, {KEPT: 1e-3})}
    assert looks == {"one step": "grey", "main (a.py)": "grey", "kept (c.py)": "slower3", "new (b.py)": "grey"}


def test_the_step_as_a_whole_may_differ_clearly():
    looks = {title.partition("\n")[0]: look for look, title, *_ in compared(BASE, HEAD, {(flame_tree.ROOT, ""): -1e-6})}
    assert looks[flame_tree.ROOT] == "faster1"


def test_without_a_clear_difference_all_is_grey():
    assert {look for look, *_ in compared(TRAIN_STEP, replaced(TRAIN_STEP, "linear (torch/_C/_nn)", 2), {})} == {"grey"}


@pytest.mark.parametrize(
    ("delta", "expected"),
    [
        (0.3e-3, "slower3"),
        (0.1e-3, "slower2"),
        (0.01e-3, "slower1"),
        (-0.01e-3, "faster1"),
        (-0.1e-3, "faster2"),
        (-1e-3, "faster3"),
    ],
)
def test_a_colour_is_the_deeper_the_larger_the_difference(delta, expected):
    assert next(frame[0] for frame in compared(BASE, HEAD, {KEPT: delta}) if "kept" in frame[1]) == expected


def test_a_frame_tells_the_seconds_of_both_and_what_is_clear():
    titles = {title for _, title, *_ in compared(BASE, HEAD, {KEPT: 1e-3})}
    assert "kept (c.py)\n2.00 ms per step, in the base 1.00 ms; clear over all its calls: +1.00 ms" in titles
    assert "new (b.py)\n1.00 ms per step, in the base 0 s: no clear difference" in titles


def test_a_function_is_coloured_in_the_own_code_that_it_clearly_differs_in_and_nowhere_else():
    """In one caller a library's function is faster, in another there was none of it before."""
    mm, base_us, head_us = "mm (torch/x.py)", {"old (a.py)": 5, "new (a.py)": 0}, {"old (a.py)": 2, "new (a.py)": 6}
    base, head = (
        [((own, "call (torch/x.py)", mm), us * US) for own, us in each.items()] for each in (base_us, head_us)
    )
    found = [(title, look) for look, title, *_ in compared(base, head, {(mm, "old (a.py)"): -3 * US}) if mm in title]
    assert found == [
        (f"{mm}\n6.00 µs per step, in the base 0 s: no clear difference", "grey"),
        (f"{mm}\n2.00 µs per step, in the base 5.00 µs; clear over all its calls in old (a.py): −3.00 µs", "faster3"),
    ]
    assert f"clearly different: {mm}, called in old (a.py) −3.00 µs." in flame_graph.describe_difference(
        base, head, {(mm, "old (a.py)"): -3 * US}
    )


def test_direction_is_told_without_colour_as_well():
    labels = {label for *_, label in compared(BASE, HEAD, {KEPT: 1e-3, ("new (b.py)", ""): -1e-3})}
    assert {"+ kept (c.py)", "− new (b.py)"} <= labels


def test_widths_are_those_of_the_head():
    plain = {title.partition("\n")[0]: (left, right) for _, title, left, right, *_ in drawn(HEAD)}
    both = {title.partition("\n")[0]: (left, right) for _, title, left, right, *_ in compared(BASE, HEAD, {})}
    assert both == plain


def test_what_is_only_in_the_base_is_named_below():
    said = "Only in the base: old (b.py) 2.00 ms."
    assert said in flame_graph.inline_difference(BASE, HEAD, {}, title="a step").notes
    assert said in texts(flame_graph.draw_difference(BASE, HEAD, {}, title="a step"))


def test_of_many_only_in_the_base_the_largest_are_named():
    gone = [((f"gone {place}",), (place + 10) * US) for place in range(10)]
    crumb = (("crumb",), 1 * US)  # below a thousandth of a step: chance decides which side had it
    notes = flame_graph.inline_difference([*BASE, *gone, crumb], HEAD, {}, title="a step").notes
    assert any("gone 9 19.0 µs" in note and note.endswith("and 3 more.") for note in notes)
    assert not any("crumb" in note for note in notes)


def test_a_clear_difference_that_is_not_drawn_is_told():
    found = [*HEAD, (("tiny (t.py)",), 1e-7)]
    clear = {("tiny (t.py)", ""): 1e-7, ("old (b.py)", ""): -2e-3, ("new (b.py)", ""): 1e-3}
    notes = flame_graph.inline_difference(BASE, found, clear, title="a step").notes
    assert "Clear, but not drawn: old (b.py) −2.00 ms, tiny (t.py) +100 ns." in notes


def test_a_clear_difference_of_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match="in neither"):
        flame_graph.draw_difference(BASE, HEAD, {("elsewhere", ""): 1.0}, title="a step")


@pytest.mark.parametrize("delta", [0.0, math.nan, math.inf])
def test_a_clear_difference_has_a_direction_and_a_size(delta):
    with pytest.raises(ValueError, match="cannot differ clearly"):
        flame_graph.inline_difference(BASE, HEAD, {KEPT: delta}, title="a step")


@given(stacks, stacks)
def test_any_two_runs_can_be_compared(base, head):
    clear = {(base[0][0][0], ""): 1e-3, (head[0][0][0], ""): -1e-3}
    assert flame_graph.draw_difference(base[::-1], head, clear, title="a step") == flame_graph.draw_difference(
        base, head, clear, title="a step"
    )
    assert compared(base, head, clear)


# --- in words -------------------------------------------------------------------------------------------------------


def test_words_name_what_takes_most_in_itself():
    assert flame_graph.describe(BASE) == (
        "A step takes 4.00 ms. The frames with the most time of their own: old (b.py) 50.0 %, kept (c.py) 25.0 %, "
        "main (a.py) 25.0 %."
    )


def test_words_of_a_difference_name_what_is_clear():
    assert flame_graph.describe_difference(BASE, HEAD, {KEPT: 1e-3}) == (
        "A step takes 4.00 ms, in the base 4.00 ms; clearly different: kept (c.py) +1.00 ms."
    )
    assert flame_graph.describe_difference(BASE, HEAD, {}).endswith("no frame differs clearly.")


def test_who_cannot_see_the_picture_gets_the_words():
    for svg in (flame_graph.draw(TRAIN_STEP, title="a step"), page_svg(flame_graph.inline(TRAIN_STEP, title="a step"))):
        root = ElementTree.fromstring(svg)
        assert (root.get("role"), root.get("aria-label")) == ("img", flame_graph.describe(TRAIN_STEP))
