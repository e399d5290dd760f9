"""The author's API: all that a workload file imports from here.

from bench.workload import Context, Prepared, Work, workload
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Protocol, TypeVar

from bench.records import BESIDE, BY
from bench.series import STEP

if TYPE_CHECKING:
    import torch

DIFFERENTIABLE = ("eager", "compile", "compile-reduce-overhead", "compile-max-autotune", "script", "trace")
"""The execution modes whose result can be differentiated; `modes="differentiable"` stands for them."""

MODES = (*DIFFERENTIABLE, "frozen", "export", "aoti", "cudagraph")
"""The execution modes the harness knows; `modes="all"` stands for them."""

AFTER = re.compile(r"(?P<metric>.+)_after_(?P<epoch>\d+)")
"""Name of a metric of `quality` that is read after each epoch: `test_accuracy_after_3`."""

RESERVED_PHASES = (STEP, "build", "first_call")
"""Names of what the harness times itself: the whole step, building its graph, its first call."""

RESERVED_BEGINNINGS = ("compile_", BESIDE, BY)
"""How more of those begin: compiling with a cold and a warm cache, and blocks timed beside other timers."""

Values = Sequence[str | int | float | bool]


@dataclass(frozen=True)
class Work:
    """What one step does, analytically: torch's own FLOP counter reports 0 for elementwise, mv and dot (2.13)."""

    flops: float | None = None
    bytes: float | None = None
    """Bytes that must cross the memory bus at least once."""
    kernels: int | None = None
    """Device launches that one step cannot do without, a lower bound as all of this."""
    items: float | None = None
    unit: str = "item"
    """What `items` counts: rows, points, products."""
    working_set: float | None = None
    """Bytes of the memory that is touched, where that is less than `bytes`, as in a loop over the same rows: it decides
    from which cache, and so with which bandwidth, the bytes may come. None: as many as `bytes`."""


@dataclass(frozen=True)
class Prepared:
    """What a workload hands to the harness. Only `step` is timed, and `phases` apart from it."""

    step: Callable[[], Any]
    check: Callable[[Any], float]
    """Given the output of a step, its relative error; the harness compares it with the tolerance of the dtype.

    Called right after reset and one step, before the blocks and after them; it may read the workload's own state."""
    work: Work
    reset: Callable[[], None] | None = None
    """Called before each block, and not timed; a block then has n = 1, for training drifts over thousands of steps."""
    close: Callable[[], None] | None = None
    phases: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    """Named parts of the step, each timed apart after a reset of its own; each returns what it computed. A name that
    the harness needs itself is refused with `ValueError`."""
    quality: Callable[[], Mapping[str, float]] | None = None
    """Metrics such as loss or accuracy, read after the last block, before anything is reset. A metric of one epoch has
    a name such as `test_accuracy_after_3`."""

    def __post_init__(self) -> None:
        for name in self.phases:
            if fault := phase_name_fault(name):
                raise ValueError(fault)


def phase_name_fault(name: object) -> str:
    """Why a phase cannot have this name, and what to do; empty where it can."""
    if not isinstance(name, str) or not name.strip():
        return f"a phase needs a name of at least one character, not {name!r}: write phases={{'forward': forward}}"
    if ":" in name:
        fit = name.replace(":", "_")
        return f"phase {name!r} has a colon, which separates phase and clock where times are kept: call it {fit!r}"
    if name in RESERVED_PHASES or name.startswith(RESERVED_BEGINNINGS):
        return f"phase {name!r} has a name of what the harness times itself: call it {f'own_{name}'!r}, or what it does"
    return ""


class Context(Protocol):
    """What the harness gives a workload: device, dtype, mode, and seeded randomness."""

    @property
    def device(self) -> torch.device:
        """The device of the case."""

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the case."""

    @property
    def seed(self) -> int:
        """The seed of the run, from which all random numbers follow."""

    @property
    def generator(self) -> torch.Generator:
        """A CPU generator, seeded by run and workload: all cases of a workload draw the same numbers."""

    def randn(self, *shape: int) -> torch.Tensor:
        """Standard normal numbers of `shape`, the same on every device, in the case's dtype and on its device."""

    def place(self, tensor: torch.Tensor) -> torch.Tensor:
        """`tensor` on the case's device; floating tensors in the case's dtype."""

    def mode(self, function: Callable[..., Any], *inputs: torch.Tensor) -> Callable[[], Any]:
        """`function` or module in the case's mode, as a call without arguments that feeds `inputs`.

        Inputs are passed, never captured: a tracing mode bakes captured tensors in and folds the product
        (1.0 us in place of 12,270 us, with the right answer). Raises `ValueError` where a tensor was captured.
        """

    def relative_error(self, actual: Any, exact: Any) -> float:
        """max|actual - exact| / max|exact| in float64; infinite where shapes differ or a number is not finite."""

    def within(self, value: float, low: float, high: float) -> float:
        """0 where low <= value <= high, else infinity: for answers known as a range."""

    def skip(self, reason: str) -> NoReturn:
        """End this case as `skipped`, with a reason a user understands."""


@dataclass(frozen=True)
class Declaration:
    """The arguments of `@workload`; the catalog reads the same from the source, without importing it."""

    lesson: str
    axes: Mapping[str, Values]
    quick: Mapping[str, Any]
    modes: tuple[str, ...]
    dtypes: tuple[str, ...]
    role: str


def named_modes(modes: str | Sequence[str]) -> tuple[str, ...]:
    """The modes that "all" and "differentiable" stand for, or those that are given."""
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
    axes: values each axis is swept over, literals only; the first is the default of rows without that axis.
    quick: values (one or several) of the quick preset; the first of each axis where none is given.
    modes: execution modes that make sense, or "all", or "differentiable" where the step calls `backward` on the result;
        any other is `skipped` with that reason.
    dtypes: dtypes that make sense; any other is `skipped` with that reason.
    role: `calibration` for a workload whose result is a peak of the machine, `certification` for one whose time is
        known beforehand, by which the harness is tested.
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
