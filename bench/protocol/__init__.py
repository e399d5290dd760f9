"""The messages between parent and worker. How they travel is in `wire`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bench.records import Settings, Source

VERSION = 5
"""Raised whenever a message changes; a worker of another version is refused at its hello."""

PY_SPY, PYINSTRUMENT, SAMPLING_THREAD, NO_STACKS = RUNGS = (
    *("py-spy", "pyinstrument", "sampling thread", "torch.profiler alone"),
)
"""How the stacks of a profile were had, best first: from outside the process, from within at calls and returns, from
within by a thread, or not at all. They see different things, and are never compared."""

COLD_NS = 5_000_000
"""A second block after a pause is cold too where the first was shorter: that of a training step of 1.4 ms takes 9 %
longer, of a product of 3 ms 2 %; from 6 ms up it is 0.3 %, and a third is no longer cold (80 visits of each, here)."""


def cold_blocks(first_ns: float) -> int:
    """How many blocks after a pause do not count, by how long the first took."""
    return 2 if first_ns < COLD_NS else 1


def turn_ns(timed_ns: float) -> float:
    """What a turn of a lockstep pair took: the timed block, and before it as many to be warm again as are cold."""
    return (1 + cold_blocks(timed_ns)) * timed_ns


# --- what the parent asks -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Import:
    """Import these workload files and say what went wrong. Answered by `Imported`."""

    sources: list[Source]


@dataclass(frozen=True)
class Open:
    """Prepare a case, check its answer, warm it up, calibrate it. Answered by `Opened` or `Refused`."""

    key: str
    source: Source
    settings: Settings
    steps: dict[str, int] = field(default_factory=dict)
    """n per phase where an earlier launch calibrated it: the same n for a case across launches."""
    cache: str = ""
    """State of the compile cache this process was given: `cold`, `warm`, or nothing."""
    count: bool = True
    """Count operators, allocations and kernels of one step at the end: the same each time, so the first launch does."""


@dataclass(frozen=True)
class Visit:
    """Time a few blocks in a row of an open case. Answered by `Visited` or `Refused`."""

    key: str
    cpu: int | None = None
    """The core to run on; None is wherever the process may."""


@dataclass(frozen=True)
class TimeBlock:
    """Take the baton of a lockstep pair for one block of an open case. Answered by `BlockTimed` or `Refused`.

    rewarm: run blocks that are not timed first. Without it a block is 10 to 25 % slow: only tests leave it out."""

    key: str
    clock: str
    rewarm: bool = True
    cpu: int | None = None


@dataclass(frozen=True)
class TimeWithOthers:
    """Time an open case by other timers too, in turns with ours. Answered by `TimedWithOthers` or `Refused`."""

    key: str
    couples: int
    seed: str
    """Of the order of their blocks: another for each process."""
    cpu: int | None = None


@dataclass(frozen=True)
class Close:
    """Check the answer again and let the case go. Answered by `Closed` or `Refused`."""

    key: str


@dataclass(frozen=True)
class Profile(Open):
    """Open a case to be profiled: peaks of memory are kept by phase. Answered by `Opened` or `Refused`."""


@dataclass(frozen=True)
class Loop:
    """Run blocks of a case opened by `Profile` in a function named for it. Answered by `Looped` or `Refused`."""

    key: str
    seconds: float
    """Blocks go on until they add up to so much."""
    sampler: str = ""
    """The rung that looks on from within the process; none without."""
    cpu: int | None = None


@dataclass(frozen=True)
class TakeApart:
    """Run steps of a case opened by `Profile` under torch.profiler. Answered by `TakenApart` or `Refused`."""

    key: str
    steps: int | None = None
    """So many, in whole blocks; None takes as many as keep the trace small."""
    trace: str = ""
    """The file to write the trace to, for Perfetto; its name ends in `.json.gz`. None is written without."""
    cpu: int | None = None


@dataclass(frozen=True)
class Inspect:
    """Hold a workload to the author's contract. Answered by `Inspected`."""

    key: str
    source: Source
    settings: Settings


@dataclass(frozen=True)
class ReadNoise:
    """Time one small piece of work again and again, to learn the machine's noise. Answered by `NoiseReading`."""

    seconds: float


# --- what the worker answers ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hello:
    """The first message of a worker: all facts about its machine."""

    version: int
    facts: dict[str, Any]
    capabilities: dict[str, str]
    """What this machine can do: name to an empty string, or to the reason why not."""


@dataclass(frozen=True)
class Stage:
    """A case entered a stage; tells a listener what is being waited for. Not an answer."""

    key: str
    stage: str


@dataclass(frozen=True)
class Imported:
    """`errors`: path of a workload file to the traceback of its import."""

    errors: dict[str, str]


@dataclass(frozen=True)
class Opened:
    """The case is ready. `steps`: n per phase; `clocks`: those that can time it; `facts`: columns of `CaseLaunch`."""

    key: str
    steps: dict[str, int]
    clocks: list[str]
    facts: dict[str, Any]
    resident_bytes: int


@dataclass(frozen=True)
class Visited:
    """`blocks`: rows of [phase, clock, index, kept, steps, total_ns]."""

    key: str
    blocks: list[list[Any]]
    seconds: float


@dataclass(frozen=True)
class BlockTimed:
    """The block is timed, and this side drained: the baton may pass."""

    key: str
    steps: int
    total_ns: int


@dataclass(frozen=True)
class TimedWithOthers:
    """By the name of each other timer: totals in ns of blocks of `steps`, as [ours, its]; none where it is reset."""

    key: str
    steps: int
    totals_ns: dict[str, list[list[int]]]


@dataclass(frozen=True)
class Closed:
    """The case is done; `facts`: more columns of `CaseLaunch`."""

    key: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Looped:
    """`totals_ns`: of the blocks, `steps` each; `warm_ns`: of those ahead of them, to be warm. `stacks`: what a sampler
    in the process saw, as rows of [thread, stack, samples, ns], a stack from its outermost frame on with `;` between.
    """

    key: str
    steps: int
    warm_ns: int
    totals_ns: list[int]
    stacks: list[list[Any]]


@dataclass(frozen=True)
class TakenApart:
    """`profile`: what torch.profiler saw, summed up."""

    key: str
    profile: dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """The case ended here, for the reason given. The worker lives on."""

    key: str
    outcome: str
    reason: str
    detail: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Inspected:
    """`faults`: rows of [rule, message], empty where the workload keeps its contract; `passed`: rules it keeps."""

    key: str
    passed: list[str]
    faults: list[list[str]]


@dataclass(frozen=True)
class NoiseReading:
    """Block times of the noise reading, in ns, when each began, and what else ran on the machine meanwhile."""

    starts_ns: list[int]
    totals_ns: list[int]
    preemptions: int | None
    foreign_load: float | None
    clock_resolution_ns: float
    clock_cost_ns: float


Request = Import | Open | Visit | TimeBlock | TimeWithOthers | Close | Profile | Loop | TakeApart | Inspect | ReadNoise
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
    | TakenApart
    | Refused
    | Inspected
    | NoiseReading
)
Message = Request | Reply
