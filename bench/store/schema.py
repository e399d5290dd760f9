"""The shape of the tables, its version, and the history of that version.

1   2026-11   `run.json`, `blocks.parquet` (a row for each block), `launches.parquet` (one for each case and launch).
2   2026-11   `pairs.parquet` (a row for each block pair of a lockstep pair); a column `side` in the other two; in
              `launches.parquet` condition, throttled_blocks, output_devices and break_reasons, and more counters.
3   2026-11   In `pairs.parquet` cpu, the core that both sides used in turn, and twin, a gate's canary; in
              `launches.parquet` one_core and twin.
4   2026-11   host_peak_bytes of a case on the CPU is measured after the case was prepared once before in its process.
              Older ones include what the process loaded meanwhile, up to 75 MiB of torch, and are not read.
5   2026-12   In `blocks.parquet` cpu_ns, thread_ns, preempted and waited: what a block took of the processor, and how
              often it paused. In `pairs.parquet` base_cpu_ns and head_cpu_ns. In `launches.parquet` background_after.
              Older runs were measured by a protocol that told some steps 20 to 30 % longer, and are not compared with
              newer ones.
6   2026-12   In `pairs.parquet` thread_ns, preempted and waited of either side. The blocks of a gate's canary are those
              of the same round: base, head and the second copy of the base take turns. Optional, since they came
              later: in `launches.parquet` changed_settings, what a case set its process to, and step_facts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from bench.records import Block, BlockPair, CaseLaunch, UserError
from bench.series import Series

VERSION = 6

OWN_PEAKS = 4
"""The first version in which peaks of host memory belong to the case alone."""

STEADY_VISITS = 5
"""The first version whose visits do not find a process just woken, in which some steps took 20 to 30 % longer."""

# Annotations are text (PEP 563), so the dataclass itself is the list of columns.
_DTYPES = {
    "str": "string",
    "int": "int64",
    "bool": "bool",
    "int | None": "Int64",
    "float | None": "Float64",
    "bool | None": "boolean",
}

# fmt: off
COLUMNS = frozenset((
    "key", "workload", "params", "run", "machine", "torch", "outcome", "reason", "detail", "threads_used",
    "peak_bytes", "quality", "counters", "no_clock", "first_call_s", "first_call_s_low", "first_call_s_high",
    "compile_cold_s", "compile_warm_s", "build_s", "items", "unit", "flops", "bytes", "kernels", "clock", "value_s",
    "low_s", "high_s", "method", "launches", "blocks", "items_per_s", "items_per_s_low", "items_per_s_high",
    "findings", "reference", "speedup", "speedup_low", "speedup_high", "speedup_paired", "speedup_method", "launch",
    "phase", "visit", "steps", "total_ns", "kept", "working_set", "fastest_s", "sd_launches", "floor_s", "floor_low_s",
    "floor_high_s", "floor_by", "times_floor", "times_floor_low", "times_floor_high", "floor_reason", "sd_between",
    "sd_within", "autocorrelation", "drift", "drift_p", "side", "pair", "couple", "first", "base_ns", "head_ns",
    "break_even", "break_even_low", "twin", "cpu", "one_core", "break_even_high", "break_even_of",
    "floor_proven", "cpu_ns", "thread_ns", "preempted", "waited", "base_cpu_ns", "head_cpu_ns", "base_thread_ns",
    "head_thread_ns", "base_preempted", "head_preempted", "base_waited", "head_waited",
    "speedup_clock", "statistic", "mean_s", "mean_low_s", "mean_high_s", "mean_method", "p95_s", "p95_low_s",
    "p95_high_s", "p99_s", "p99_low_s", "p99_high_s", "waiting", "background", "preempted_share", "compute_dtype",
))
# fmt: on
"""Column names of the tables, which no axis may have: each axis becomes a column too."""

BLOCKS: Mapping[str, str] = {item.name: _DTYPES[str(item.type)] for item in fields(Block)}
"""Column to pandas dtype of `blocks.parquet`."""

MEDIAN_BLOCKS: Mapping[str, str] = {
    name: kind for name, kind in BLOCKS.items() if name not in ("visit", "index", "preempted", "waited")
}
"""The columns of `blocks.parquet` that medians of launches need."""

LAUNCHES: Mapping[str, str] = {item.name: _DTYPES.get(str(item.type), "string") for item in fields(CaseLaunch)}
"""Column to pandas dtype of `launches.parquet`. Mappings are stored as JSON text: nothing is ever unpickled."""

PAIRS: Mapping[str, str] = {item.name: _DTYPES[str(item.type)] for item in fields(BlockPair)}
"""Column to pandas dtype of `pairs.parquet`."""

NESTED = tuple(item.name for item in fields(CaseLaunch) if str(item.type).startswith("Mapping"))
"""The columns of `launches.parquet` that hold JSON."""

BY_SERIES = tuple(item.name for item in fields(CaseLaunch) if str(item.type).startswith("Mapping[Series,"))
"""Those of them that are by series: the keys of the JSON are names of series."""


def missing(columns: Iterable[str], dtypes: Mapping[str, str]) -> dict[str, Any]:
    """Columns of this version that an older one did not write, each with its value for all rows."""
    defaults = {**asdict(_BLOCK), **flat(_LAUNCH), **asdict(_BLOCK_PAIR)}
    return {name: defaults[name] for name in dtypes if name not in set(columns)}


_BLOCK = Block("", 0, 0, "", "", 0, True, 0, 0)
_LAUNCH = CaseLaunch("", 0)
_BLOCK_PAIR = BlockPair("", 0, "", "", 0, "", 0, 0, 0)

BLOCK_IDENTITY = ("key", "launch", "side", "visit", "phase", "clock", "index")
LAUNCH_IDENTITY = ("key", "launch", "side")
PAIR_IDENTITY = ("key", "pair", "clock", "couple")


def plain(record: CaseLaunch) -> dict[str, Any]:
    """The fields of a launch as JSON can hold them: a series becomes its name."""
    named = {name: {series.text: it for series, it in getattr(record, name).items()} for name in BY_SERIES}
    return {**vars(record), **named}


def launch_of(plain_fields: Mapping[str, Any]) -> CaseLaunch:
    """The launch whose fields `plain` returned. Raises `ValueError` for a name that is not a series."""
    named = {
        name: {Series.from_text(text): it for text, it in plain_fields[name].items()}
        for name in BY_SERIES
        if name in plain_fields
    }
    return CaseLaunch(**{**plain_fields, **named})


def flat(record: CaseLaunch) -> dict[str, Any]:
    """A launch as a row: nested values become JSON text."""
    return {name: _storable(name, value) for name, value in plain(record).items()}


def _storable(name: str, value: Any) -> Any:
    if name in NESTED:
        return json.dumps(value)
    # A file name that is not UTF-8 leaves lone surrogates in a traceback, which Parquet cannot hold.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def refuse_newer(version: object, where: str) -> None:
    """Raise `UserError` for a run of a later coursebench, or of another program."""
    if not isinstance(version, int):
        raise UserError(f"{where} states no schema version; it is not a run of coursebench")
    if version > VERSION:
        raise UserError(
            f"{where} has schema {version}; this coursebench reads up to {VERSION}. Update coursebench to read it."
        )
