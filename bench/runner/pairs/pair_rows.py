"""Rows that a lockstep pair makes: a block pair, and the end of a case on one side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.protocol import BlockTimed
from bench.records import BASE, HEAD, BlockPair, CaseLaunch
from bench.runner.pairs.pair_context import TWIN, Canary, PairedCase


def block_pairs(
    paired: PairedCase,
    timed: Mapping[str, BlockTimed],
    number: int,
    order: Sequence[str],
    prepared: Sequence[str],
    place: tuple[str, int],
    canary: Canary | None,
) -> None:
    """Add what was timed in one turn of all sides to the block pairs of a case.

    number: of the pair; order: in which the blocks were timed; prepared: in which the sides were opened; place: clock,
    and index of the turn. Raises `AssertionError` where the sides ran different numbers of steps.
    """
    paired.block_pairs.append(_row(paired, timed, HEAD, number, order, prepared, place))
    if TWIN in timed and canary is not None:
        paired.twin_pairs.append(_row(paired, timed, TWIN, canary.number, order, prepared, place))


def _row(
    paired: PairedCase,
    timed: Mapping[str, BlockTimed],
    against: str,
    number: int,
    order: Sequence[str],
    prepared: Sequence[str],
    place: tuple[str, int],
) -> BlockPair:
    """The block of the base and that of the head, or of the base's second copy."""
    base, head, key = timed[BASE], timed[against], paired.compared.case.key
    if base.steps != head.steps:
        raise AssertionError(f"{key}: {base.steps} steps on the base and {head.steps} on the {against}")
    clock, couple = place
    return BlockPair(
        key=key,
        pair=number,
        prepared_first=_first(prepared, against),
        clock=clock,
        couple=couple,
        first=_first(order, against),
        steps=base.steps,
        base_ns=base.total_ns,
        head_ns=head.total_ns,
        cpu=paired.cpu,
        twin=against == TWIN,
        base_cpu_ns=base.cpu_ns,
        head_cpu_ns=head.cpu_ns,
        base_thread_ns=base.thread_ns,
        head_thread_ns=head.thread_ns,
        base_preempted=base.preempted,
        head_preempted=head.preempted,
        base_waited=base.waited,
        head_waited=head.waited,
    )


def _first(order: Sequence[str], against: str) -> str:
    """Who came first of the base and what it is compared with; a second copy of the base stands as the head."""
    return BASE if order.index(BASE) < order.index(against) else HEAD


def case_end(
    paired: PairedCase, side: str, process: str, number: int, outcome: str, reason: str, detail: str
) -> CaseLaunch:
    """The end of a case on one side. number: of the pair, or of the canary's for a second copy of the base."""
    return CaseLaunch(
        key=paired.compared.case.key,
        launch=number,
        process=process,
        outcome=outcome,
        reason=reason,
        detail=detail,
        steps=paired.steps.get(side, {}),
        side=HEAD if side == TWIN else side,
        twin=side == TWIN,
        **paired.facts.get(side, {}),
    )
