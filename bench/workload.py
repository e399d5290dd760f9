"""The author's API: all that a workload file imports from here.

from bench.workload import Context, Prepared, Work, workload
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Protocol, TypeVar

from bench.series import BESIDE, BY, STEP

if TYPE_CHECKING:
    import torch

DIFFERENTIABLE = ("eager", "compile", "compile-reduce-overhead", "compile-max-autotune", "script", "trace")
"""Execution modes whose result can be differentiated: what `modes="differentiable"` means."""

MODES = (*DIFFERENTIABLE, "frozen", "export", "aoti", "cudagraph")
"""Execution modes that the harness knows: what `modes="all"` means."""

AFTER = re.compile(r"(?P<metric>.+)_after_(?P<epoch>\d+)")
"""The name of a metric of `quality` that is read after each epoch: `test_accuracy_after_3`."""

RESERVED_PHASES = (STEP, "build", "first_call")
"""Names of what the harness times itself: the whole step, building its graph, its first call."""

RESERVED_BEGINNINGS = ("compile_", BESIDE, BY)
"""Prefixes of more such names: compiling with a cold and a warm cache, and blocks timed beside other timers."""

Values = Sequence[str | int | float | bool]


@dataclass(frozen=True)
class Work:
    """The work of one step, from formulas: torch's own FLOP counter reports 0 for elementwise, mv and dot (2.13)."""

    flops: float | None = None
    bytes: float | None = None
    """Bytes that must cross the memory bus at least once."""
    kernels: int | None = None
    """Launches on the device that one step cannot do without: a lower bound, as all numbers here are."""
    items: float | None = None
    unit: str = "item"
    """What `items` counts: rows, points, products."""
    working_set: float | None = None
    """Bytes of memory that are touched, if fewer than `bytes`, as in a loop over the same rows. It decides which cache,
    and so which bandwidth, the bytes may come from. None means as many as `bytes`."""
    compute_dtype: str = ""
    """The number format of the flops, which the harness fills in from `Prepared.compute_dtype`; empty stands for the
    case's dtype."""


@dataclass(frozen=True)
class Prepared:
    """What a workload hands to the harness. Only `step` is timed, and `phases` separately."""

    step: Callable[[], Any]
    check: Callable[[Any], float]
    """Takes the output of a step and returns its relative error, which the harness compares with the dtype's tolerance.

    It is called right after reset and one step, before the blocks and after them. It may read the workload's state."""
    work: Work
    reset: Callable[[], None] | None = None
    """Called untimed before each block, which then has n = 1: training would drift over thousands of steps."""
    close: Callable[[], None] | None = None
    phases: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    """Named parts of the step, each timed separately after its own reset; each returns what it computed. Raises
    `ValueError` for a name that the harness uses itself."""
    quality: Callable[[], Mapping[str, float]] | None = None
    """Metrics such as loss or accuracy, read after the last block, before anything is reset. A metric that is
    read after each epoch has the epoch in its name: `test_accuracy_after_3`."""
    compute_dtype: torch.dtype | Literal["tf32"] | None = None
    """The number format that the step computes in, where a switch makes it narrower than the case's dtype:
    `torch.bfloat16` under autocast, or "tf32". The tolerance is that of this format, and so is the peak that its flops
    are held to. `compute_dtype=torch.bfloat16 if amp else None` declares it for one value of an axis."""

    def __post_init__(self) -> None:
        for name in self.phases:
            if fault := phase_name_fault(name):
                raise ValueError(fault)


def phase_name_fault(name: object) -> str:
    """Say why a phase cannot have this name, and what to do; empty if it can."""
    if not isinstance(name, str) or not name.strip():
        return f"a phase needs a name of at least one character, not {name!r}: write phases={{'forward': forward}}"
    if ":" in name:
        fit = name.replace(":", "_")
        return f"phase {name!r} has a colon, which separates phase and clock in stored times: call it {fit!r}"
    if name in RESERVED_PHASES or name.startswith(RESERVED_BEGINNINGS):
        return f"phase {name!r} has a name that the harness uses itself: call it {f'own_{name}'!r}, or what it does"
    return ""


class Context(Protocol):
    """What a workload receives: where to compute, in which dtype and mode, and seeded randomness."""

    @property
    def device(self) -> torch.device:
        """The device of the case."""

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the case."""

    @property
    def seed(self) -> int:
        """The seed of the run; all random numbers follow from it."""

    @property
    def generator(self) -> torch.Generator:
        """A CPU generator, seeded by run and workload: all cases of a workload draw the same numbers."""

    def randn(self, *shape: int) -> torch.Tensor:
        """Standard normal numbers of `shape`, the same on every device, in the case's dtype and on its device."""

    def place(self, tensor: torch.Tensor) -> torch.Tensor:
        """`tensor` on the case's device; floating tensors in the case's dtype."""

    def mode(self, function: Callable[..., Any], *inputs: torch.Tensor) -> Callable[[], Any]:
        """`function` or module in the case's mode, as a call without arguments that feeds `inputs`.

        Inputs are passed, never captured: a tracing mode turns captured tensors into constants and computes the product
        beforehand (1.0 us instead of 12,270 us, with the right answer). Raises `ValueError` for a captured tensor.
        """

    def relative_error(self, actual: Any, exact: Any) -> float:
        """max|actual - exact| / max|exact| in float64; infinite if shapes differ or a number is not finite."""

    def within(self, value: float, low: float, high: float) -> float:
        """0 if low <= value <= high, else infinity: for answers known as a range."""

    def run_under(self, set_it: Callable[[], object]) -> None:
        """Call `set_it`, which sets something for the whole process, and keep that for this case alone.

        It holds from here until the case is closed: in the first call, in every block, in `check`. The harness takes it
        away before other cases, and calls it no leak. For TF32, cuDNN or determinism, for instance. Raises `ValueError`
        for the number of threads, which has an axis.
        """

    def skip(self, reason: str) -> NoReturn:
        """End this case as `skipped`, with a reason that a user understands."""


@dataclass(frozen=True)
class Declaration:
    """The arguments of `@workload`; the catalog reads them from the source, without importing it."""

    lesson: str
    axes: Mapping[str, Values]
    quick: Mapping[str, Any]
    modes: tuple[str, ...]
    dtypes: tuple[str, ...]
    role: str


def named_modes(modes: str | Sequence[str]) -> tuple[str, ...]:
    """The modes that "all" or "differentiable" stands for, or the given ones."""
    if isinstance(modes, str):
        return {"all": MODES, "differentiable": DIFFERENTIABLE}[modes]
    return tuple(modes)


Make = TypeVar("Make", bound=Callable[..., Prepared])


def workload(
    *,
    lesson: str,
    axes: Mapping[str, Values] | None = None,
    quick: Mapping[str, Any] | None = None,
    modes: Literal["all", "differentiable"] | Sequence[str] = ("eager",),
    dtypes: Sequence[str] = ("float32", "float64"),
    role: Literal["lesson", "calibration", "certification"] = "lesson",
) -> Callable[[Make], Make]:
    """Make a function `name(ctx, **axes) -> Prepared` a workload, named `module/name`.

    lesson: the section of the course it reproduces.
    axes: the values to sweep for each axis, literals only; the first is the default.
    quick: values (one or several) in the quick preset; the first value of an axis that is not named.
    modes: execution modes that make sense, or "all", or "differentiable" where the step calls `backward` on the result;
        any other mode is `skipped` with that reason.
    dtypes: dtypes that make sense; any other is `skipped` with that reason.
    role: `calibration` marks a workload whose result is a peak of the machine, `certification` one whose time is
        known beforehand, to test the harness.
    """
    declared = Declaration(
        lesson=lesson,
        axes=dict(axes or {}),
        quick=dict(quick or {}),
        modes=named_modes(modes),
        dtypes=tuple(dtypes),
        role=role,
    )

    def declare(make: Make) -> Make:
        make.__coursebench__ = declared  # type: ignore[attr-defined]  # functions take attributes; mypy cannot know
        return make

    return declare
