"""Stacks are cut at the region of the case: what lies above it, or not in it, is none of the steps."""

from bench.runner.profiling.py_spy import RATE_HZ, rows_of
from bench.runner.profiling.sampled_stacks import LOADER_LOOP, LOOP, STARTS, Row, Stacks

KEY = "a/b[device=cpu,rows=8]"
REGION = f"{KEY} (bench/measure/timing/blocks.py)"
MAIN = ("<module> (__main__.py)", "Session.loop (bench/measure/profiling/profiling_session.py)", REGION)


def cut(*rows):
    found = Stacks()
    found.add(rows, KEY)
    return found


def test_what_lies_above_the_region_is_cut_off():
    found = cut(Row("main", (*MAIN, "step (mine.py)", "mm (torch/functional.py)"), 3, 6))
    assert found.rows == [Row("main", ("step (mine.py)", "mm (torch/functional.py)"), 3, 6)]


def test_a_stack_without_the_region_is_only_counted():
    found = cut(Row("main", MAIN[:2], 5, 10), Row("main", (*MAIN, "step (mine.py)"), 1, 2))
    assert (found.samples, found.elsewhere, len(found.rows)) == (1, 5, 1)


def test_the_loop_itself_has_a_name_of_its_own():
    assert cut(Row("main", MAIN, 2, 4)).rows == [Row("main", (LOOP,), 2, 4)]


def test_the_region_of_another_case_is_none():
    assert cut(Row("main", ("a/b[device=cpu] (bench/measure/timing/blocks.py)", "step (mine.py)"), 1, 2)).rows == []


def test_other_threads_do_not_count():
    found = cut(Row("another thread", (*MAIN, "step (mine.py)"), 9, 18))
    assert (found.rows, found.samples, found.elsewhere) == ([], 0, 0)


def test_a_worker_of_a_loader_counts_from_its_own_loop_on_wherever_it_was_forked():
    fetch = ("fetch (torch/utils/data/_utils/fetch.py)", "augment (mine.py)")
    inside, before = (*MAIN, "step (mine.py)", LOADER_LOOP, *fetch), ("<module> (__main__.py)", LOADER_LOOP, *fetch)
    found = cut(Row("a child process", inside, 2, 4), Row("a child process", before, 3, 6))
    assert found.rows == [Row("loader worker", fetch, 5, 10)]
    assert found.samples == 0


def test_a_worker_of_a_loader_starts_until_it_reaches_its_loop():
    server = ("<module> (<string>)", "main (multiprocessing/forkserver.py)", STARTS)
    imports = ("_find_and_load (<frozen importlib._bootstrap>)", "<module> (torch/__init__.py)")
    found = cut(
        Row("a child process", (*server, *imports), 5, 10),
        Row("a child process", (*server, LOADER_LOOP, "fetch (mine.py)"), 1, 2),
        Row("a child process", server, 1, 2),
        Row("a child process", server[:2], 9, 18),  # the server itself
    )
    assert found.rows == [
        Row("loader worker", ("fetch (mine.py)",), 1, 2),
        Row("starting worker", imports, 5, 10),
        Row("starting worker", (STARTS,), 1, 2),
    ]


def test_another_child_of_the_worker_does_not_count():
    assert cut(Row("a child process", (*MAIN, "compile (torch/_inductor/codecache.py)"), 1, 2)).rows == []


def test_more_of_the_same_stack_adds_up():
    found = cut(Row("main", (*MAIN, "step (mine.py)"), 1, 2))
    found.add([Row("main", (*MAIN, "step (mine.py)"), 2, 5), Row("main", (*MAIN, "other (mine.py)"), 1, 1)], KEY)
    assert found.rows == [Row("main", ("other (mine.py)",), 1, 1), Row("main", ("step (mine.py)",), 3, 7)]
    assert found.samples == 4


RAW = f"""\
process 10:"python -m bench.measure";thread (10): MainThread;<module> (__main__.py);{REGION};step (mine.py) 7
process 10:"python -m bench.measure";thread (12): sampler;run (threading.py) 4
process 10:"python -m bench.measure";process 15:"python -m bench.measure";thread (15): MainThread;f (x y) (m.py) 2
thread (0xA): MainThread;{REGION} 1
py-spy said something else
"""


def test_lines_of_py_spy_tell_whose_thread_it_was():
    period = 1e9 / RATE_HZ
    assert list(rows_of(RAW, 10)) == [
        Row("main", ("<module> (__main__.py)", REGION, "step (mine.py)"), 7, 7 * period),
        Row("another thread", ("run (threading.py)",), 4, 4 * period),
        Row("a child process", ("f (x y) (m.py)",), 2, 2 * period),
        Row("main", (REGION,), 1, period),
    ]
