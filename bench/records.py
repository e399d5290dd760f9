"""The few types that several packages share: frozen dataclasses, standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from bench.series import Series
from bench.suites import Suite

Value = str | int | float | bool
"""A value of an axis: a literal, so that a case can be named, stored and compared."""

BASE, HEAD = SIDES = ("base", "head")
"""The sides of a comparison. A ratio is head ÷ base: above 1 is slower."""

IMPORT = "import"  # the stage of a pair in which a process imports its workload files
UNIVERSAL_AXES: Mapping[str, Value] = {"device": "cpu", "dtype": "float32", "mode": "eager", "threads": 1}
"""The axes every case has, each with its default."""
UNKNOWN = "unknown"  # the value of these axes in a case that another tool measured

# A text survives inside a key: it has no comma, bracket, equals sign or space.
SAFE_TEXT = re.compile(r"[A-Za-z0-9_.:+-]+")
_KEY = re.compile(r"(?P<workload>[\w-]+/[\w-]+)(?:\[(?P<params>[^\[\]]*)\])?")


class UserError(Exception):
    """The user's input is wrong: a clear message, exit code 2, nothing written."""


class Outcome(StrEnum):
    """How the measurement of a case ended. Every outcome is a row in the table and a mark in the chart."""

    OK = "ok"
    SKIPPED = "skipped"
    WRONG = "wrong"
    OOM = "oom"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    FAILED = "failed"


def value_from_text(text: str) -> Value:
    """Read one axis value as it stands in a key or after `--set axis=`: int, float, bool, else text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"True": True, "False": False}.get(text, text)


@dataclass(frozen=True)
class Case:
    """A workload with one value for each axis; `params` are sorted by axis."""

    workload: str
    params: tuple[tuple[str, Value], ...]

    @classmethod
    def of(cls, workload: str, params: Mapping[str, Value]) -> Case:
        """The case of `workload` with `params`; the defaults stand for universal axes that are not among them."""
        return cls(workload, tuple(sorted({**UNIVERSAL_AXES, **params}.items())))

    @classmethod
    def from_key(cls, key: str) -> Case:
        """Read a key such as `matmul/square[device=cpu,size=64]` back. Raises `UserError` for any other text."""
        match = _KEY.fullmatch(key.strip())
        if match is None:
            raise UserError(f"'{key}' is not a case key; one looks like matmul/square[device=cpu,size=64]")
        params: dict[str, Value] = {}
        for part in filter(None, (match["params"] or "").split(",")):
            axis, equals, text = part.partition("=")
            if not (axis and equals and text):
                raise UserError(f"'{part}' in '{key}' is not axis=value")
            if axis.strip() in params:
                raise UserError(f"'{key}' states {axis.strip()} twice")
            params[axis.strip()] = value_from_text(text.strip())
        return cls.of(match["workload"], params)

    @property
    def key(self) -> str:
        """The stable name, axes sorted: `matmul/square[device=cpu,dtype=float32,mode=eager,size=64,threads=1]`."""
        return f"{self.workload}[{','.join(f'{axis}={value}' for axis, value in self.params)}]"

    @property
    def axes(self) -> dict[str, Value]:
        """The value of each axis."""
        return dict(self.params)

    def __getitem__(self, axis: str) -> Value:
        return self.axes[axis]

    def but(self, **changes: Value) -> Case:
        """The same case with some axes changed."""
        return replace(self, params=tuple(sorted({**self.axes, **changes}.items())))


@dataclass(frozen=True)
class Source:
    """Where the code of a workload lives, or of a test of a `suite`, whose name is then `function`."""

    path: str
    function: str
    dotted: str | None = None
    """The module's import name in an installed package. A user's own file has none and is loaded by its path."""
    sha256: str = ""
    suite: Suite | None = None


@dataclass(frozen=True)
class Planned:
    """A case that the plan chose, and the code that makes it."""

    case: Case
    source: Source


@dataclass(frozen=True)
class ComparedCase:
    """A case to be compared between two sides; `base` is another case where two cases are compared."""

    base: Planned
    head: Planned

    @property
    def case(self) -> Case:
        """The case that names the comparison: the head's."""
        return self.head.case

    def on(self, side: str) -> Planned:
        """The case that one side measures."""
        return {BASE: self.base, HEAD: self.head}[side]


@dataclass(frozen=True)
class Settings:
    """How a run measures. `run.json` keeps the values used."""

    launches: int | None = None
    """Exact number of launches of each case; None adds launches until the interval is narrow enough."""
    min_launches: int = 6
    """The order-statistic interval of a median reaches 95 % from six data up (1 - 2 / 2**6 = 96.9 %)."""
    max_launches: int = 20
    precision: float = 0.02
    """Wanted relative half-width of the 95 % interval of the median over launches."""
    visits: int = 4
    blocks: int = 5
    """Blocks in each visit; the first is marked and left out."""
    block_s: float = 1e-3
    warm_s: float = 0.05
    warm_cap_s: float = 1.0
    timeout_s: float = 120.0
    """Longest silence of a worker, in seconds, before its current case counts as hung."""
    budget_s: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class Block:
    """n steps timed together. It keeps the total and n; the time per step is derived."""

    key: str
    launch: int
    visit: int
    phase: str
    """`step`, or one of the workload's own phases."""
    clock: str
    index: int
    """Place inside its visit, from 0."""
    kept: bool
    """False for the first block of a visit: 10 to 25 % slow on a shared machine, so marked and left out."""
    steps: int
    total_ns: int
    side: str = ""
    """`base` or `head` in a lockstep pair, where `launch` is the number of the pair; empty elsewhere."""
    cpu_ns: int | None = None
    """CPU time of the process during the block, all its threads. None on other devices, and before schema 5, as for the
    three below."""
    thread_ns: int | None = None
    """CPU time of the thread that calls the step."""
    preempted: int | None = None
    """How often that thread lost its core to another program."""
    waited: int | None = None
    """How often that thread gave its core up: it slept, or waited for a lock, a file or a child."""


@dataclass(frozen=True)
class BlockPair:
    """Two blocks of a case, one from each side, each of n = `steps`, timed in turn: a row of `pairs.parquet`."""

    key: str
    pair: int
    prepared_first: str
    """The side that was started, prepared and compiled first, as a coin decided for the pair."""
    clock: str
    couple: int
    """Place inside its pair, from 0; the column has its name from schema 2."""
    first: str
    """The side whose block came first, as a coin decided for the block pair."""
    steps: int
    base_ns: int
    head_ns: int
    cpu: int | None = None
    """The core that both sides used in turn; None if the step keeps more than one busy, and before schema 3."""
    twin: bool = False
    """True for a pair of the canary, whose head is a second copy of the base."""
    base_cpu_ns: int | None = None
    """CPU time of the base's process during its block, all its threads; None on other devices, and before schema 5."""
    head_cpu_ns: int | None = None
    base_thread_ns: int | None = None  # as of a `Block`; from schema 6 on
    head_thread_ns: int | None = None
    base_preempted: int | None = None
    head_preempted: int | None = None
    base_waited: int | None = None
    head_waited: int | None = None


@dataclass(frozen=True)
class CaseLaunch:
    """What one launch recorded of one case besides its blocks: a row of `launches.parquet`."""

    key: str
    launch: int
    process: str = ""
    """Identity of the worker process; cases measured in one process are compared as pairs."""
    outcome: str = Outcome.OK.value
    reason: str = ""
    detail: str = ""
    """A traceback or the last lines of the worker's own output, if the outcome is not `ok`."""
    first_call_ns: int | None = None
    cache: str = ""
    """`cold` or `warm`: the state of the compile cache at the first call; empty for modes that do not compile."""
    build_ns: int | None = None
    """Time to script, trace, freeze, export, compile ahead or load the compiler, before the first call."""
    steps: Mapping[Series, int] = field(default_factory=dict)
    """n of each series: the same in all launches of a case."""
    work: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float | None = None
    error_before: float | None = None
    error_after: float | None = None
    """Relative error of the output of the timed step, before and after its blocks."""
    quality: Mapping[str, float] = field(default_factory=dict)
    host_peak_bytes: int | None = None
    """Highest resident memory of this process since the case began, minus what was resident at its beginning."""
    host_peak_reason: str = ""
    device_peak_bytes: int | None = None
    device_reserved_bytes: int | None = None  # most memory that the caching allocator of the process held
    unsupported: str = ""  # torch's own words on what the case uses and torch does not support on this Python
    one_core: bool | None = None
    """Whether the thread that calls the step did all its work during warm-up; None if the system does not say."""
    steady: bool | None = None
    """Whether warm-up ended because two windows of blocks agreed; None where an earlier launch said how long."""
    warm_calls: int = 0
    warm_ns: int = 0
    settled_calls: int | None = None
    """Calls until the step was as fast as at the end of warm-up; None in launches that warmed up by an earlier one."""
    settled_ns: int | None = None
    clock_resolution_ns: float | None = None
    clock_cost_ns: float | None = None
    empty_call_ns: float | None = None
    drain_ns: float | None = None
    """Cost of waiting for an idle device, once a block, in `latency` once a step; on the CPU of reading the clock."""
    preemptions: int | None = None  # involuntary context switches of the worker during the blocks of this case
    condition: Mapping[str, Any] = field(default_factory=dict)
    """Extremes over the visits: mhz_low, mhz_high, celsius_high, watts_high, capped, slowed, unread, cpus; as known."""
    throttled_blocks: int = 0  # left out because heat, a fault or a quota slowed the process while they were timed
    output_devices: str = ""  # devices of the tensors in the answer, joined by commas
    break_reasons: Mapping[str, int] = field(default_factory=dict)  # by reason why Dynamo broke the graph: how often
    foreign_load: float | None = None
    """Cores taken by other programs, or by the hypervisor, while this launch ran (0.5 = half a core)."""
    threads: int | None = None  # the number that the case's axis `threads` stood for
    no_clock: Mapping[Series, str] = field(default_factory=dict)
    """Series that a clock of the device could not time, with the reason."""
    counters: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall time of this case by stage: prepare, first_call, check, …; of a pair also the `import` of a process."""
    background_after: float | None = None
    """Cores that this process and its children kept busy right after its blocks, while no step ran; None where that was
    not looked at."""
    step_facts: Mapping[str, Any] = field(default_factory=dict)  # see `bench/protocol/step_facts.py`
    side: str = ""
    """`base` or `head` in a lockstep pair, where `launch` is the number of the pair; empty elsewhere."""
    twin: bool = False  # in a pair of the canary, whose head is a second copy of the base
    changed_settings: Mapping[str, Any] = field(default_factory=dict)  # by setting of the process: [found, set to]


@dataclass(frozen=True)
class Finding:
    """A doubt about a number, as data."""

    check: str
    severity: str
    """`hint`, `warning` or `error`."""
    message: str
    advice: str
    case: str = ""
