"""Planted leaks in a run, a gate's pair, a session of pytest and a run in process: each told, none at the neighbour."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bench.analyse.gate.case_settings import settings_doubts
from bench.measure.machine.cores import affinity
from bench.protocol import Hello
from bench.protocol.placement import text_of
from bench.records import ComparedCase, Settings
from bench.runner import machine_probe, run_description
from bench.runner.pairs import pair_loop
from bench.runner.pairs.pair_context import PairSettings
from bench.runner.stop_request import Stop
from bench.store import tables
from tests.measure.settings.leaks import FILE, LEAKS, VICTIM, leaking, planned
from tests.terminal import Terminal
from tests.test_pytest_plugin import session

pytestmark = pytest.mark.timeout(600)

OURS = "coursebench"


# --- bench run --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """By key, the rows of a run of all leaks and their neighbour."""
    bench = Terminal(tmp_path_factory.mktemp("leaks"))
    done = bench(
        "run", "--workloads", FILE, *(f"leaky/a_leak[leak={leak}]" for leak in LEAKS), "leaky/b_victim[]",
        "leaky/as_reported[]", "--launches", 1, "--format", "json", timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    shown = bench("show", "--format", "json")
    return {row["key"]: row for row in json.loads(shown.stdout)}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_run_tells_the_leak_beside_its_number(leak, rows):
    row = rows[leaking(leak).case.key]
    (found,) = [each for each in row["findings"] if each["check"] == "leaky-settings"]
    assert f"the case set {LEAKS[leak]} from " in found["message"]
    assert row["quality"] == {LEAKS[leak].replace(" ", "_"): 1.0}


def test_a_row_whose_axis_says_another_number_of_threads_says_so(rows):
    row = rows[leaking("threads").case.key]
    (found,) = [each for each in row["findings"] if each["check"] == "leaky-settings"]
    assert row["threads_used"] == 3
    assert "with 3 threads, though its row says threads=1" in found["message"]


def test_what_a_case_leaks_is_told_in_one_sentence(rows):
    (found,) = [each for each in rows[planned("as_reported").case.key]["findings"] if each["check"] == "leaky-settings"]
    assert found["message"] == (
        "the case set threads from 1 to 2; default dtype from torch.float32 to torch.float64; float32 precision of "
        "products from highest to medium; flushing of subnormals from off to on, for its whole process, and was timed "
        "so: with 2 threads, though its row says threads=1"
    )


def test_the_neighbour_of_all_leaks_is_timed_as_if_alone(rows):
    row = rows[VICTIM.case.key]
    assert not row["quality"]
    assert row["threads_used"] == 1
    assert "leaky-settings" not in {each["check"] for each in row["findings"]}


# --- a pair of a gate -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """One lockstep pair of all leaks and their neighbour, each against itself, read back."""
    folder = tmp_path_factory.mktemp("pairs") / "run"
    compared = [ComparedCase(item, item) for item in [VICTIM, *map(leaking, LEAKS)]]
    settings = Settings(visits=1, warm_s=0.001, warm_cap_s=0.01, timeout_s=60)
    hello: Hello = machine_probe.look([], Stop())
    run_description.begin(
        folder, run_description.described("pairs", [], settings, hello, "test", "bench test", compared)
    )
    queue = pair_loop.FixedPairs(compared, lambda key: 1)
    how = PairSettings(block_pairs_s=0.01, block_pairs_most_s=0.01)
    pair_loop.measure(folder, queue, settings, hello, Stop(), lambda *_: None, sides=pair_loop.SAME, pair_settings=how)
    return tables.read(folder)


@pytest.mark.parametrize("leak", LEAKS)
def test_a_gate_tells_the_leak_beside_its_verdict(leak, pair):
    doubt = settings_doubts(pair)[leaking(leak).case.key]
    assert f"it sets {LEAKS[leak]} from " in doubt
    assert "on the" not in doubt  # both sides do


def test_in_a_pair_the_neighbour_is_timed_as_if_alone(pair):
    ends = [each for each in tables.launches_of(pair) if each.key == VICTIM.case.key]
    assert {each.side for each in ends} == {"base", "head"}
    assert all(each.outcome == "ok" and not each.quality and not each.changed_settings for each in ends)
    assert VICTIM.case.key not in settings_doubts(pair)


# --- a session of pytest ----------------------------------------------------------------------------------------------

LAST = """
from bench.measure.settings.process_settings import changes, snapshot

FOUND = snapshot()


def test_theirs():
    assert changes(FOUND, snapshot()) == {}
"""

THEIRS_LAST = """
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: ("test_theirs" in item.nodeid, "b_victim" in item.nodeid))
"""


@pytest.fixture(scope="module")
def benchmarks(tmp_path_factory):
    """A session that times all leaks, then their neighbour, then a test of someone's own: its JSON and its words."""
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "test_theirs.py").write_text(LAST)
    (folder / "conftest.py").write_text(THEIRS_LAST)
    chosen = ["leaky/b_victim[]", *(f"leaky/a_leak[leak={leak}]" for leak in LEAKS)]
    selects = [word for each in chosen for word in ("--bench-select", each)]
    words = ("--bench-preset", "quick", "--bench-workloads", FILE, *selects, "--bench-rounds", 1)
    done = session(folder, "test_theirs.py", *words, "--benchmark-json=x.json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((folder / "x.json").read_text())["benchmarks"]
    return {each["name"]: each["extra_info"][OURS] for each in found}, done.stdout


@pytest.mark.parametrize("leak", LEAKS)
def test_a_session_of_pytest_tells_the_leak(leak, benchmarks):
    """That it reaches no test after it, the session itself has tested."""
    found, said = benchmarks
    key = leaking(leak).case.key
    assert list(found[key]["changed_settings"]) == [LEAKS[leak]]
    assert f"{key} set {LEAKS[leak]} from " in said.replace("\n", " ")


def test_in_a_session_of_pytest_the_neighbour_leaks_nothing(benchmarks):
    found, _ = benchmarks
    assert "changed_settings" not in found[VICTIM.case.key]
    assert found[leaking("threads").case.key]["threads"] == 3
    assert found[VICTIM.case.key]["threads"] == 1


# --- in process -------------------------------------------------------------------------------------------------------


IN_PROCESS = """
import asyncio, json, sys
from pathlib import Path
from bench.jobs.in_process import debug
from bench.measure.settings.process_settings import changes, snapshot
from bench.plan.catalog import find
from bench.plan.selection import Plan
from bench.records import Case, Planned, Settings

leaky, waiting = (find([Path(path)], installed=False) for path in sys.argv[1:3])


def said(catalog, key):
    case = Case.from_key(key)
    return debug(Plan((Planned(case, catalog[case.workload].source),), ()), Settings(warm_s=0.001, warm_cap_s=0.01))


found, told = snapshot(), {}
for key in json.loads(sys.argv[3]):
    told[key] = said(leaky, key), list(changes(found, snapshot()))


async def cell():
    return said(waiting, Case.of("handed_away/awaited", {"form": "async_def"}).key)


told["in a notebook"] = asyncio.run(cell()), list(changes(found, snapshot()))
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def in_process(tmp_path_factory):
    """By key: what a run in process said, and what it left set. All leaks, and after each their neighbour."""
    keys = [key for leak in LEAKS for key in (leaking(leak).case.key, VICTIM.case.key)]
    done = subprocess.run(
        [sys.executable, "-c", IN_PROCESS, FILE, FILE.parent / "handed_away.py", json.dumps(keys)],
        capture_output=True, text=True, cwd=tmp_path_factory.mktemp("in_process"), timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.heavy
@pytest.mark.parametrize("leak", LEAKS)
def test_a_run_in_process_tells_each_leak_and_leaves_none(leak, in_process):
    said, left = in_process[leaking(leak).case.key]
    assert f"It set {LEAKS[leak]} from " in said
    assert left == []


@pytest.mark.heavy
def test_in_process_the_neighbour_leaks_nothing(in_process):
    said, left = in_process[VICTIM.case.key]
    assert "It set" not in said
    assert f"Nothing held it to a core: it might run on CPUs {text_of(affinity())}." in said
    assert left == []


@pytest.mark.heavy
def test_in_process_a_coroutine_is_awaited_in_a_notebook(in_process):
    said, left = in_process["in a notebook"]
    assert "prepared, right" in said
    assert left == []


def test_a_run_in_process_tells_the_leak(tmp_path):
    done = Terminal(tmp_path)("run", "--workloads", FILE, leaking("threads").case.key, "--in-process")
    assert done.returncode == 0, done.stderr
    assert "It set threads from 1 to 3, for the whole process; that is put back." in done.stdout + done.stderr
