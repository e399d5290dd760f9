"""What a lockstep pair works with: its sides and settings, the cases open on them, and who takes down results."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.cold_blocks import cold_in_turns
from bench.records import BASE, HEAD, SIDES, Block, BlockPair, CaseLaunch, ComparedCase, Planned, Settings, Value
from bench.runner.stop_request import Stop
from bench.runner.worker import SideCode
from bench.series import STEP, Series
from bench.stats.gate_rule import FINEST

TWIN = "twin"
"""The third process of a gate's pair: a second copy of the base, with one case. It is no side."""

FEWEST_BLOCK_PAIRS, USUAL_BLOCK_PAIRS = 16, 60
"""Block pairs of a case in a pair: sixteen of a quiet machine lie 1 to 2 % apart, and their median is known to half a
percent; where they disagree there are more, and up to 60 for the sake of the mean."""

LONG_S, FEWEST_LONG = 0.5, 6
"""Where 16 block pairs would take longer than half a second, begin with as many as fit, but with at least six: the
order statistics of a median need them."""

CHEAP_S = 0.05
"""A case is prepared twice for its memory in each pair where that takes no longer, else in its first pair alone."""


class PairListener(Protocol):
    """Takes down what a pair reports."""

    def spawned(self, seconds: float) -> None:
        """A worker took `seconds` from its start to its hello."""

    def entered(self, key: str, stage: str, launch: int) -> None:
        """A case entered a stage of a pair."""

    def paired(self, block_pairs: Sequence[BlockPair]) -> None:
        """All block pairs of a case in a pair that ended well on both sides."""

    def ended(self, record: CaseLaunch, blocks: Sequence[Block]) -> None:
        """A case ended on one side of a pair."""


@dataclass(frozen=True)
class PairSettings:
    """How pairs are measured."""

    block_pairs_s: float = 0.1
    """Seconds a pair spends on the block pairs of a case, within the bounds above: 16 of six blocks of 1.2 ms."""
    block_pairs_most_s: float = 2.0
    """… and at most, where its block pairs disagree: to open a case in another pair costs half a second to a second,
    and tells of another layout too."""
    alone: Collection[str] = ()
    """Keys of cases that are also visited on one side at a time, for lockstep ÷ solo."""
    rivals: Collection[str] = ()
    """Keys of cases that other timers time too."""
    rival_pairs: int = 25
    """Block pairs of ours and another timer's: their median log ratio is then known to about a quarter of the spread of
    a block."""
    count: bool = True
    """Count operators, allocations and kernels of a step in the first pair of a case."""
    memory: bool = True
    """Read the peak of the host's memory on both sides, for which a case is prepared twice; see `CHEAP_S`."""
    memory_always: bool = False
    """Read it in each pair, however long that takes: a peak may fail the gate."""
    cold_pairs: int = 1
    """The first pairs of a compiled case, which find its compile cache empty. With one, and one interpreter for all
    sides, they share a cache, and whichever is opened first fills it."""
    rewarm: bool = True
    """Run blocks that are not timed before each timed one; only a test of the certificate leaves them out."""


@dataclass
class Learned:
    """What the first pair of a case tells later ones, by key; `heavy` is of all cases."""

    steps: dict[str, dict[Series, int]] = field(default_factory=dict)
    """n of each series: the same on both sides, in all pairs."""
    warm_up: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Calls and ns until the step was as fast as it stays, on the side that needed more."""
    dear_to_prepare: set[str] = field(default_factory=set)
    """Cases whose second preparation took longer than `CHEAP_S`."""
    cold_pairs: dict[str, int] = field(default_factory=dict)
    """Pairs of compiled cases so far in which a compile cache was empty."""
    heavy: set[str] = field(default_factory=set)
    """Parts of torch that take long to import, and that some case loads when it needs them."""


@dataclass(frozen=True)
class PairContext:
    """What a pair works with."""

    sides: Mapping[str, SideCode]
    settings: Settings
    stop: Stop
    threads: Callable[[Value], int]
    """The real thread count behind the symbolic one."""
    caches: Path
    listener: PairListener
    learned: Learned = field(default_factory=Learned)
    cpus: Sequence[int] = ()
    """The logical CPUs of which a coin picks one for both sides of a pair, of one kind, of one node, and one of each
    physical core; without any each side runs where it may."""
    pair_settings: PairSettings = PairSettings()
    error_allowed: Callable[[str], float] = lambda key: FINEST
    """The standard error that the next datum of a case may have, by its key."""
    can_fork: bool = False
    """Whether both sides may be forks of one process, where one interpreter serves both."""

    @property
    def python(self) -> str | None:
        """The interpreter of all sides; None where they have several."""
        pythons = {side.python for side in self.sides.values()}
        return pythons.pop() if len(pythons) == 1 else None


@dataclass(frozen=True)
class Canary:
    """The case of a round that a second copy of the base measures too, in turns with both sides."""

    compared: ComparedCase
    """Base against the copy."""
    code: SideCode
    number: int
    """Number of its pair: the rows of a canary have one of their own."""
    listener: PairListener


@dataclass
class PairedCase:
    """A case that is open on all sides, and what was timed of it."""

    compared: ComparedCase
    clocks: list[str]
    """Clocks that can time the step on both sides."""
    twin: Planned | None = None
    """The case of the base's second copy, if this is the canary's."""
    steps: dict[str, dict[Series, int]] = field(default_factory=dict)
    """By side: n of each series."""
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By side: columns of `CaseLaunch`."""
    calls: dict[str, int] = field(default_factory=dict)
    """By side: calls of the step in warm-up."""
    block_pairs: list[BlockPair] = field(default_factory=list)
    twin_pairs: list[BlockPair] = field(default_factory=list)
    """Those of the base and its second copy."""
    cpu: int | None = None
    """The core for both sides, where the step needs no more on either."""
    blocks: dict[str, list[Block]] = field(default_factory=lambda: {BASE: [], HEAD: [], TWIN: []})
    """By side: blocks of visits on that side alone, and blocks beside other timers."""
    wanted: int = 1
    """How many block pairs to take, as far as is known."""

    @property
    def sides(self) -> tuple[str, ...]:
        """Who measures it."""
        return SIDES if self.twin is None else (*SIDES, TWIN)

    def on(self, side: str) -> Planned:
        """The case that one side measures."""
        return self.twin if side == TWIN and self.twin is not None else self.compared.on(side)

    def key_on(self, side: str) -> str:
        """The key of the case of this side: another one, where the difference of two cases is measured."""
        return self.on(side).case.key

    def behind(self, side: str) -> int:
        """Calls of the step that a side has to catch up on, once: sides then differ in no call of a step that is dear
        now and then.
        """
        missing = max(self.calls.values(), default=0) - self.calls.get(side, 0)
        self.calls[side] = self.calls.get(side, 0) + missing
        return missing

    def cold(self, clock: str) -> int:
        """Blocks to run before each timed one, the same on all sides: by the shorter block of warm-up, on any clock."""
        n = self.steps[BASE][Series(STEP, clock)]
        return cold_in_turns(n * min(facts["warm_ns"] / max(1, facts["warm_calls"]) for facts in self.facts.values()))

    def skipped(self, draw: Callable[[int, int], int], clock: str) -> int:
        """Calls that all sides skip before the next block, drawn at random.

        Of blocks of n steps that follow each other always at one distance some call of a step that is dear in every
        k-th might never be timed: up to half of n, and of single steps one in three times.
        """
        n = self.steps[BASE][Series(STEP, clock)]
        return draw(0, n // 2) if n > 1 else int(draw(0, 2) == 0)
