"""The messages between parent and worker. The rows in them are in `rows`; how they travel is in `wire`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bench.protocol.authors import Collect as Collect
from bench.protocol.authors import Collected as Collected
from bench.protocol.authors import Inspect as Inspect
from bench.protocol.authors import Inspected as Inspected
from bench.protocol.rows import OperatorCalls, OwnedTime, SampledStack, TimedBlock, TimerPair
from bench.records import Settings, Source
from bench.series import Series

VERSION = 9
"""Raised whenever a message changes; a worker of another version is refused at its hello."""


@dataclass(frozen=True)
class Import:
    """Import these workload files and say what went wrong. Answered by `Imported`."""

    sources: list[Source]
    modules: list[str] = field(default_factory=list)
    """More to import, and `modes` to rehearse: what cases of a launch would load one after the other."""
    modes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Open:
    """Prepare a case, check its answer, warm it up, calibrate it. Answered by `Opened` or `Refused`."""

    key: str
    source: Source
    settings: Settings
    steps: dict[Series, int] = field(default_factory=dict)
    """n per series where an earlier launch calibrated it: the same n for a case across launches."""
    cache: str = ""
    """State of the compile cache of this process: `cold`, `warm`, or empty without one."""
    count: bool = True
    """Count operators, allocations and kernels of one step at the end; they never change, so one launch is enough."""
    memory: bool = True
    """Read the peak of the host's memory, for which the case is prepared twice; one launch is enough for a run."""
    warm_calls: int | None = None
    """Calls, and ns, that an earlier launch needed until the step was as fast as it stays; None: find out."""
    warm_ns: int = 0


@dataclass(frozen=True)
class Visit:
    """Time a few blocks in a row of an open case. Answered by `Visited` or `Refused`."""

    key: str
    cpu: int | None = None  # the core to run on; None is wherever the process may
    blocks: int | None = None
    """How many blocks of a short step; None is the number of the settings."""
    skip: int = 0  # calls of the step that come before and are not timed


@dataclass(frozen=True)
class TimeBlock:
    """Time one block of an open case, as this side's half of a block pair. Answered by `BlockTimed` or `Refused`.

    rewarm: run blocks that are not timed first. Without them a block is 10 to 25 % slow: only tests leave them out.
    """

    key: str
    clock: str
    rewarm: bool = True
    cpu: int | None = None
    skip: int = 0  # calls of the step that come before all blocks and are not timed
    cold: int | None = None  # blocks that are run to be warm; None: by how long the first of them takes


@dataclass(frozen=True)
class TimeWithOthers:
    """Time an open case by other timers too, alternating with ours. Answered by `TimedWithOthers` or `Refused`."""

    key: str
    pairs: int
    """At most this many blocks of ours, and of each other timer."""
    seed: str  # for the order of blocks; differs per process
    cpu: int | None = None


@dataclass(frozen=True)
class Close:
    """Check the answer again and let the case go. Answered by `Closed` or `Refused`."""

    key: str


@dataclass(frozen=True)
class OpenToProfile(Open):
    """Open a case to be profiled: peaks of memory are kept by phase. Answered by `Opened` or `Refused`."""


@dataclass(frozen=True)
class Loop:
    """Run blocks of a case opened by `OpenToProfile` in a function named for it. Answered by `Looped` or `Refused`."""

    key: str
    seconds: float
    """Blocks are run until their times add up to this."""
    sampler: str = ""
    """The sampler inside the process that runs at the same time; empty for none."""
    cpu: int | None = None


@dataclass(frozen=True)
class ProfileSteps:
    """Run steps of a case opened by `OpenToProfile` under torch.profiler. Answered by `StepsProfiled` or `Refused`."""

    key: str
    steps: int | None = None
    """Steps to profile, in whole blocks; None takes as many as keep the trace small."""
    trace: str = ""
    """The file to write the trace to, for Perfetto; its name ends in `.json.gz`. Empty: no trace is written."""
    cpu: int | None = None


@dataclass(frozen=True)
class ReadNoise:
    """Time one small piece of work again and again, to read the machine's noise. Answered by `NoiseReading`."""

    seconds: float


@dataclass(frozen=True)
class Hello:
    """The first message of a worker: all facts about its machine."""

    version: int
    facts: dict[str, Any]
    capabilities: dict[str, str]
    """By name of something that a run may need: empty where this machine has it, else the reason why not."""


@dataclass(frozen=True)
class Stage:
    """A case entered a stage: news for a listener, not an answer."""

    key: str
    stage: str


@dataclass(frozen=True)
class Imported:
    """By path of a workload file, the traceback of its import."""

    errors: dict[str, str]
    seconds: float = 0.0  # wall time, with all that the files import
    strangers: dict[str, str] = field(default_factory=dict)  # modules that are not this side's, with their files


@dataclass(frozen=True)
class Opened:
    """The case is ready. `steps`: n per series; `clocks`: those that can time its step."""

    key: str
    steps: dict[Series, int]
    clocks: list[str]
    facts: dict[str, Any]
    """Columns of `CaseLaunch`."""
    resident_bytes: int
    heavy: list[str] = field(default_factory=list)  # modules in the process that take long to import
    calls: int = 0  # of the step in warm-up and calibration: a pair levels its sides before the first block


@dataclass(frozen=True)
class Visited:
    """The blocks of a visit, in the order they were timed."""

    key: str
    blocks: list[TimedBlock]
    seconds: float


@dataclass(frozen=True)
class BlockTimed:
    """The block is timed and this side's device is drained: the other side may run."""

    key: str
    steps: int
    total_ns: int
    cpu_ns: int | None = None  # CPU time of the process, all its threads; known on the CPU alone, as those below
    thread_ns: int | None = None  # CPU time of the thread that calls the step
    preempted: int | None = None  # how often that thread lost its core to another program …
    waited: int | None = None  # … and how often it gave it up


@dataclass(frozen=True)
class TimedWithOthers:
    """Blocks of `steps` by the name of each other timer; none where the step is reset."""

    key: str
    steps: int
    pairs: dict[str, list[TimerPair]]


@dataclass(frozen=True)
class Closed:
    """The case is done."""

    key: str
    facts: dict[str, Any]
    """More columns of `CaseLaunch`."""
    no_clock: dict[Series, str]
    """Series that a clock of the device could not time, with the reason."""


@dataclass(frozen=True)
class Looped:
    """Blocks were run in a loop, with or without a sampler."""

    key: str
    steps: int  # n of each block
    warm_ns: int
    """Total of the blocks that were run first to be warm, and do not count."""
    totals_ns: list[int]
    """One total a block."""
    stacks: list[SampledStack]
    """Stacks that a sampler in the process saw."""


@dataclass(frozen=True)
class StepsProfiled:
    """The steps were profiled. `profile`: facts and tables of torch.profiler."""

    key: str
    profile: dict[str, Any]
    owned: list[OwnedTime]
    calls: list[OperatorCalls]


@dataclass(frozen=True)
class Refused:
    """The case ended, for the reason given. The worker lives on."""

    key: str
    outcome: str
    reason: str
    detail: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NoiseReading:
    """Block times of the noise reading, when each block began, and what else ran on the machine."""

    starts_ns: list[int]
    totals_ns: list[int]
    preemptions: int | None
    foreign_load: float | None
    clock_resolution_ns: float
    clock_cost_ns: float


Request = (
    Import
    | Open
    | Visit
    | TimeBlock
    | TimeWithOthers
    | Close
    | OpenToProfile
    | Loop
    | ProfileSteps
    | Inspect
    | Collect
    | ReadNoise
)
Reply = (
    Hello
    | Stage
    | Imported
    | Opened
    | Visited
    | BlockTimed
    | TimedWithOthers
    | Closed
    | Looped
    | StepsProfiled
    | Refused
    | Inspected
    | Collected
    | NoiseReading
)
Message = Request | Reply
