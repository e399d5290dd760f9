"""Runs made up number by number, in the tables a sealed run has."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.records import Block, BlockPair, Case, CaseLaunch, Settings, Value
from bench.store import schema
from bench.store.tables import RunData

STEPS = 1000
"""Steps a block, so that a block of 1 µs steps is 1 ms long."""


class MadeUpRun:
    """Collects launches of cases; `data()` is what `tables.read` would give of them."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.status = "complete"
        self._plan: list[str] = []
        self._launches: list[CaseLaunch] = []
        self._blocks: list[Block] = []
        self._couples: list[BlockPair] = []

    def plan(self, workload: str = "matmul/square", **params: Value) -> Case:
        """Plan a case, and return it."""
        case = Case.of(workload, params)
        self._plan.append(case.key)
        return case

    def launch(self, case: Case, number: int = 0, process: str = "", **facts: Any) -> None:
        """A launch of a case without blocks; all cases of one number share a process unless told otherwise."""
        self._launches.append(CaseLaunch(case.key, number, process or f"process {number}", **facts))

    def blocks(
        self, case: Case, number: int, step_s: Sequence[float], clock: str = "wall", phase: str = "step", **changes: Any
    ) -> None:
        """Blocks of a launch, of so many seconds per step each, in visits of their own."""
        values = {"kept": True, "steps": STEPS, **changes}
        visit = sum(block.key == case.key and block.launch == number for block in self._blocks)
        for index, seconds in enumerate(step_s):
            total = round(seconds * 1e9 * values["steps"])
            self._blocks.append(Block(case.key, number, visit + index, phase, clock, 0, total_ns=total, **values))

    def pair(self, key: str, number: int, base_ns: Sequence[int], head_ns: Sequence[int], **changes: Any) -> None:
        """A lockstep pair of a case: a couple for each total."""
        for place, (base, head) in enumerate(zip(base_ns, head_ns, strict=True)):
            values = {"prepared_first": "base", "clock": "wall", "first": "base", "steps": 1, **changes}
            self._couples.append(BlockPair(key, number, couple=place, base_ns=base, head_ns=head, **values))

    def measured(
        self, step_s: Sequence[float], clock: str = "wall", workload: str = "matmul/square", **params: Value
    ) -> Case:
        """A planned case with one launch of one block for each number of seconds per step."""
        case = self.plan(workload, **params)
        for number, seconds in enumerate(step_s):
            self.launch(case, number)
            self.blocks(case, number, [seconds], clock)
        return case

    def data(self) -> RunData:
        """The run as it is read back."""
        run = {
            "run": "20261101T100000Z-00000000",
            "machine": "2-core",
            "status": self.status,
            "created": "2026-11-01T10:00:00+00:00",
            "environment": {"torch": {"version": "2.13.0"}, "cpu": {"affinity": [0, 1]}},
            "settings": dataclasses.asdict(self.settings),
            "plan": [{"key": key} for key in self._plan],
        }
        launches = [schema.flat(record) for record in self._launches]
        return RunData(
            Path("made-up"),
            run,
            frame_of([dataclasses.asdict(block) for block in self._blocks], dict(schema.BLOCKS)),
            frame_of(launches, dict(schema.LAUNCHES)),
            frame_of([dataclasses.asdict(couple) for couple in self._couples], dict(schema.PAIRS)),
        )


def frame_of(rows: list[dict[str, Any]], dtypes: dict[str, str]) -> pd.DataFrame:
    """Rows with the columns and types of a table, also where there are no rows."""
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=dtype) for name, dtype in dtypes.items()})


@pytest.fixture
def run() -> MadeUpRun:
    """A run in which nothing was planned yet."""
    return MadeUpRun()
