"""Where the time of a run went: seconds by stage, and what the parent itself used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.records import CaseLaunch


def account(records: Iterable[CaseLaunch], sessions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Seconds and share of wall time by stage over all sessions of a run, and the parent's own processor share.

    Stages: those of a case (prepare, first_call, check, warm_up, blocks, close), `spawn` (a worker's start to its
    hello) and `other`. A session that was killed is counted up to the last line of its journal.
    """
    stages: dict[str, float] = defaultdict(float)
    for record in records:
        for stage, seconds in record.seconds.items():
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

    Not getrusage: its mark outlives exec, and would be that of whoever started us.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)
