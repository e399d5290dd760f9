"""Which cases share a process, and in which order."""

from __future__ import annotations

from collections import Counter

from bench.records import Case, Planned, Source, Value
from bench.runner.launches.schedule import assignments, is_compiled, visiting_order


def planned(**params: Value) -> Planned:
    return Planned(Case.of("a/b", params), Source("a.py", "b"))


EAGER = [planned(size=size) for size in range(12)]
COMPILED = [planned(size=size, mode=mode) for size in range(4) for mode in ("compile", "aoti")]
THREADED = [planned(size=size, threads=threads) for size in range(4) for threads in (2, "physical")]
ALL = [*EAGER, *COMPILED, *THREADED]


def test_every_pending_case_is_dealt_once() -> None:
    dealt = [item for assignment in assignments(ALL, 0, seed=0) for item in assignment.planned]
    assert Counter(item.case.key for item in dealt) == Counter(item.case.key for item in ALL)


def test_the_same_seed_deals_the_same() -> None:
    assert assignments(ALL, 3, seed=5) == assignments(ALL, 3, seed=5)


def test_launches_are_shuffled_differently() -> None:
    orders = {assignments(EAGER, launch, seed=0)[0].planned for launch in range(5)}
    assert len(orders) == 5


def test_seeds_shuffle_differently() -> None:
    assert len({assignments(EAGER, 0, seed=seed)[0].planned for seed in range(5)}) == 5


def test_processes_are_shuffled_too() -> None:
    firsts = {assignments(ALL, launch, seed=0)[0].planned[0].case["mode"] for launch in range(20)}
    assert firsts == {"eager", "compile", "aoti"}


def test_a_compiled_case_has_a_process_to_itself() -> None:
    for assignment in assignments(ALL, 0, seed=0):
        assert assignment.compiled == any(is_compiled(item) for item in assignment.planned)
        assert not assignment.compiled or len(assignment.planned) == 1


def test_a_process_has_one_thread_count() -> None:
    dealt = [each for each in assignments(ALL, 0, seed=0) if not each.compiled]
    assert sorted(str(each.threads) for each in dealt) == ["1", "2", "physical"]
    assert all(item.case["threads"] == each.threads for each in dealt for item in each.planned)


def test_a_compiled_case_keeps_its_thread_count() -> None:
    (assignment,) = assignments([planned(mode="compile", threads=4)], 7, seed=0)
    assert (assignment.threads, assignment.launch, assignment.compiled) == (4, 7, True)


def test_nothing_pending_deals_nothing() -> None:
    assert assignments([], 0, seed=0) == []


def test_every_kind_of_compilation_is_one() -> None:
    assert {is_compiled(planned(mode=mode)) for mode in ("compile", "compile-max-autotune", "aoti")} == {True}
    assert {is_compiled(planned(mode=mode)) for mode in ("eager", "script", "trace", "frozen", "export")} == {False}


# --- visits ---------------------------------------------------------------------------------------------------------

KEYS = [f"a/b[size={size}]" for size in range(10)]


def test_every_case_is_visited_once_a_round() -> None:
    order = visiting_order(dict.fromkeys(KEYS, 4), launch=0, seed=0)
    rounds = [order[start : start + len(KEYS)] for start in range(0, len(order), len(KEYS))]
    assert len(rounds) == 4
    for number, round_ in enumerate(rounds):
        assert {visit for visit, _ in round_} == {number}
        assert sorted(key for _, key in round_) == sorted(KEYS)


def test_each_round_is_shuffled_anew() -> None:
    order = visiting_order(dict.fromkeys(KEYS, 4), launch=0, seed=0)
    assert len({tuple(key for visit, key in order if visit == number) for number in range(4)}) == 4


def test_launches_and_seeds_visit_in_different_orders() -> None:
    orders = [visiting_order(dict.fromkeys(KEYS, 1), launch, seed) for launch in range(3) for seed in range(3)]
    assert len({tuple(order) for order in orders}) == 9


def test_the_same_seed_visits_in_the_same_order() -> None:
    assert visiting_order(dict.fromkeys(KEYS, 4), launch=2, seed=9) == visiting_order(
        dict.fromkeys(KEYS, 4), launch=2, seed=9
    )


def test_the_plan_is_not_shuffled_itself() -> None:
    keys = list(KEYS)
    visiting_order(dict.fromkeys(keys, 4), launch=0, seed=0)
    assert keys == KEYS


def test_a_case_with_fewer_visits_has_them_spread_over_the_rounds_of_the_others() -> None:
    order = visiting_order({"a": 4, "b": 16}, launch=0, seed=0)
    assert Counter(key for _, key in order) == {"a": 4, "b": 16}
    assert [visit for visit, key in order if key == "a"] == [0, 1, 2, 3]
    places = [place for place, (_, key) in enumerate(order) if key == "a"]
    assert places[0] <= 1
    assert places[-1] >= 15
