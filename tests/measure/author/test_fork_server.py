"""What processes begin with that a workload starts: torch, and the workload's own file, as from a script."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from bench.measure.author import fork_server
from bench.measure.machine.facts import facts

pytestmark = pytest.mark.skipif(
    "forkserver" not in multiprocessing.get_all_start_methods(), reason="this system has no fork server"
)

WORKLOADS = '''
import torch
from torch.utils.data import DataLoader, Dataset
from bench.workload import Prepared, Work, workload

class Told(Dataset):
    """Rows that say what their process had imported before it asked for them."""
    def __len__(self):
        return 2
    def __getitem__(self, row):
        import os, sys
        return torch.tensor([row, os.getpid(), os.getppid()])

@workload(lesson="l", axes={"start": ("forkserver", "spawn")})
def rows(ctx, start):
    """Rows."""
    loader = DataLoader(Told(), num_workers=1, multiprocessing_context=start)
    return Prepared(lambda: torch.cat(list(loader)), lambda out: 0.0, Work())
'''

PROGRAM = """
import json, os, sys
from bench.measure.author.import_workload import make_of
from bench.records import Source
from time import perf_counter
make, _ = make_of(Source(sys.argv[1], "rows"))
prepared = make(None, start="forkserver")
passes, times = [], []
for _ in range(3):
    started = perf_counter()
    passes.append(prepared.step().tolist())
    times.append(perf_counter() - started)
json.dump({"own": os.getpid(), "passes": passes, "times": times}, sys.stdout)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What three passes over a file of the user's own tell, from a process whose main module imports no torch."""
    folder = tmp_path_factory.mktemp("own")
    file = folder / "own.py"
    file.write_text(WORKLOADS)
    root = Path(fork_server.__file__).parents[3]
    words = [sys.executable, "-c", PROGRAM, str(file)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, cwd=root, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_dataset_of_a_file_that_no_import_finds_is_found_in_a_workers_process(told):
    assert [[row for row, _, _ in rows] for rows in told["passes"]] == [[0, 1]] * 3


def test_workers_of_all_passes_are_forks_of_one_server_that_is_another_process(told):
    servers = {server for rows in told["passes"] for _, _, server in rows}
    workers = {worker for rows in told["passes"] for _, worker, _ in rows}
    assert len(servers) == 1
    assert told["own"] not in servers
    assert len(workers) == 3


def test_torch_is_imported_once_and_not_in_each_pass(told):
    first, *later = told["times"]
    assert max(later) < first / 2, "the first pass pays for the import, the others for a fork each"


def test_a_file_is_listed_once_and_the_server_told_of_it(monkeypatch):
    asked = []
    monkeypatch.setattr(fork_server, "_listed", {})
    monkeypatch.setattr(multiprocessing, "set_forkserver_preload", asked.append)
    monkeypatch.setenv(fork_server.LISTED, "")
    for path, dotted in (("a.py", None), ("workloads/b.py", "workloads.b"), ("a.py", None)):
        fork_server.prepare(fork_server.Source(path, "f", dotted))
    assert [(each.path, each.dotted) for each in fork_server.files()] == [
        ("a.py", None),
        ("workloads/b.py", "workloads.b"),
    ]
    assert asked == [[fork_server.IMPORTS, "torch"]]


def test_the_start_method_is_a_fact_and_asking_for_it_settles_nothing():
    method = "import multiprocessing; multiprocessing.set_start_method('spawn')"
    program = f"from bench.measure.author.fork_server import start_method; print(start_method()); {method}"
    words = [sys.executable, "-c", f"{program}; print(start_method())"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    own, chosen = done.stdout.split()
    assert own == ("forkserver" if sys.version_info >= (3, 14) and sys.platform == "linux" else own)
    assert chosen == "spawn"
    assert facts()["processes"]["start_method"] in multiprocessing.get_all_start_methods()
