from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.plan.axis_values import DTYPES, Assign, refusal
from bench.plan.catalog import Catalog
from bench.plan.presets import Exclusion, Preset, Rule
from bench.plan.selection import choose
from bench.records import Case, UserError, Value
from bench.workload import MODES

EVERYTHING = Preset("test")
SQUARE = Preset("test", rules=(Rule("matmul/square", (Assign("size", (64, 1024)),)),))
SHORT = {"device=cpu", "dtype=float32", "mode=eager", "threads=1"}


def short(case: Case) -> str:
    """The key without the universal axes that have their default."""
    return f"{case.workload}[{','.join(part for part in case.key[:-1].split('[')[1].split(',') if part not in SHORT)}]"


def chosen(
    catalog: Catalog,
    preset: Preset = EVERYTHING,
    select: Sequence[str] = (),
    sets: Sequence[str] = (),
    exclude: Sequence[str] = (),
    devices: Sequence[str] = ("cpu",),
) -> list[str]:
    plan = choose(catalog, preset, select, sets, exclude, devices)
    return [short(planned.case) for planned in plan.planned]


# --- what a preset proposes -------------------------------------------------------------------------------------------


def test_without_a_selection_every_case_of_the_preset_is_taken(catalog: Catalog) -> None:
    assert chosen(catalog, SQUARE) == ["matmul/square[size=64]", "matmul/square[size=1024]"]


def test_a_quick_sweep_takes_the_quick_values(catalog: Catalog) -> None:
    assert chosen(catalog, Preset("test", rules=(Rule("matmul/*"),))) == [
        "matmul/round_trip[size=64]",
        "matmul/square[size=64]",
        "matmul/square[size=256]",
    ]


def test_a_full_sweep_takes_every_value(catalog: Catalog) -> None:
    preset = Preset("test", sweep="all", rules=(Rule("matmul/square"),))
    assert chosen(catalog, preset) == [f"matmul/square[size={size}]" for size in (64, 256, 1024)]


def test_all_modes_are_those_the_workload_declares(catalog: Catalog) -> None:
    preset = Preset("test", rules=(Rule("matmul/*", (Assign("size", (64,)), Assign("mode", ("all",)))),))
    plan = choose(catalog, preset)
    assert [each.case["mode"] for each in plan.planned] == ["eager", *MODES]


def test_a_rule_may_be_a_key_whose_missing_axes_have_their_defaults(catalog: Catalog) -> None:
    preset = Preset("test", sweep="all", rules=(Rule("data/epoch[batch=128]"),))
    assert chosen(catalog, preset) == ["data/epoch[batch=128,loader=sliced,rate=0.1]"]


def test_a_device_no_one_names_is_every_one_there_is(catalog: Catalog) -> None:
    plan = choose(catalog, SQUARE, devices=("cpu", "cuda"))
    assert [each.case["device"] for each in plan.planned] == ["cpu", "cpu", "cuda", "cuda"]


def test_a_device_the_preset_names_is_the_only_one(catalog: Catalog) -> None:
    preset = Preset("test", rules=(Rule("matmul/square", (Assign("device", ("cuda:1",)),)),))
    assert {each.case["device"] for each in choose(catalog, preset, devices=("cpu", "mps")).planned} == {"cuda:1"}


def test_workloads_that_lack_an_axis_a_rule_sets_are_not_in_it(catalog: Catalog) -> None:
    preset = Preset("test", rules=(Rule("*", (Assign("batch", (32,)),)),))
    assert chosen(catalog, preset) == ["data/epoch[batch=32,loader=sliced,rate=0.1]"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            Rule("matmul/sqare", (), "p.toml:3: "),
            "p.toml:3: 'matmul/sqare' matches no workload; did you mean 'matmul/sq",
        ),
        (
            Rule("matmul/square", (Assign("sise", (1,), "p.toml:4: "),)),
            "p.toml:4: matmul/square has no axis 'sise'; did you mean 'size'",
        ),
        (
            Rule("matmul/*", (Assign("sise", (1,), "p.toml:4: "),)),
            "p.toml:4: no workload of 'matmul/*' has axis 'sise'; did you mean 'size'",
        ),
        (
            Rule("matmul/*", (Assign("size", ("64",), "p.toml:4: "),)),
            "p.toml:4: axis 'size': the text '64' would be read back as a number",
        ),
        (
            Rule("matmul/*", (Assign("mode", ("turbo",), "p.toml:4: "),)),
            "p.toml:4: 'turbo' is not a mode; known: 'eager'",
        ),
        (Rule("matmul/*[size=64]", (), "p.toml:3: "), "p.toml:3: 'matmul/*[size=64]' mixes a glob with axes"),
    ],
)
def test_what_a_rule_names_wrongly_is_an_error_with_its_line(catalog: Catalog, rule: Rule, message: str) -> None:
    with pytest.raises(UserError, match="^" + re.escape(message)):
        choose(catalog, Preset("test", rules=(rule,)))


# --- select -----------------------------------------------------------------------------------------------------------


def test_a_full_key_is_that_case(catalog: Catalog) -> None:
    key = "matmul/square[device=cpu,dtype=float64,mode=trace,size=256,threads=2]"
    assert [each.case.key for each in choose(catalog, EVERYTHING, [key]).planned] == [key]


def test_a_partial_key_has_defaults_for_the_rest(catalog: Catalog) -> None:
    plan = choose(catalog, EVERYTHING, ["data/epoch[batch=128]"], devices=("cpu", "cuda"))
    assert [each.case for each in plan.planned] == [
        Case.of("data/epoch", {"batch": 128, "loader": "sliced", "rate": 0.1})
    ]


def test_a_key_may_leave_the_sweep_where_the_type_fits(catalog: Catalog) -> None:
    assert chosen(catalog, select=["matmul/square[size=77]"]) == ["matmul/square[size=77]"]


def test_a_number_has_one_spelling_in_keys(catalog: Catalog) -> None:
    assert chosen(catalog, select=["data/epoch[batch=1e3,rate=2]"]) == ["data/epoch[batch=1000,loader=sliced,rate=2.0]"]


def test_a_glob_takes_the_cases_the_preset_has_of_those_workloads(catalog: Catalog) -> None:
    assert chosen(catalog, SQUARE, ["*/sq*"]) == ["matmul/square[size=64]", "matmul/square[size=1024]"]


def test_a_workload_the_preset_does_not_mention_has_its_quick_values(catalog: Catalog) -> None:
    assert chosen(catalog, SQUARE, ["matmul/*"])[0] == "matmul/round_trip[size=64]"


def test_a_bare_name_selects_like_a_glob(catalog: Catalog) -> None:
    assert len(chosen(catalog, SQUARE, ["matmul/square"])) == 2


def test_a_case_selected_twice_is_run_once(catalog: Catalog) -> None:
    assert len(chosen(catalog, SQUARE, ["matmul/*", "matmul/square", "matmul/square[size=64]"])) == 3


def test_each_case_comes_with_its_source(catalog: Catalog) -> None:
    planned = choose(catalog, SQUARE).planned[0]
    assert planned.source is catalog["matmul/square"].source


@pytest.mark.parametrize(
    ("select", "message"),
    [
        ("matmul/sqare", "'matmul/sqare' matches no workload; did you mean 'matmul/square'"),
        ("nothing/*", "'nothing/*' matches no workload"),
        ("matmul/sqare[size=64]", "'matmul/sqare[size=64]' matches no workload; did you mean 'matmul/square'"),
        ("matmul/square[sise=64]", "'matmul/square[sise=64]': matmul/square has no axis 'sise'; did you mean 'size'"),
        (
            "matmul/square[size=big]",
            "'matmul/square[size=big]': axis 'size' of matmul/square takes integers, not 'big'",
        ),
        ("matmul/square[size=1.5]", "'matmul/square[size=1.5]': axis 'size' of matmul/square takes integers, not 1.5"),
        ("data/epoch[loader=3]", "'data/epoch[loader=3]': axis 'loader' of data/epoch takes text, not 3"),
        ("data/epoch[rate=inf]", "'data/epoch[rate=inf]': axis 'rate': inf is not a finite number"),
        ("data/epoch[loader=a b]", "'data/epoch[loader=a b]': axis 'loader': 'a b' cannot be part of a key"),
        ("matmul/square[size=" + "9" * 400 + "]", "'matmul/square[size="),
        ("matmul/square[size]", "'size' in 'matmul/square[size]' is not axis=value"),
        ("matmul/square[size=1,size=2]", "'matmul/square[size=1,size=2]' states the axis 'size' twice"),
        ("matmul/square[mode=all]", "'matmul/square[mode=all]': a key states one value of an axis"),
        ("matmul/*[size=64]", "'matmul/*[size=64]' mixes a glob with axes"),
        ("matmul/square[device=gpu]", "'matmul/square[device=gpu]': 'gpu' is not a device"),
    ],
)
def test_a_selection_that_means_nothing_is_an_error(catalog: Catalog, select: str, message: str) -> None:
    with pytest.raises(UserError, match="^" + re.escape(message)):
        choose(catalog, EVERYTHING, [select])


# --- --set ------------------------------------------------------------------------------------------------------------


def test_set_replaces_the_values_of_an_axis(catalog: Catalog) -> None:
    assert chosen(catalog, SQUARE, sets=["size=7,5"]) == ["matmul/square[size=5]", "matmul/square[size=7]"]


def test_set_applies_to_keys_too(catalog: Catalog) -> None:
    assert chosen(catalog, select=["matmul/square[size=64]"], sets=["mode=eager,trace"]) == [
        "matmul/square[size=64]",
        "matmul/square[mode=trace,size=64]",
    ]


def test_an_axis_set_twice_has_the_values_of_both(catalog: Catalog) -> None:
    assert len(chosen(catalog, SQUARE, sets=["size=5", "size=7"])) == 2


def test_workloads_that_lack_the_axis_are_left_out_with_a_note(catalog: Catalog) -> None:
    plan = choose(catalog, EVERYTHING, sets=["batch=8"])
    assert {each.case.workload for each in plan.planned} == {"data/epoch"}
    assert plan.notes == (
        "3 workloads without the axis 'batch' left out: data/polynomial, matmul/round_trip, matmul/square",
    )


def test_each_axis_is_set_where_it_exists(catalog: Catalog) -> None:
    plan = choose(catalog, EVERYTHING, ["matmul/square", "data/epoch"], sets=["size=5,7", "batch=8"])
    assert [short(each.case) for each in plan.planned] == [
        "data/epoch[batch=8,loader=sliced,rate=0.1]",
        "matmul/square[size=5]",
        "matmul/square[size=7]",
    ]
    assert plan.notes == ()


def test_the_order_of_the_sets_does_not_matter(catalog: Catalog) -> None:
    names = ["matmul/square", "data/epoch"]
    one = choose(catalog, EVERYTHING, names, sets=["size=5", "rate=2"])
    assert choose(catalog, EVERYTHING, names, sets=["rate=2", "size=5"]).planned == one.planned


def test_a_universal_axis_beside_an_own_one_keeps_no_workload_that_lacks_the_own_one(catalog: Catalog) -> None:
    plan = choose(catalog, EVERYTHING, sets=["batch=8", "dtype=float64"])
    assert {each.case.workload for each in plan.planned} == {"data/epoch"}


def test_a_workload_that_has_none_of_several_axes_is_left_out_with_a_note(catalog: Catalog) -> None:
    plan = choose(catalog, EVERYTHING, ["data/*", "matmul/*"], sets=["size=5", "batch=8"])
    assert {each.case.workload for each in plan.planned} == {"data/epoch", "matmul/square", "matmul/round_trip"}
    assert plan.notes == ("1 workload without any of the axes 'size', 'batch' left out: data/polynomial",)


def test_an_axis_that_no_chosen_workload_has_is_an_error_beside_one_that_fits(catalog: Catalog) -> None:
    with pytest.raises(UserError, match=r"^no chosen workload has the axis 'batch' of --set; chosen: matmul/square$"):
        choose(catalog, SQUARE, sets=["size=5", "batch=8"])


def test_all_modes_may_be_set(catalog: Catalog) -> None:
    plan = choose(catalog, SQUARE, sets=["mode=all", "size=64"])
    assert [each.case["mode"] for each in plan.planned] == list(MODES)


def test_a_device_that_is_set_need_not_be_there(catalog: Catalog) -> None:
    plan = choose(catalog, SQUARE, sets=["device=cuda"], devices=("cpu",))
    assert {each.case["device"] for each in plan.planned} == {"cuda"}


def test_a_mode_the_workload_does_not_declare_stays_in_the_plan(catalog: Catalog) -> None:
    assert chosen(catalog, select=["matmul/round_trip"], sets=["mode=compile"]) == [
        "matmul/round_trip[mode=compile,size=64]"
    ]


def test_threads_may_be_physical(catalog: Catalog) -> None:
    plan = choose(catalog, SQUARE, sets=["threads=physical,2,1", "size=64"])
    assert [each.case["threads"] for each in plan.planned] == [1, 2, "physical"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("sise=64", "--set sise=64: no workload has an axis 'sise'; did you mean 'size'"),
        ("size=big", "--set size=big: axis 'size' of matmul/square takes integers, not 'big'"),
        ("size=64,1.5", "--set size=64,1.5: axis 'size' of matmul/square takes integers, not 1.5"),
        ("size=True", "--set size=True: axis 'size' of matmul/square takes integers, not True"),
        ("size=", "--set size=: give an axis and its values"),
        ("size=64,", "--set size=64,: give an axis and its values"),
        ("size", "--set size: give an axis and its values"),
        ("=64", "--set =64: give an axis and its values"),
        ("device=gpu", "--set device=gpu: 'gpu' is not a device"),
        ("device=cuda:x", "--set device=cuda:x: 'cuda:x' is not a device"),
        ("device=1", "--set device=1: 1 is not a device"),
        ("dtype=float23", "--set dtype=float23: 'float23' is not a dtype; did you mean 'float32'"),
        ("dtype=all", "--set dtype=all: 'all' is not a dtype"),
        ("mode=eagre", "--set mode=eagre: 'eagre' is not a mode; did you mean 'eager'"),
        ("threads=0", "--set threads=0: threads=0 is neither a whole number from 1 up nor 'physical'"),
        ("threads=1.0", "--set threads=1.0: threads=1.0 is neither"),
        ("threads=True", "--set threads=True: threads=True is neither"),
        ("threads=logical", "--set threads=logical: threads=logical is neither"),
    ],
)
def test_a_set_that_means_nothing_is_an_error(catalog: Catalog, given: str, message: str) -> None:
    with pytest.raises(UserError, match="^" + re.escape(message)):
        choose(catalog, SQUARE, sets=[given])


# --- exclude ----------------------------------------------------------------------------------------------------------


def test_a_glob_excludes_workloads(catalog: Catalog) -> None:
    assert {key.split("/")[0] for key in chosen(catalog, exclude=["data/*"])} == {"matmul"}


def test_a_partial_key_excludes_every_case_that_agrees_with_it(catalog: Catalog) -> None:
    left = chosen(catalog, SQUARE, sets=["mode=eager,trace"], exclude=["matmul/square[size=64]"])
    assert left == ["matmul/square[size=1024]", "matmul/square[mode=trace,size=1024]"]


def test_a_key_may_exclude_by_glob(catalog: Catalog) -> None:
    left = chosen(catalog, sets=["mode=eager,trace"], exclude=["*[mode=trace]", "*[size=64]"])
    assert left == ["data/epoch[batch=32,loader=sliced,rate=0.1]", "data/polynomial[]", "matmul/square[size=256]"]


def test_the_exclusions_of_the_preset_count(catalog: Catalog) -> None:
    preset = Preset("test", rules=SQUARE.rules, exclude=(Exclusion("matmul/square[size=64]", "p.toml:2: "),))
    assert chosen(catalog, preset) == ["matmul/square[size=1024]"]


def test_a_case_named_by_its_key_is_not_excluded_by_the_preset(catalog: Catalog) -> None:
    preset = Preset("test", exclude=(Exclusion("matmul/square[size=64]", "p.toml:2: "),))
    assert chosen(catalog, preset, ["matmul/square[size=64]"]) == ["matmul/square[size=64]"]


def test_an_exclusion_that_changes_nothing_gets_a_note(catalog: Catalog) -> None:
    assert choose(catalog, SQUARE, exclude=["data/*"]).notes == (
        "--exclude: 'data/*' excludes nothing that was chosen",
    )


@pytest.mark.parametrize(
    ("exclude", "message"),
    [
        ("matmul/sqare", "--exclude: 'matmul/sqare' matches no workload; did you mean 'matmul/square'"),
        (
            "matmul/*[sise=64]",
            "--exclude: 'matmul/*[sise=64]': matmul/round_trip has no axis 'sise'; did you mean 'size'",
        ),
        ("matmul/*[size=big]", "--exclude: 'matmul/*[size=big]': axis 'size' of matmul/round_trip takes integers"),
    ],
)
def test_an_exclusion_that_means_nothing_is_an_error(catalog: Catalog, exclude: str, message: str) -> None:
    with pytest.raises(UserError, match="^" + re.escape(message)):
        choose(catalog, EVERYTHING, exclude=[exclude])


def test_an_unknown_exclusion_of_the_preset_is_an_error_with_its_line(catalog: Catalog) -> None:
    preset = Preset("test", exclude=(Exclusion("none/*", "p.toml:2: "),))
    with pytest.raises(UserError, match=r"^p\.toml:2: 'none/\*' matches no workload"):
        choose(catalog, preset)


# --- nothing left -----------------------------------------------------------------------------------------------------


def test_an_exclusion_that_leaves_nothing_is_an_error_that_says_so(catalog: Catalog) -> None:
    with pytest.raises(UserError, match=r"nothing to run: --exclude: 'matmul/\*' excludes all 2 cases left"):
        choose(catalog, SQUARE, exclude=["matmul/*"])


def test_a_set_that_leaves_nothing_is_an_error_that_says_so(catalog: Catalog) -> None:
    with pytest.raises(UserError, match=r"nothing to run: no chosen workload has the axis 'batch' .*: matmul/square"):
        choose(catalog, SQUARE, sets=["batch=32"])


def test_a_preset_that_chooses_nothing_is_an_error_that_says_so(catalog: Catalog) -> None:
    with pytest.raises(UserError, match="nothing to run: preset 'test' chooses no case"):
        choose(catalog, Preset("test", rules=()))


def test_an_empty_catalog_is_an_error_that_says_so() -> None:
    with pytest.raises(UserError, match="nothing to run: no workload was found"):
        choose(Catalog([]), EVERYTHING)


def test_no_device_at_all_is_an_error_that_says_so(catalog: Catalog) -> None:
    with pytest.raises(UserError, match="nothing to run: no device"):
        choose(catalog, EVERYTHING, devices=())


# --- order, and keys --------------------------------------------------------------------------------------------------


def test_cases_that_are_compared_stand_together_with_eager_first(catalog: Catalog) -> None:
    sets = ["mode=trace,eager", "dtype=float64,float32", "size=1000,64"]
    assert chosen(catalog, SQUARE, sets=sets) == [
        "matmul/square[size=64]",
        "matmul/square[mode=trace,size=64]",
        "matmul/square[size=1000]",
        "matmul/square[mode=trace,size=1000]",
        "matmul/square[dtype=float64,size=64]",
        "matmul/square[dtype=float64,mode=trace,size=64]",
        "matmul/square[dtype=float64,size=1000]",
        "matmul/square[dtype=float64,mode=trace,size=1000]",
    ]


def test_text_values_stand_in_the_order_of_their_author(catalog: Catalog) -> None:
    plan = choose(catalog, EVERYTHING, ["data/epoch"], ["loader=another,dataloader,sliced"])
    assert [each.case["loader"] for each in plan.planned] == ["sliced", "dataloader", "another"]


legal_values = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.from_regex(r"[A-Za-z0-9_.:+-]+", fullmatch=True).filter(lambda text: not refusal(text)),
)
params = st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), legal_values, max_size=4)


@given(
    params=params,
    device=st.sampled_from(["cpu", "cuda", "cuda:0", "mps", "xpu"]),
    dtype=st.sampled_from(DTYPES),
    mode=st.sampled_from(MODES),
    threads=st.one_of(st.just("physical"), st.integers(1, 512)),
)
def test_a_key_of_legal_values_reads_back_as_the_same_case(
    params: dict[str, Value], device: str, dtype: str, mode: str, threads: Value
) -> None:
    universal: dict[str, Value] = {"device": device, "dtype": dtype, "mode": mode, "threads": threads}
    case = Case.of("family/name", {**params, **universal})
    again = Case.from_key(case.key)
    assert again == case
    assert again.key == case.key
    assert [type(value) for _, value in again.params] == [type(value) for _, value in case.params]
