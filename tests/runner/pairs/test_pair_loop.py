"""Lockstep pairs, with real workers: who has the baton, what is recorded, and what a bad end costs."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from bench.analyse import certificate
from bench.analyse.certificate.recorded import RecordedComparison
from bench.plan.catalog import find
from bench.protocol import Hello
from bench.records import BASE, HEAD, SIDES, Case, ComparedCase, Planned, Settings
from bench.runner import machine_probe, run_description
from bench.runner.launches.schedule import Assignment
from bench.runner.pairs import gate_rounds, pair_loop
from bench.runner.pairs.pair import Pair
from bench.runner.pairs.pair_caches import caches_of
from bench.runner.pairs.pair_context import PairContext, PairSettings
from bench.runner.stop_request import Stop
from bench.runner.worker import HERE, SideCode
from bench.series import Series
from bench.store import tables
from tests.truths import interval_holds, pairs_hold

FILE = Path(__file__).parents[2] / "workload_files" / "sided.py"
CATALOG = find([FILE], installed=False)
SETTINGS = Settings(visits=2, warm_s=0.01, warm_cap_s=0.05, timeout_s=20)


def planned(short: str) -> Planned:
    case = Case.from_key(f"sided/{short}")
    return Planned(case, CATALOG[case.workload].source)


def against_itself(short: str) -> ComparedCase:
    return ComparedCase(planned(short), planned(short))


@pytest.fixture(scope="module")
def hello():
    """What a worker says of this machine: one look for all runs of these tests."""
    return machine_probe.look([], Stop())


def measured(folder: Path, compared: list[ComparedCase], pairs: int, hello: Hello, **options):
    """A run of so many pairs, read back."""
    settings, sides = options.pop("settings", SETTINGS), options.pop("sides", pair_loop.SAME)
    run_description.begin(
        folder, run_description.described("pairs", [], settings, hello, "test", "bench test", compared)
    )
    queue = pair_loop.FixedPairs(compared, lambda key: pairs)
    how = PairSettings(block_pairs_s=0.05, block_pairs_most_s=0.05, **options)
    ended = pair_loop.measure(folder, queue, settings, hello, Stop(), lambda *_: None, sides=sides, pair_settings=how)
    return ended, tables.read(folder), queue


TOLD = [f"told[place={place}]" for place in (1, 2)]
CORES = [f"cores[how={how}]" for how in ("one", "thread", "process")]
COLD, SLOW, WRONG = "cold[extra=0]", "paced[slow=1]", "ends[how=wrong]"


def key_of(short: str) -> str:
    return Case.from_key(f"sided/{short}").key


def rows(frame: pd.DataFrame, *shorts: str) -> pd.DataFrame:
    """The rows of these cases."""
    return frame[frame["key"].isin([key_of(short) for short in shorts])]


@pytest.fixture(scope="module")
def together(tmp_path_factory, hello):
    """Two pairs of everything that can share a process, with the log of the steps of those that tell when they ran."""
    folder = tmp_path_factory.mktemp("together")
    itself = [against_itself(short) for short in (*TOLD, *CORES, COLD)]
    differing = [
        ComparedCase(planned("paced[slow=0]"), planned(SLOW)),
        ComparedCase(planned("ends[how=well]"), planned(WRONG)),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIDED_LOG", str(folder / "log"))
        result = measured(folder / "run", [*itself, *differing], 2, hello, alone=[key_of(COLD)])
    steps = [[int(word) for word in line.split()] for line in (folder / "log").read_text().splitlines()]
    return (*result, steps)


def test_one_side_at_a_time_has_the_baton(together):
    *_, steps = together
    spans = sorted((began, ended) for _, _, began, ended in steps)
    assert len({process for process, *_ in steps}) == 4
    assert all(ended <= began for (_, ended), (began, _) in pairwise(spans))


def test_every_pair_is_two_fresh_processes_and_its_couples_are_all_there(together):
    ended, data, _, _ = together
    assert ended.status == "complete"
    assert set(data.launches.loc[data.launches["key"] != key_of(WRONG), "outcome"]) == {"ok"}
    assert data.launches["process"].nunique() == 4
    couples = data.pairs.groupby(["key", "pair"])["couple"].agg(["min", "max", "size"])
    assert len(couples) == 2 * len([*TOLD, *CORES, COLD, SLOW])
    assert (couples["min"] == 0).all()
    assert (couples["max"] + 1 == couples["size"]).all()


def test_cases_take_turns_within_a_pair(together):
    *_, steps = together
    first = [place for process, place, *_ in steps if process == steps[0][0]]
    changes = sum(a != b for a, b in pairwise(first))
    assert changes > 8


def test_both_coins_are_tossed_and_recorded(together):
    _, data, _, _ = together
    assert set(data.pairs["first"]) == set(SIDES)
    shares = data.pairs.groupby(["key", "pair"])["first"].agg(lambda sides: (sides == BASE).mean())
    assert ((shares > 0.05) & (shares < 0.95)).all()
    by_pair = data.pairs.groupby("pair")["prepared_first"].nunique()
    assert (by_pair == 1).all()


def test_the_coin_of_the_pair_falls_either_way_and_follows_from_the_seed():
    def first(seed: int, number: int) -> str:
        context = type("Context", (), {"settings": Settings(seed=seed), "cpus": [0, 1]})()
        return Pair(Assignment(number, 1, (against_itself("told[place=1]"),), False), context)._order[0]

    tossed = [first(0, number) for number in range(200)]
    assert 70 < tossed.count(BASE) < 130
    assert tossed == [first(0, number) for number in range(200)]
    assert tossed != [first(1, number) for number in range(200)]


def context_in(folder: Path, cold_pairs: int, sides=pair_loop.SAME) -> PairContext:
    return PairContext(
        sides=sides, settings=Settings(), stop=Stop(), threads=int, caches=folder, listener=None,
        pair_settings=PairSettings(cold_pairs=cold_pairs),
    )  # fmt: skip


def states_of(context: PairContext, pairs: int, order=SIDES) -> list[tuple[list[str], list[int]]]:
    """Of each of so many pairs the states of the sides' caches, and how many kernels each finds, in order."""
    key, seen = key_of("told[place=1]"), []
    for _ in range(pairs):
        found = caches_of(context, key, order)
        counts = [len(list(found.folders[side].iterdir())) for side in order]
        seen.append(([found.states[side] for side in order], counts))
        for folder in found.folders.values():
            (folder / "kernel").touch()
        context.learned.steps[key] = {Series("step", "wall"): 1}  # it was opened
    return seen


def test_where_several_cold_pairs_are_asked_for_both_sides_find_their_caches_empty(tmp_path):
    seen = states_of(context_in(tmp_path, 3), 5)
    assert seen == [(["cold", "cold"], [0, 0])] * 3 + [(["warm", "warm"], [1, 1])] * 2


def test_a_case_compiles_once_in_a_gate_and_the_sides_share_what_was_compiled(tmp_path):
    seen = states_of(context_in(tmp_path, 1), 3)
    assert seen == [(["cold", "warm"], [0, 0])] + [(["warm", "warm"], [1, 1])] * 2


def test_two_interpreters_share_no_cache(tmp_path):
    sides = {BASE: HERE, HEAD: SideCode("another")}
    seen = states_of(context_in(tmp_path, 1, sides), 2)
    assert seen == [(["cold", "cold"], [0, 0]), (["warm", "warm"], [1, 1])]


def test_a_second_copy_of_the_base_that_comes_later_finds_its_cache_empty(tmp_path):
    context = context_in(tmp_path, 2)
    states_of(context, 2)
    ((states, _),) = states_of(context, 1, order=("twin", *SIDES))
    assert states == ["cold", "warm", "warm"]


def test_where_one_side_lost_its_cache_both_begin_anew(tmp_path):
    context = context_in(tmp_path, 2)
    states_of(context, 3)
    caches_of(context, key_of("told[place=1]"), SIDES).folders[BASE].joinpath("kernel").unlink()
    caches_of(context, key_of("told[place=1]"), SIDES).folders[BASE].rmdir()
    assert states_of(context, 1) == [(["cold", "cold"], [0, 0])]


@pytest.fixture(scope="module")
def with_twin(tmp_path_factory, hello):
    """Two rounds of a gate on two cases: the second copy of the base takes part in the pair of either."""
    folder = tmp_path_factory.mktemp("gate") / "run"
    compared = [against_itself(short) for short in ("paced[slow=0]", COLD)]
    run_description.begin(folder, run_description.described("gate", [], SETTINGS, hello, "test", "a test", compared))
    queue = pair_loop.FixedPairs(compared, lambda key: 2)
    canary, rounds = gate_rounds.CanaryQueue(compared), []
    ended = gate_rounds.measure(
        folder, queue, canary, pair_loop.SAME, HERE, SETTINGS, hello, Stop(), lambda *_: None, pair_loop.Pace(None),
        PairSettings(block_pairs_s=0.02, block_pairs_most_s=0.05), after_first=lambda: rounds.append(1),
    )  # fmt: skip
    return ended, tables.read(folder), rounds


def test_a_second_copy_of_the_base_takes_turns_with_both_sides(with_twin):
    ended, data, rounds = with_twin
    assert (ended.status, rounds) == ("complete", [1])
    assert set(data.launches["outcome"]) == {"ok"}
    pairs = data.pairs.assign(twin=data.pairs["twin"].astype(bool))
    assert pairs[~pairs["twin"]].groupby("key")["pair"].unique().map(list).to_dict() == {
        key_of("paced[slow=0]"): [0, 2], key_of(COLD): [0, 2]
    }  # fmt: skip
    assert sorted(pairs.loc[pairs["twin"], "pair"].unique()) == [1, 3]
    assert pairs.loc[pairs["twin"], "key"].nunique() == 2
    for number in (0, 2):
        of_twin = pairs[pairs["twin"] & (pairs["pair"] == number + 1)]
        both = of_twin.merge(pairs[pairs["pair"] == number], on=["key", "couple"])
        assert len(both) == len(of_twin) >= 6
        assert (both["base_ns_x"] == both["base_ns_y"]).all()
        assert (both["head_ns_x"] != both["head_ns_y"]).any()


def test_a_round_is_three_processes_and_the_copy_is_the_head_of_its_pair(with_twin):
    _, data, _ = with_twin
    launches = data.launches.assign(twin=data.launches["twin"].astype(bool))
    assert launches["process"].nunique() == 2 * 3
    assert set(launches.loc[launches["twin"], "side"]) == {HEAD}


def test_what_a_block_took_of_the_processor_is_recorded_of_both_sides(with_twin):
    _, data, _ = with_twin
    for side in SIDES:
        for name in ("cpu_ns", "thread_ns", "preempted", "waited"):
            assert data.pairs[f"{side}_{name}"].notna().all()
    assert (data.pairs["base_thread_ns"] <= data.pairs["base_cpu_ns"] + 100_000).all()


def test_only_the_first_pair_of_a_case_finds_out_how_long_it_takes_to_be_warm(with_twin):
    _, data, _ = with_twin
    steady = data.launches.assign(first=data.launches["launch"] < 2).groupby("first")["steady"]
    assert steady.apply(lambda each: each.notna().all())[True]
    assert not steady.apply(lambda each: each.notna().any())[False]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot hold a thread to a core")
def test_both_sides_take_turns_on_one_core_where_a_step_needs_no_more(together):
    _, data, _, _ = together
    pairs = rows(data.pairs, *CORES)
    cores = pairs.assign(how=pairs["key"].str.extract(r"how=(\w+)")[0]).groupby(["how", "pair"])["cpu"]
    seen = {how: set(group.dropna()) for (how, _), group in cores}
    assert (cores.nunique()["one"] == 1).all()
    assert seen["one"] <= set(data.run["environment"]["cpu"]["affinity"])
    assert seen["thread"] == seen["process"] == set()


def test_a_block_of_either_side_has_the_same_steps(together):
    _, data, _, _ = together
    by_case = rows(data.launches, *TOLD).groupby("key")["steps"].nunique()
    assert (by_case == 1).all()
    assert (data.pairs["steps"] >= 1).all()


def test_a_slower_head_is_found_as_slow_as_it_is(together):
    _, data, _, _ = together
    pairs = rows(data.pairs, "paced[slow=0]", SLOW)
    assert pairs_hold(1.5, pairs, within=0.03)
    assert set(pairs["key"]) == {key_of(SLOW)}


def test_without_the_block_to_be_warm_again_the_harness_fails_its_own_certificate(together, tmp_path, hello):
    """What is timed then is a cold block, three times as long here; 10 to 25 % on a real machine."""
    key = key_of(COLD)
    _, without, _ = measured(tmp_path / "run", [against_itself(COLD)], 3, hello, rewarm=False, alone=[key])
    (right,), (wrong,) = (certificate.alone([RecordedComparison("same", key)], data) for data in (together[1], without))
    assert right.verdict != certificate.NOT_HELD
    assert wrong.verdict == certificate.NOT_HELD
    assert interval_holds(1, right.estimate.value, right.estimate.low, right.estimate.high, within=0.2)
    assert wrong.estimate.value > 1.5 * right.estimate.value


def test_a_case_that_is_wrong_on_a_side_costs_itself_alone(together):
    ended, data, queue, _ = together
    assert ended.status == "complete"
    assert queue.dropped == {key_of(WRONG): "wrong"}
    assert set(rows(data.launches[data.launches["outcome"] == "wrong"], WRONG)["side"]) == {HEAD}
    assert set(data.pairs["key"]) == {key_of(short) for short in (*TOLD, *CORES, COLD, SLOW)}


def test_a_case_that_kills_its_process_is_crashed_and_the_rest_wants_another_pair(tmp_path, hello):
    compared = [against_itself("ends[how=dies]"), against_itself("paced[slow=0]")]
    ended, data, queue = measured(tmp_path / "run", compared, 1, hello)
    assert ended.status == "complete"
    assert queue.dropped == {key_of("ends[how=dies]"): "crashed"}
    assert "SIGKILL" in data.launches.loc[data.launches["outcome"] == "crashed", "reason"].iloc[0]
    assert queue.seen == {key_of("paced[slow=0]"): 1}
    assert set(data.pairs["pair"]) == {1}


def test_a_process_that_dies_of_its_imports_is_crashed(tmp_path):
    """It lives through the first import, which is that of the look before the run."""
    file = tmp_path / "fatal.py"
    file.write_text(
        "import os, pathlib, signal\n"
        "from bench.workload import Context, Prepared, Work, workload\n"
        "seen = pathlib.Path(__file__).with_suffix('.seen')\n"
        "if seen.exists():\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "seen.touch()\n"
        "@workload(lesson='Sides', axes={})\n"
        "def step(ctx: Context) -> Prepared:\n"
        "    return Prepared(step=lambda: 0, check=lambda out: 0.0, work=Work(items=1))\n"
    )
    (item,) = find([file], installed=False).values()
    planned = Planned(Case.of(item.name, item.defaults), item.source)
    ended, data, _ = measured(
        tmp_path / "run", [ComparedCase(planned, planned)], 1, machine_probe.look([planned], Stop())
    )
    assert ended.status == "complete"
    (launch,) = data.launches.to_dict("records")
    assert launch["outcome"] == "crashed"
    assert "SIGKILL" in launch["reason"]
    assert data.pairs.empty


def test_a_budget_begins_no_pair_that_would_end_after_it(tmp_path, hello):
    settings = Settings(visits=1, warm_s=0.01, warm_cap_s=0.05, budget_s=1e-6)
    ended, data, _ = measured(tmp_path / "run", [against_itself("paced[slow=0]")], 3, hello, settings=settings)
    assert ended.status == "out of budget"
    assert len(data.pairs) == 0


def test_the_tree_of_a_side_is_imported_and_its_own_bench_shadows_nothing(tmp_path, hello):
    """Either side imports `theirs` from its own root, on this harness."""
    from bench.records import Source

    text = FILE.read_text()
    sides, compared = {}, []
    for side, slow in ((BASE, "0.001"), (HEAD, "0.0015")):
        root = tmp_path / side
        (root / "theirs").mkdir(parents=True)
        (root / "theirs" / "__init__.py").write_text("")
        (root / "theirs" / "sided.py").write_text(text.replace("0.0015 if slow else 0.001", slow))
        (root / "bench").mkdir()
        (root / "bench" / "__init__.py").write_text("raise SystemExit('the wrong bench')")
        sides[side] = SideCode(root=root)
        source = Source(str(root / "theirs" / "sided.py"), "paced", "theirs.sided")
        compared.append(Planned(Case.from_key("sided/paced[slow=0]"), source))
    _, data, _ = measured(tmp_path / "run", [ComparedCase(*compared)], 1, hello, sides=sides)
    assert set(data.launches["outcome"]) == {"ok"}
    assert pairs_hold(1.5, data.pairs, within=0.03)
