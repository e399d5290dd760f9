"""pytest-benchmark's JSON (`--benchmark-json`, `--benchmark-save`): one process, its rounds or their statistics.

Follows the writer's own code (pytest_benchmark.session, .stats, 5.x; files of 3.x and 4.x have the same fields).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.interop import execution
from bench.interop.checked_file import Node, parsed, text_of
from bench.interop.execution import Benchmark, Execution
from bench.interop.launch_times import CaseTimes, LaunchTimes, RunOrigin
from bench.records import UNKNOWN, Case, UserError

NAME = "pytest-benchmark"
SUFFIXES = (".json",)

_NO_COMMIT = ("unversioned", "unknown")
"""Commits that it writes outside of a repository, and without git (pytest_benchmark.utils.get_commit_info)."""

OURS = "coursebench"
"""Entry of our plugin and `bench export` for data that pytest-benchmark has no place for."""


def is_it(path: Path) -> bool:
    """Whether it is a file with `machine_info`."""
    return path.is_file() and path.suffix in SUFFIXES and '"machine_info"' in text_of(path)


def read(path: Path) -> list[Execution]:
    """Read the one execution of a file. Raises `UserError` if pytest-benchmark did not write it."""
    top = parsed(text_of(path), path)
    info = top["machine_info"]
    at, commit = top.get("datetime"), top.get("commit_info")
    kept = info.get(OURS)
    return [
        Execution(
            tool=NAME,
            source=str(path),
            benchmarks=execution.unambiguous([_benchmark(item) for item in top["benchmarks"]]),
            commit=_commit(commit) if commit else None,
            at=at.date() if at else None,
            machine=kept["machine"].text() if kept else _machine(info),
            facts=_facts(info),
            kept_fingerprint=kept["fingerprint"].text() if kept else None,
        )
    ]


def _commit(info: Node) -> str | None:
    found, dirty = info.get("id"), info.get("dirty")
    if found is None or found.text() in _NO_COMMIT:
        return None
    return f"{found.text()}+dirty" if dirty and dirty.value is True else found.text()


def _benchmark(item: Node) -> Benchmark:
    name, stats = item.get("fullname") or item["name"], item["stats"]
    own = (item.get("extra_info") or Node({}, item.file, "")).get(OURS)
    data, rounds, iterations = stats.get("data"), stats["rounds"].count(), stats["iterations"].count()
    values = tuple(each.number() for each in data) if data else (stats["median"].number(),)
    key = Case.from_key(own["key"].text()).key if own else _key(name.text())
    if not values or min(values) <= 0:
        why = "a round took no time: its clock is too coarse" if values else "it has no round"
        return Benchmark(name.text(), key, reason=why)
    # Our export has a round for each launch: those are processes. Rounds of pytest-benchmark share one.
    processes = tuple((each,) for each in values) if data and own and own.get("launches") else (values,)
    return Benchmark(
        name=name.text(),
        key=key,
        processes=processes,
        steps=iterations if data else rounds * iterations,
        summary="" if data else f"median of {rounds} rounds",
    )


def _key(fullname: str) -> str:
    """`tests/test_a.py::test_b[c]` becomes `tests-test_a/test_b[param=c]`; the axes that every case has are unknown."""
    name, bracket, param = fullname.partition("[")
    path, _, function = name.rpartition("::")
    params = {"param": execution.value(param.removesuffix("]"))} if bracket else {}
    return execution.key(path.replace(".py", "") or "pytest", function, params)


def _facts(info: Node) -> dict[str, Any]:
    """Facts that make two files comparable: processor, system and Python, without the current clock rate."""
    cpu = info.get("cpu")
    names = ("machine", "processor", "system", "release", "python_implementation", "python_version", "python_compiler")
    cores = {name: cpu.mapping().get(name) for name in ("brand_raw", "brand", "arch", "count")} if cpu else {}
    return {**{name: info.mapping().get(name) for name in names}, **cores}


def _machine(info: Node) -> str:
    """The machine's name: its processor and number of cores; else what the file calls it."""
    cpu = info.get("cpu")
    brand = (cpu.get("brand_raw") or cpu.get("brand")) if cpu else None
    if cpu and brand:
        count = cpu.get("count")
        return f"{count.count()}-core {brand.text()}" if count else brand.text()
    node = info.get("node")
    return node.text() if node else UNKNOWN


def written(kept: LaunchTimes) -> str:
    """Write a run as pytest-benchmark would, for its `compare`: a round for each launch.

    The statistics are computed by pytest-benchmark's own class. Raises `UserError` if it is not installed.
    """
    try:
        from pytest_benchmark import __version__
        from pytest_benchmark.stats import Stats
    except ImportError:
        raise UserError("writing its files needs pytest-benchmark: pip install pytest-benchmark") from None

    def stats(medians: Sequence[float]) -> dict[str, Any]:
        made = Stats()
        for seconds in medians:
            made.update(seconds)
        return {**made.as_dict(), "iterations": 1, "data": list(medians)}

    origin = kept.origin
    commit: dict[str, Any] = {"id": origin.commit or "unversioned", "time": origin.created, "author_time": None}
    commit |= {"dirty": origin.dirty, "project": OURS, "branch": origin.branch or "(unknown)"}
    benchmarks = [_written(case, stats(case.medians)) for case in kept.cases if case.clock == "wall"]
    content = {
        "machine_info": _machine_info(origin),
        "commit_info": commit,
        "benchmarks": benchmarks,
        "datetime": datetime.fromisoformat(origin.created).isoformat(),
        "version": __version__,
    }
    return json.dumps(content, indent=4, allow_nan=False) + "\n"


def _machine_info(origin: RunOrigin) -> dict[str, Any]:
    """The machine of a run under pytest-benchmark's names, all of which its `compare` needs."""
    return {
        "node": origin.machine,
        "processor": origin.cpu_model,
        "machine": origin.architecture,
        "system": origin.system,
        "release": origin.release,
        "python_compiler": "",
        "python_implementation": origin.python_implementation,
        "python_implementation_version": origin.python_version,
        "python_version": origin.python_version,
        "python_build": [],
        "cpu": {"brand_raw": origin.cpu_model, "count": origin.logical_cores},
        OURS: {"machine": origin.machine, "fingerprint": origin.fingerprint},
    }


def _written(case: CaseTimes, stats: Mapping[str, Any]) -> dict[str, Any]:
    workload = case.key.partition("[")[0]
    return {
        "group": workload,
        "name": case.key,
        "fullname": f"{OURS}::{case.key}",
        "params": {axis: str(value) for axis, value in Case.from_key(case.key).params},
        "param": None,
        "extra_info": {OURS: {"key": case.key, "launches": len(case.medians)}},
        "options": {
            "disable_gc": True, "timer": "perf_counter", "min_rounds": len(case.medians), "max_time": 0.0,
            "min_time": 0.0, "warmup": True,
        },
        "stats": dict(stats),
    }  # fmt: skip
