"""github-action-benchmark: the history it keeps (`data.js`), and the list it takes (`customSmallerIsBetter`).

Follows the action's own code (src/write.ts, src/extract.ts): `window.BENCHMARK_DATA = {entries: {suite: [{commit,
date, tool, benches}]}}`. For pytest it keeps iterations per second of the mean, and the mean in `extra`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.interop import execution
from bench.interop.checked_file import Node, parsed, text_of
from bench.interop.execution import SECONDS, Benchmark, Execution
from bench.interop.launch_times import LaunchTimes
from bench.records import UNKNOWN, UserError

NAME = "github-action-benchmark"

SUITE = "coursebench"
"""The suite that `bench export` writes to."""

_START = "window.BENCHMARK_DATA ="

_RATES = re.compile(r"(?:iter|iters|ops|op)/(\w+)")
_PER_OPERATION = re.compile(r"(\w+)/(?:iter|op|ops|step)")

_BIGGER_IS_BETTER = ("customBiggerIsBetter", "benchmarkjs", "pytest")
"""Tools whose values are rates (src/write.ts, `biggerIsBetter`), unless the unit says otherwise."""


def is_it(path: Path) -> bool:
    """Whether it is a `data.js`."""
    return path.is_file() and path.suffix == ".js" and text_of(path).lstrip().startswith(_START)


def read(path: Path) -> list[Execution]:
    """Read an execution from each push, in the order of each suite. Raises `UserError` for any other file."""
    return [
        _execution(entry, suite)
        for suite, entries in _top(path)["entries"].mapping().items()
        for entry in Node(entries, str(path), f"entries.{suite}")
    ]


def _top(path: Path) -> Node:
    text = text_of(path).strip()
    if not text.startswith(_START):
        raise UserError(f"{path} does not begin with '{_START}'")
    return parsed(text.removeprefix(_START).strip().removesuffix(";"), path)


def _execution(entry: Node, suite: str) -> Execution:
    tool, commit, benches = entry["tool"].text(), entry["commit"]["id"].text(), list(entry["benches"])
    ours = _ours(benches[0]) if suite == SUITE and benches else {}
    return Execution(
        tool=NAME,
        source=entry.file,
        benchmarks=execution.unambiguous([_benchmark(item, suite, tool) for item in benches]),
        commit=commit,
        at=entry["date"].moment(1e-3),
        machine=ours.get("machine", UNKNOWN),
        facts={"suite": suite, "tool": tool},
        kept_fingerprint=ours.get("fingerprint"),
    )


def _ours(bench: Node) -> dict[str, str]:
    """Machine and fingerprint, which `bench export` writes below the method of the interval."""
    extra = bench.get("extra")
    lines = (line.partition(": ") for line in (extra.text().splitlines() if extra else []))
    return {name: value for name, _, value in lines if name in ("machine", "fingerprint") and value}


def _benchmark(item: Node, suite: str, tool: str) -> Benchmark:
    name, number, unit = item["name"].text(), item["value"].number(), item["unit"].text()
    key = name if execution.is_key(name) else execution.key(suite, name)
    if number <= 0:
        return Benchmark(name, key, unit=unit, reason=f"its value is {number:g} {unit}")
    time = _seconds(number, unit)
    if time is None:
        return Benchmark(name, key, ((number,),), unit, tool in _BIGGER_IS_BETTER, summary="one value a push")
    return Benchmark(name, key, ((time,),), steps=None, summary="one value a push")


def _seconds(number: float, unit: str) -> float | None:
    """Seconds per step of a value in a unit of time, or of steps per time; None for another unit."""
    plain = unit.strip().lower()
    rate, each = _RATES.fullmatch(plain), _PER_OPERATION.fullmatch(plain)
    if rate and rate[1] in SECONDS:
        found = SECONDS[rate[1]] / number
    elif (name := each[1] if each else plain) in SECONDS:
        found = number * SECONDS[name]
    else:
        return None
    return found if 0 < found < float("inf") else None


def written(kept: LaunchTimes, old: Path) -> str:
    """Write a `data.js` with a run as its last push, after those of the file `old` if there is one.

    Raises `UserError` if `old` is something else.
    """
    top = _top(old).mapping() if old.exists() else {"lastUpdate": 0, "repoUrl": "", "entries": {}}
    entries = Node(top, str(old), "")["entries"].mapping()
    created = datetime.fromisoformat(kept.origin.created)
    stamp = int(created.timestamp() * 1000)
    nobody = {"name": "", "username": ""}  # the action's own page reads both
    commit: dict[str, Any] = {
        "id": kept.origin.state or kept.origin.run,
        "timestamp": created.isoformat(),
        "message": "",
        "url": "",
    }
    commit |= {"author": nobody, "committer": nobody}
    push = {"commit": commit, "date": stamp, "tool": "customSmallerIsBetter", "benches": list(_benches(kept))}
    own = entries.setdefault(SUITE, [])
    if not isinstance(own, list):
        raise UserError(f"{old}: entries.{SUITE} should be a list")
    own.append(push)
    top["lastUpdate"] = stamp
    try:
        return f"{_START} {json.dumps(top, indent=2, allow_nan=False)}"
    except ValueError:
        raise UserError(f"{old} holds NaN or Infinity, which JSON does not allow") from None


def listed(kept: LaunchTimes) -> str:
    """Write the list that the action takes with `tool: customSmallerIsBetter`."""
    return json.dumps(list(_benches(kept)), indent=2, allow_nan=False) + "\n"


def _benches(kept: LaunchTimes) -> Iterator[dict[str, Any]]:
    for case in kept.cases:
        if case.clock == "wall":
            found = case.median
            none = "not known" if found.n > 1 else "no interval"
            within = f"{found.low * 1e6:.6g} to {found.high * 1e6:.6g}" if found.low and found.high else none
            yield {
                "name": case.key,
                "value": found.value * 1e6,
                "unit": "us/step",
                "range": within,
                "extra": f"{found.method}\nmachine: {kept.origin.machine}\nfingerprint: {kept.origin.fingerprint}",
            }
