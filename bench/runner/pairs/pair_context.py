"""What a lockstep pair works with: its two sides, its guests, its bounds, and who takes down what it reports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.records import BASE, HEAD, Block, BlockPair, CaseLaunch, ComparedCase, Settings
from bench.runner.stop import Stop
from bench.runner.worker import SideCode
from bench.series import Series

FEWEST_COUPLES, PAID_COUPLES = 16, 60
"""Couples of a pair in any event: 60 of blocks of about 1 ms, 16 of an epoch, as in the first probe of pairs."""

LONG_S, FEWEST_LONG = 2.0, 6
"""Where 16 couples would take longer than 2 s, as many as fit, but six at least: the order statistics of a median."""


class PairListener(Protocol):
    """Takes down what a pair reports."""

    def spawned(self, seconds: float) -> None:
        """A worker took so many seconds from its start to its hello."""

    def entered(self, key: str, stage: str, launch: int) -> None:
        """A case entered a stage of a pair."""

    def coupled(self, couples: Sequence[BlockPair]) -> None:
        """All couples of a case in a pair that ended well on both sides."""

    def ended(self, record: CaseLaunch, blocks: Sequence[Block]) -> None:
        """A case ended on one side of a pair."""


@dataclass(frozen=True)
class PairSettings:
    """How pairs are conducted."""

    couples_s: float = 0.5
    """Seconds a pair spends on the couples of a case, between the bounds above: 60 couples of six blocks of 1.4 ms."""
    couples_most_s: float = 8.0
    """… and where its couples disagree at most so many: to start and open a case costs a pair 2 to 9 s."""
    alone: Collection[str] = ()
    """Keys of cases that are also visited alone, for lockstep ÷ solo."""
    rivals: Collection[str] = ()
    """Keys of cases that other timers time too."""
    rival_couples: int = 25
    """Of ours and another timer's: their median log ratio is then known to about a quarter of a block's spread."""
    count: bool = True
    """Count operators, allocations and kernels of a step in the first pair of a case."""
    cold_pairs: int = 1
    """Pairs of a compiled case, the first ones, that find its compile cache empty."""
    rewarm: bool = True
    """Only a test of the certificate leaves it out."""


@dataclass(frozen=True)
class PairContext:
    """What a pair works with."""

    sides: Mapping[str, SideCode]
    settings: Settings
    stop: Stop
    threads: Callable[[Any], int]
    """The real thread count behind the symbolic one."""
    steps: dict[str, dict[Series, int]]
    """n of each series of a case, where an earlier pair calibrated it: the same on both sides, in all pairs."""
    caches: Path
    secretary: PairListener
    cpus: Sequence[int] = ()
    """The logical CPUs of which a coin picks one for both sides of a pair; without any each runs where it may."""
    conduct: PairSettings = PairSettings()
    colds: dict[str, int] = field(default_factory=dict)
    """Pairs so far in which a compiled case found its cache empty."""
    twin: bool = False
    """The head is a second copy of the base: a gate's canary."""


@dataclass
class PairedCase:
    """A case that is open on both sides."""

    coupled: ComparedCase
    clocks: list[str]
    steps: dict[str, dict[Series, int]] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    couples: list[BlockPair] = field(default_factory=list)
    cpu: int | None = None
    """The core for both sides, where the step needs no more on either."""
    blocks: dict[str, list[Block]] = field(default_factory=lambda: {BASE: [], HEAD: []})
    wanted: int = 1
