"""asv's results folder: one file for each machine, commit and environment. Follows asv.results (versions 1 and 2).

asv alternates between several processes and keeps their samples in one list, so the spread between processes is lost.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.interop import execution
from bench.interop.checked_file import Node, parsed, text_of
from bench.interop.execution import Benchmark, Execution
from bench.records import UNKNOWN, UserError, Value

NAME = "asv"

_BENCHMARKS, _MACHINE = "benchmarks.json", "machine.json"

_UNITS = {"time": "s", "timeraw": "s", "mem": "bytes", "peakmem": "bytes", "track": "unit"}
"""Unit by the beginning of a benchmark's name (asv's own rule), used if `benchmarks.json` states none."""

_FACTS = ("arch", "cpu", "machine", "os", "num_cpu")
"""Entries of `params` about the machine, without ram, which asv writes sometimes as text, sometimes as a number."""


def is_it(path: Path) -> bool:
    """Whether it is a results folder, a machine's folder inside one, or a single result."""
    if path.is_dir():
        return (path / _BENCHMARKS).exists() or (path / _MACHINE).exists()
    return path.suffix == ".json" and path.name not in (_BENCHMARKS, _MACHINE) and '"commit_hash"' in text_of(path)


def read(path: Path) -> list[Execution]:
    """Read an execution from each result file, by date. Raises `UserError` if there is none, or one is damaged."""
    path = path.resolve()
    if path.is_file():
        return [_execution(path, _described(path.parent.parent))]
    root = path if (path / _BENCHMARKS).exists() else path.parent
    results = [each for each in sorted(path.rglob("*.json")) if each.name not in (_BENCHMARKS, _MACHINE)]
    if not results:
        raise UserError(f"{path} holds no results of asv")
    described = _described(root)
    found = [_execution(each, described) for each in results]
    return sorted(found, key=lambda each: each.at.timestamp() if each.at else 0.0)


@dataclass(frozen=True)
class _Described:
    """What `benchmarks.json` says of a benchmark."""

    unit: str = ""
    param_names: tuple[str, ...] = ()


def _described(root: Path) -> dict[str, _Described]:
    """What `benchmarks.json` says, by name of a benchmark; empty where there is no such file."""
    path = root / _BENCHMARKS
    entries = parsed(text_of(path), path).mapping() if path.exists() else {}
    found = {}
    for name, entry in entries.items():
        if isinstance(entry, dict):
            unit, names = entry.get("unit"), entry.get("param_names")
            found[name] = _Described(
                unit if isinstance(unit, str) else "", tuple(map(str, names)) if isinstance(names, list) else ()
            )
    return found


def _execution(path: Path, described: Mapping[str, _Described]) -> Execution:
    top = parsed(text_of(path), path)
    params, date, requirements = top["params"], top["date"], top.get("requirements")
    machine = params.get("machine")
    facts = {name: params.mapping().get(name) for name in _FACTS}
    env = {name: value for name, value in (requirements.mapping() if requirements else {}).items() if value}
    python, variables = top.get("python"), top.get("env_vars")
    set_to = {name: value for name, value in (variables.mapping() if variables else {}).items() if value}
    columns = top.get("result_columns")
    names = [each.text() for each in columns] if columns else None
    found = [
        benchmark
        for name, value in top["results"].mapping().items()
        for benchmark in _benchmarks(name, _Result(value, names, top["results"]), described)
    ]
    return Execution(
        tool=NAME,
        source=str(path),
        benchmarks=execution.unambiguous(found),
        commit=top["commit_hash"].text(),
        at=date.moment(1e-3),
        machine=machine.text() if machine else UNKNOWN,
        facts={**facts, "python": python.text() if python else None, "requirements": env, "env_vars": set_to or None},
    )


class _Result:
    """What a file says about one benchmark, in either version: `result` and `samples` by combination, and `params`."""

    def __init__(self, value: Any, columns: Sequence[str] | None, results: Node) -> None:
        node = Node(value, results.file, results.where)
        if columns is not None and isinstance(value, list):
            own = dict(zip(columns, value, strict=False))
        elif isinstance(value, dict):
            own = node.mapping()
        else:
            own = {"result": [value], "params": []}
        self.where = node
        self.params = [list(each) for each in self._lists(own.get("params"))]
        result = own.get("result")
        # Where no combination has a result, asv writes one null for all.
        missing = [None] * (math.prod(len(axis) for axis in self.params) if result is None else 1)
        self.values = list(result) if isinstance(result, list) else missing if result is None else [result]
        samples = own.get("samples")
        self.samples = list(samples) if isinstance(samples, list) else [None] * len(self.values)

    def _lists(self, params: Any) -> Iterator[Node]:
        if params is not None:
            yield from Node(params, self.where.file, f"{self.where.where}.params")

    def combinations(self) -> list[tuple[Any, ...]]:
        """Values of the parameters, one tuple for each result."""
        axes = [[str(each.value) for each in axis] for axis in self.params]
        if math.prod(len(axis) for axis in axes) != len(self.values):
            raise self.where.refused("as many results as there are combinations of parameters")
        return list(itertools.product(*axes))


def _benchmarks(name: str, result: _Result, described: Mapping[str, _Described]) -> Iterator[Benchmark]:
    about = described.get(name, _Described())
    unit = _unit(name, about)
    for combination, value, samples in zip(
        result.combinations(), result.values, [*result.samples, *[None] * len(result.values)], strict=False
    ):
        params = _params(combination, about.param_names)
        family, _, function = name.rpartition(".")
        full_name = f"{name}({', '.join(map(str, combination))})" if combination else name
        key = execution.key(family or NAME, function, params)
        node = Node(value, result.where.file, f"{result.where.where}.{full_name}")
        if reason := _contradiction(name, unit):
            yield Benchmark(full_name, key, unit=unit, reason=reason)
        elif value is None or (isinstance(value, float) and math.isnan(value)):
            yield Benchmark(full_name, key, unit=unit, reason="failed" if value is None else "skipped")
        elif node.number() <= 0:
            yield Benchmark(full_name, key, unit=unit, reason=f"its value is {node.number():g} {unit}")
        elif isinstance(samples, list) and samples:
            kept = tuple(each.positive() for each in Node(samples, node.file, f"{node.where}.samples"))
            yield Benchmark(full_name, key, (kept,), unit, summary="")
        else:
            yield Benchmark(full_name, key, ((node.positive(),),), unit, summary="asv's median")


def _params(combination: Sequence[str], names: Sequence[str]) -> dict[str, Value]:
    known = names if len(names) == len(combination) else ()
    axes = [execution.slug(name) for name in known] or [f"param{place}" for place in range(1, len(combination) + 1)]
    return {axis: execution.value(text) for axis, text in zip(axes, combination, strict=True)}


def _contradiction(name: str, unit: str) -> str:
    """Why the unit cannot be believed: the name says time and `benchmarks.json` memory, or the reverse. Else empty."""
    by_name = _UNITS.get(_kind(name), unit)
    return "" if "unit" in (by_name, unit) or by_name == unit else f"its name says {by_name}, {_BENCHMARKS} says {unit}"


def _kind(name: str) -> str:
    return name.rpartition(".")[2].partition("_")[0]


def _unit(name: str, about: _Described) -> str:
    if about.unit:
        return "s" if about.unit in ("seconds", "second", "s") else about.unit
    return _UNITS.get(_kind(name), "unit")
