"""What a lockstep pair works with: its sides and settings, the cases open on both sides, and who takes down results."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.records import BASE, HEAD, Block, BlockPair, CaseLaunch, ComparedCase, Settings, Value
from bench.runner.stop_request import Stop
from bench.runner.worker import SideCode
from bench.series import Series

FEWEST_BLOCK_PAIRS, USUAL_BLOCK_PAIRS = 16, 60
"""Block pairs of a case in a pair: 60 of blocks of about 1 ms, 16 of an epoch, as in the first probe of pairs."""

LONG_S, FEWEST_LONG = 2.0, 6
"""Where 16 block pairs would take longer than 2 s, take as many as fit, but at least six: the order statistics of a
median need them."""


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

    block_pairs_s: float = 0.5
    """Seconds a pair spends on the block pairs of a case, within the bounds above: 60 of six blocks of 1.4 ms."""
    block_pairs_most_s: float = 8.0
    """… and at most, where its block pairs disagree: to start and open a case costs a pair 2 to 9 s."""
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
    """Read the peak of the host's memory on both sides, for which a case is prepared twice."""
    cold_pairs: int = 1
    """The first pairs of a compiled case, which find its compile cache empty."""
    rewarm: bool = True
    """Run blocks that are not timed before each timed one; only a test of the certificate leaves them out."""


@dataclass(frozen=True)
class PairContext:
    """What a pair works with."""

    sides: Mapping[str, SideCode]
    settings: Settings
    stop: Stop
    threads: Callable[[Value], int]
    """The real thread count behind the symbolic one."""
    steps: dict[str, dict[Series, int]]
    """n of each series of a case, where an earlier pair calibrated it: the same on both sides, in all pairs."""
    caches: Path
    listener: PairListener
    cpus: Sequence[int] = ()
    """The logical CPUs of which a coin picks one for both sides of a pair; without any each side runs where it may."""
    pair_settings: PairSettings = PairSettings()
    cold_pairs: dict[str, int] = field(default_factory=dict)
    """By key of a compiled case: pairs so far in which its cache was empty."""
    can_fork: bool = False
    """Whether both sides may be forks of one process, where one interpreter serves both."""
    twin: bool = False
    """The head is a second copy of the base: these are the pairs of a gate's canary."""


@dataclass
class PairedCase:
    """A case that is open on both sides, and what was timed of it."""

    compared: ComparedCase
    clocks: list[str]
    """Clocks that can time the step on both sides."""
    steps: dict[str, dict[Series, int]] = field(default_factory=dict)
    """By side: n of each series."""
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By side: columns of `CaseLaunch`."""
    block_pairs: list[BlockPair] = field(default_factory=list)
    cpu: int | None = None
    """The core for both sides, where the step needs no more on either."""
    blocks: dict[str, list[Block]] = field(default_factory=lambda: {BASE: [], HEAD: []})
    """By side: blocks of visits on that side alone, and blocks beside other timers."""
    wanted: int = 1
    """How many block pairs to take, as far as is known."""

    def key_on(self, side: str) -> str:
        """The key of the case of this side: another one, where the difference of two cases is measured."""
        return self.compared.on(side).case.key
