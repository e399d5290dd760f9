"""The time of a run by stage, and the resources of the parent in each session."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.records import IMPORT, CaseLaunch
from bench.store.journal import Journal


class SessionAccount:
    """The spending of one session of a run, from its making on; it writes a line into the journal at both ends."""

    def __init__(self, journal: Journal, cases: int) -> None:
        self._journal = journal
        self._spawn_s = 0.0
        self._started, self._cpu = time.monotonic(), time.process_time()
        journal.session({"started": now(), "cases": cases})

    def spawned(self, seconds: float) -> None:
        """A worker took `seconds` from its start to its hello."""
        self._spawn_s += seconds

    def sum_up(self) -> float:
        """End the session in the journal, and return its wall time in seconds."""
        wall_s = time.monotonic() - self._started
        self._journal.spent(
            {
                "ended": now(),
                "wall_s": wall_s,
                "spawn_s": self._spawn_s,
                "parent_cpu_s": time.process_time() - self._cpu,
                "parent_peak_bytes": own_peak_bytes(),
            }
        )
        return wall_s


def now() -> str:
    """The time, UTC, to the microsecond."""
    return datetime.now(UTC).isoformat()


def account(records: Iterable[CaseLaunch], sessions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Seconds and share of wall time by stage over all sessions of a run, and the parent's own processor share.

    Stages: those of a case (prepare, first_call, check, prepare_again, warm_up, blocks, close), `spawn` (a worker's
    start to its hello) and `other`. A session that was killed is counted up to the last line of its journal.
    """
    stages: dict[str, float] = defaultdict(float)
    for record in records:
        for stage, seconds in record.seconds.items():
            if stage != IMPORT:  # that of a process, which each of its cases states
                stages[stage] += seconds
    wall_s = sum(float(session.get("wall_s", 0.0)) for session in sessions)
    stages["spawn"] = sum(session.get("spawn_s", 0.0) for session in sessions)
    stages["other"] = wall_s - sum(stages.values())
    parent_cpu_s = sum(float(session.get("parent_cpu_s", 0.0)) for session in sessions)
    return {
        "wall_s": round(wall_s, 3),
        "stages_s": {stage: round(seconds, 3) for stage, seconds in stages.items()},
        "shares": {stage: round(seconds / wall_s, 4) for stage, seconds in stages.items()} if wall_s else {},
        "timed_and_warm_up_share": round((stages["blocks"] + stages["warm_up"]) / wall_s, 4) if wall_s else None,
        "parent_cpu_share": round(parent_cpu_s / wall_s, 4) if wall_s else None,
        "parent_peak_bytes": max((session.get("parent_peak_bytes") or 0 for session in sessions), default=0) or None,
    }


def own_peak_bytes() -> int | None:
    """The largest resident size of this program so far, in bytes; None where the system has no /proc.

    Not from getrusage: its mark survives exec, and would be that of the program that started us.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)
