"""Records as hypothesis draws them, a journal written from them, and a folder to write it into."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.records import Block, CaseLaunch
from bench.store import journal, runs, schema

KEY = "matmul/square[device=cpu,dtype=float32,mode=eager,size=64,threads=1]"
OTHER = "matmul/square[device=cpu,dtype=float32,mode=eager,size=1024,threads=1]"

FACTS: dict[str, Any] = {
    "cpu": {
        "model": "Intel(R) Xeon(R) CPU @ 2.20GHz",
        "family": ["GenuineIntel", "6", "79", "0"],
        "architecture": "x86_64",
        "logical": 4,
        "affinity": [0, 1, 2, 3],
        "physical": 2,
        "cache": "56320 KB",
        "hypervisor": True,
        "governor": None,
        "turbo": None,
        "mhz": 2200.0,
    },
    "memory_bytes": 16 << 30,
    "os": {"system": "Linux", "release": "6.1.0", "name": "Debian"},
    "container": None,
    "python": {"version": "3.11.9", "implementation": "CPython"},
    "libraries": {"torch": "2.13.0", "numpy": "2.4.6", "scikit-learn": "1.9", "coursebench": "0.1.0"},
    "torch": {
        "version": "2.13.0",
        "git": "abc",
        "cuda": None,
        "cudnn": None,
        "cpu_capability": "AVX2",
        "numerics": {"matmul": "highest"},
        "build": "GCC 13",
        "threads": 2,
    },
    "cuda": [],
    "load": {"average": [0.1, 0.2, 0.3], "pressure": []},
    "environment": {},
}
GPU = {"name": "NVIDIA H200", "capability": "9.0", "memory_bytes": 141 << 30, "driver": "575.1"}


@pytest.fixture
def facts() -> dict[str, Any]:
    """What a worker says of its machine; a copy, to be changed."""
    return copy.deepcopy(FACTS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a run that was just begun."""
    return begin(tmp_path / "run")


@pytest.fixture
def book(folder: Path) -> Iterator[journal.Journal]:
    """The open journal of `folder`, its session begun."""
    book = journal.Journal(folder)
    book.session({"started": "2026-11-01T10:00:00", "cases": 2})
    yield book
    book.close()


@pytest.fixture
def new_folder() -> Iterator[Callable[[], Path]]:
    """Makes the folder of a run for each example of a property: a test's `tmp_path` is one for all of them."""
    kept = []

    def make() -> Path:
        kept.append(tempfile.TemporaryDirectory())
        return begin(Path(kept[-1].name) / "run")

    yield make
    for item in kept:
        item.cleanup()


def begin(folder: Path) -> Path:
    """A run folder with a `run.json` and nothing else."""
    runs.create(folder, {"schema": schema.VERSION, "run": folder.name, "status": "running", "sessions": []})
    return folder


def block(key: str = KEY, launch: int = 0, visit: int = 0, index: int = 0, **changes: Any) -> Block:
    """A block of 100 steps in a millisecond."""
    values = {"phase": "step", "clock": "wall", "kept": index > 0, "steps": 100, "total_ns": 1_000_000}
    return Block(key=key, launch=launch, visit=visit, index=index, **{**values, **changes})


def visit_of(key: str = KEY, launch: int = 0, visit: int = 0, blocks: int = 3) -> list[Block]:
    """The blocks of a visit."""
    return [block(key, launch, visit, index) for index in range(blocks)]


def write_down(book: journal.Journal, record: CaseLaunch, visits: Sequence[Sequence[Block]]) -> None:
    """A launch of a case as it enters the journal."""
    for blocks in visits:
        book.visit(record.process, blocks)
    book.launch(record)


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """The journal line by line."""
    return [json.loads(line) for line in (folder / journal.NAME).read_text().splitlines()]
