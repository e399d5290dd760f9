"""A case that goes wrong costs that case and nothing else. Real workers, real signals."""

from pathlib import Path

import pytest

from bench.plan.catalog import find
from bench.records import Case, Outcome, Planned, Settings
from bench.runner import machine_probe, run_description, whole_run
from bench.runner.listener import SilentListener
from bench.runner.stop_request import Stop
from bench.runner.worker_pool import WorkerPool
from bench.store import tables

FILE = Path(__file__).parents[1] / "workload_files" / "misbehaving.py"

EXPECTED = {
    "segfaults[when=prepare]": (Outcome.CRASHED, "SIGSEGV"),
    "segfaults[when=first]": (Outcome.CRASHED, "SIGSEGV"),
    "segfaults[when=later]": (Outcome.CRASHED, "SIGSEGV"),
    "killed": (Outcome.CRASHED, "SIGKILL (often the kernel's out-of-memory killer)"),
    "hangs": (Outcome.TIMEOUT, "no answer for 8 s in its stage 'first_call'"),
    "prints_rubbish": (Outcome.OK, ""),
    "is_wrong": (Outcome.WRONG, "relative error 0.00"),
    "turns_wrong": (Outcome.WRONG, "relative error 1 "),
    "is_nan": (Outcome.WRONG, "relative error nan"),
    "takes_all_memory": (Outcome.OOM, "can't allocate memory"),
    "takes_all_memory_in_numpy": (Outcome.OOM, "MemoryError"),
    "raises": (Outcome.FAILED, "ZeroDivisionError: of all things"),
    "skips": (Outcome.SKIPPED, "the moon is not full"),
    "exits": (Outcome.CRASHED, "exited with code 3"),
    "talks_before_dying": (Outcome.CRASHED, "exited with code 4"),
    "names_a_phase[called=step]": (Outcome.FAILED, "phase 'step' has a name that the harness uses itself"),
    "names_a_phase[called=first_call]": (Outcome.FAILED, "call it 'own_first_call', or what it does"),
    "names_a_phase[called=a:b]": (Outcome.FAILED, "phase 'a:b' has a colon, which separates phase and clock"),
    "names_a_phase[called=compile_cold]": (Outcome.FAILED, "phase 'compile_cold' has a name"),
    "behaves": (Outcome.OK, ""),
    "behaves[device=cuda:99]": (Outcome.SKIPPED, "CUDA"),
    "behaves[device=mps]": (Outcome.SKIPPED, "no mps: torch "),
    "behaves[mode=trace]": (Outcome.SKIPPED, "makes no sense in mode=trace"),
    "behaves[dtype=float16]": (Outcome.SKIPPED, "makes no sense in dtype=float16"),
}


def key_of(short: str) -> str:
    return Case.from_key(f"misbehaving/{short}").key


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults") / "run"
    catalog = find([FILE], installed=False)
    planned = []
    for short in EXPECTED:
        case = Case.from_key(f"misbehaving/{short}")
        planned.append(Planned(case, catalog[case.workload].source))
    settings = Settings(launches=1, visits=2, warm_s=0.01, timeout_s=8)
    stop = Stop()
    hello = machine_probe.look(planned, stop)
    run_description.begin(folder, run_description.described("faults", planned, settings, hello, "test", "bench run"))
    with WorkerPool(stop) as pool:
        ended = whole_run.measure(folder, planned, settings, hello, stop, SilentListener(), pool)
    return ended, tables.read(folder)


@pytest.mark.parametrize("short", EXPECTED)
def test_each_fault_ends_in_its_own_outcome_with_its_reason(run, short):
    _, data = run
    row = data.launches[data.launches["key"] == key_of(short)].iloc[0]
    outcome, reason = EXPECTED[short]
    assert row["outcome"] == outcome, row["detail"]
    assert reason in row["reason"]


def test_every_case_has_exactly_one_row_whatever_happened_around_it(run):
    _, data = run
    assert sorted(data.launches["key"]) == sorted(key_of(short) for short in EXPECTED)


def test_the_run_is_complete_and_its_journal_was_readable(run):
    ended, _ = run
    assert (ended.status, ended.problems) == ("complete", [])


def test_only_cases_that_ended_well_have_blocks(run):
    _, data = run
    good = {key_of(short) for short, (outcome, _) in EXPECTED.items() if outcome is Outcome.OK}
    with_blocks = set(data.blocks["key"])
    assert good <= with_blocks
    assert key_of("is_wrong") not in with_blocks


def test_a_phase_of_a_reserved_name_is_refused_before_anything_is_timed(run):
    _, data = run
    refused = data.launches[data.launches["key"].str.startswith("misbehaving/names_a_phase")]
    assert len(refused) == 4
    assert refused["first_call_ns"].isna().all()
    assert (refused["warm_calls"] == 0).all()
    assert not data.blocks["key"].str.startswith("misbehaving/names_a_phase").any()


def test_a_failure_keeps_its_traceback_and_a_dead_worker_its_last_words(run):
    _, data = run
    detail = data.launches.set_index("key")["detail"]
    assert "ZeroDivisionError" in detail[key_of("raises")]
    assert "misbehaving.py" in detail[key_of("raises")]
    assert "the reason is written here" in detail[key_of("talks_before_dying")]


def test_blocks_of_a_case_that_behaves_are_all_from_one_process(run):
    _, data = run
    blocks = data.blocks[data.blocks["key"] == key_of("behaves")]
    assert sorted(blocks["visit"].unique()) == list(range(blocks["visit"].nunique()))
    for _, visit in blocks.groupby("visit"):
        cold = (~visit["kept"]).sum()
        assert cold in (1, 2)  # two where the first was short
        assert visit["index"].tolist() == list(range(len(visit)))
        assert not visit["kept"].iloc[:cold].any()
        assert visit["kept"].iloc[cold:].all()
        assert len(visit) - cold >= 3  # five are asked for, one more or fewer is drawn, and the first is cold
