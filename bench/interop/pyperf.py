"""pyperf's JSON (`-o`): raw values of every process, and its warm-ups. Such runs can support a verdict.

Follows pyperf's own code (pyperf._bench, format 1.0): a value is already in seconds per inner loop; `loops` and
`inner_loops` are how many were timed together, in the metadata of a run, of a benchmark or of the whole file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.interop import execution
from bench.interop.checked_file import Node, moment_of, parsed, text_of
from bench.interop.execution import Benchmark, Execution
from bench.records import UNKNOWN

NAME = "pyperf"

_FACTS = (
    "cpu_count", "cpu_model_name", "cpu_affinity", "platform", "python_implementation", "python_version",
    "python_compiler", "aslr",
)  # fmt: skip
"""Entries that decide whether two files are comparable; clock rates, loads and temperatures change too often."""


def is_it(path: Path) -> bool:
    """Whether it is a file whose benchmarks have runs."""
    if not (path.is_file() and path.suffix == ".json"):
        return False
    text = text_of(path)
    return '"runs"' in text and '"benchmarks"' in text


def read(path: Path) -> list[Execution]:
    """Read the one execution of a file. Raises `UserError` if pyperf did not write it."""
    top = parsed(text_of(path), path)
    shared = _metadata(top)
    items = list(top["benchmarks"])
    about = {**shared, **_metadata(items[0])} if items else shared
    model, cores = about.get("cpu_model_name"), about.get("cpu_count")
    return [
        Execution(
            tool=NAME,
            source=str(path),
            benchmarks=execution.unambiguous([_benchmark(item, shared) for item in items]),
            at=min((at for item in items for run in item["runs"] if (at := _date(run))), default=None),
            machine=f"{cores}-core {model}" if model and cores else str(model or about.get("hostname") or UNKNOWN),
            facts={name: about.get(name) for name in _FACTS},
        )
    ]


@dataclass(frozen=True)
class _Process:
    values: tuple[float, ...]
    steps: int


def _benchmark(item: Node, shared: Mapping[str, Any]) -> Benchmark:
    metadata = {**shared, **_metadata(item)}
    name = Node(metadata.get("name"), item.file, f"{item.where}.metadata.name").text()
    unit = str(metadata.get("unit", "second"))
    processes = list(_processes(item["runs"], metadata))
    return Benchmark(
        name=name,
        key=execution.key(NAME, name),
        processes=tuple(process.values for process in processes),
        unit="s" if unit == "second" else unit,
        steps=processes[0].steps if processes else None,
        reason="" if processes else "no process kept values",
    )


def _processes(runs: Node, metadata: Mapping[str, Any]) -> Iterator[_Process]:
    """The processes that kept values; the others only calibrated."""
    for run in runs:
        values = run.get("values")
        if values is None or not (kept := tuple(each.positive() for each in values)):
            continue
        own, steps = {**metadata, **_metadata(run)}, 1
        for name in ("loops", "inner_loops"):
            steps *= Node(own.get(name, 1), run.file, f"{run.where}.metadata.{name}").count()
        yield _Process(kept, steps)


def _date(run: Node) -> datetime | None:
    date = _metadata(run).get("date")
    return moment_of(date) if isinstance(date, str) else None


def _metadata(node: Node) -> dict[str, Any]:
    found = node.get("metadata")
    return found.mapping() if found else {}
