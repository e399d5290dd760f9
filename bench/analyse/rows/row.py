"""The row: the results of a run for one case on one clock, every number with its interval.

`analyse` makes it once; tables, charts, pages and the deck use it. In a pandas frame, JSON or CSV it is a flat record,
which `record` makes and `record_reader` reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.records import Case, Finding, Outcome, Value
from bench.series import Series
from bench.stats.intervals import Interval
from bench.workload import Work

MEAN_NOT_MEDIAN = "mean-not-median"
"""The check that says that the mean of a row is not its median."""

NO_WORK = Work(unit="")
"""The work of a case that was never prepared."""


@dataclass(frozen=True)
class Speedup:
    """Time of the reference ÷ time of this case: above 1 is faster."""

    reference: str
    """The key of the reference."""
    ratio: Interval
    paired: bool
    """Whether both times come from the same launches, or from launches in the same round."""
    clock: str = ""
    """The clock of both times: that of the row, or `cpu` where its interval is narrower; empty if it is not known."""

    @property
    def reference_case(self) -> Case:
        """The reference as a case."""
        return Case.from_key(self.reference)

    @property
    def pairing(self) -> str:
        """How the times were paired: `by launch`, `by round`, `paired` where the method does not say, or `unpaired`."""
        if not self.paired:
            return "unpaired"
        # `paired by launch: …` and `paired by round: …` are not the same pairing.
        how, colon, _ = self.ratio.method.partition(":")
        return how.removeprefix("paired ") if colon and how.startswith("paired by ") else "paired"


@dataclass(frozen=True)
class Floor:
    """The least time of the stated work on its machine; `seconds` is None if it is not known."""

    seconds: Interval | None = None
    """Seconds per step."""
    by: str = ""
    """The part of the work that sets it: `flops`, `bytes` or `kernels`."""
    reason: str = ""
    """Why there is no floor, or why a time below it is not an error."""
    source: str = ""
    """The work and the rate behind it, in words."""
    proven: bool = True
    """Whether the peak was measured with work as large as this: a larger product may run at a higher rate."""


@dataclass(frozen=True)
class BreakEven:
    """Steps until compiling pays for itself; infinite if the compiled step is not faster, or may not be."""

    value: float
    low: float
    high: float
    cache: str = ""
    """`cold` or `warm`: the state of the compile cache."""


@dataclass(frozen=True)
class GateVerdict:
    """The verdict of a gate on a case: head ÷ base, above 1 is slower."""

    verdict: str
    ratio: Interval | None
    pairs: int
    slack: float
    limit: float
    suite: str
    """The verdict of the whole suite."""


@dataclass(frozen=True)
class Row:
    """One case on one clock. Times are seconds per step, sizes bytes, rates items per second."""

    case: Case
    run: str
    machine: str
    torch: str
    outcome: Outcome
    reason: str = ""
    detail: str | None = None
    """A traceback or the end of the worker's output; None if no launch ended."""
    clock: str | None = None
    """None if the case has no time."""
    time: Interval | None = None
    """The median over launches; its `n` is their number."""
    blocks: int = 0
    fastest_s: float | None = None
    """The fastest block of all launches."""
    sd_launches: float | None = None
    """Standard deviation of the logs of the launches' medians."""
    sd_between: float | None = None
    sd_within: float | None = None
    autocorrelation: float | None = None
    drift: float | None = None
    drift_p: float | None = None
    rate: Interval | None = None
    first_call: Interval | None = None
    compile_cold_s: float | None = None
    compile_warm_s: float | None = None
    build_s: float | None = None
    peak_bytes: float | None = None
    work: Work = NO_WORK
    quality: Mapping[str, float | None] | None = None
    counters: Mapping[str, int] | None = None
    no_clock: Mapping[Series, str] | None = None
    """Series that a clock could not time, with the reason."""
    threads_used: float | None = None
    findings: tuple[Finding, ...] = ()
    floor: Floor | None = None
    """None unless floors were requested."""
    times_floor: Interval | None = None
    """time ÷ floor, with both at their worst in the ends."""
    break_even: BreakEven | None = None
    speedup: Speedup | None = None
    statistic: str = "median"
    """What stands for the blocks of a launch in the time: `median`, `mean` or `min`, the fastest."""
    mean: Interval | None = None
    """Seconds per step of all blocks together: what a step costs on the whole."""
    p95: Interval | None = None
    """The time that 95 % of single steps stay below, seconds; None where a block is more than one step, or blocks are
    too few."""
    p99: Interval | None = None
    """The same of 99 %."""
    waiting: float | None = None
    """Share of wall in which no thread of the process computed. This and the next two are None where the system or the
    run does not tell, as on other devices."""
    background: float | None = None
    """CPU time of threads besides the timing one ÷ wall."""
    preempted_share: float | None = None
    """Share of the blocks in which the timing thread lost its core."""
    twins: Mapping[str, Speedup] | None = None
    """By axis, the speed-up against the case that differs in that axis alone. This, `phases`, `samples`, `check_error`
    and `created` are gathered for charts and are None elsewhere."""
    phases: Mapping[str, Interval] | None = None
    """Seconds of each phase on this clock."""
    samples: Mapping[str, Sequence[float]] | None = None
    """By launch, seconds per step of some of its blocks, in order."""
    check_error: float | None = None
    """The largest relative error of the answer."""
    created: str | None = None
    """When the run began, ISO 8601."""
    verdict: GateVerdict | None = None
    """The verdict on a case that a gate compared; None elsewhere."""

    @property
    def key(self) -> str:
        """The key of the case."""
        return self.case.key

    @property
    def workload(self) -> str:
        """The workload of the case."""
        return self.case.workload

    @property
    def params(self) -> Mapping[str, Value]:
        """The value of each axis."""
        return self.case.axes

    @property
    def ok(self) -> bool:
        """Whether the case ended well."""
        return self.outcome == Outcome.OK

    @property
    def step(self) -> Interval:
        """The time of the step. Raises `ValueError` for a row without a time."""
        if self.time is None:
            raise ValueError(f"{self.key} has no time: {self.outcome}")
        return self.time

    @property
    def mean_is_apart(self) -> bool:
        """Whether mean and median of the step part, so that one number does not tell both."""
        return any(finding.check == MEAN_NOT_MEDIAN for finding in self.findings)

    @property
    def launches(self) -> int:
        """Number of launches behind the time."""
        return self.time.n if self.time else 0

    @property
    def method(self) -> str:
        """How the interval of the time was made, in words; empty without a time."""
        return self.time.method if self.time else ""

    @property
    def family(self) -> str:
        """The part of the workload's name before the slash."""
        return self.workload.partition("/")[0]

    def axis(self, name: str, default: Value | None = None) -> Value | None:
        """The value of an axis, or the default if the case has no such axis."""
        return self.case.axes.get(name, default)

    def without_time(self, outcome: Outcome, reason: str, findings: tuple[Finding, ...]) -> Row:
        """The row of a case that turned out to have no time, without the numbers that depend on it."""
        return replace(
            self, outcome=outcome, reason=reason, findings=findings, clock=None, time=None, blocks=0, fastest_s=None,
            sd_launches=None, sd_between=None, sd_within=None, autocorrelation=None, drift=None, drift_p=None,
            rate=None, first_call=None, mean=None, p95=None, p99=None, waiting=None, background=None,
            preempted_share=None,
        )  # fmt: skip
