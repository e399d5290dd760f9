"""What a pair asks of a case when it opens it, by what earlier pairs learned of it, and what it learns itself."""

from __future__ import annotations

from collections.abc import Callable

from bench.protocol import Closed, Open, Opened
from bench.records import Planned
from bench.runner.pairs.pair_caches import PairCaches
from bench.runner.pairs.pair_context import CHEAP_S, TWIN, PairContext, PairedCase


def opening(context: PairContext, key: str, caches: PairCaches) -> Callable[[str, Planned], Open]:
    """Requests to open a case, by side and planned case: alike for all sides but for n, which the first one finds.

    In the first pair of a case all sides look for how long it takes to be warm, and its step is counted at the end.
    """
    learned, settings = context.learned, context.pair_settings
    is_first = key not in learned.steps
    calls, ns = learned.warm_up.get(key, (None, 0))

    def request(side: str, planned: Planned) -> Open:
        return Open(
            planned.case.key,
            planned.source,
            context.settings,
            learned.steps.get(key, {}),
            caches.states.get(side, ""),
            count=settings.count and is_first and side != TWIN,
            memory=settings.memory and (settings.memory_always or key not in learned.dear_to_prepare),
            warm_calls=calls,
            warm_ns=ns,
        )

    return request


def opened(context: PairContext, paired: PairedCase, side: str, reply: Opened) -> None:
    """Take down that a case is open on a side, and what later pairs need to know."""
    paired.clocks = [clock for clock in reply.clocks if not paired.steps or clock in paired.clocks]
    paired.steps[side], paired.facts[side], paired.calls[side] = reply.steps, reply.facts, reply.calls
    key, learned = paired.compared.case.key, context.learned
    # What the first side calibrated is the other's n too, and that of later pairs.
    learned.steps.setdefault(key, reply.steps)
    learned.heavy.update(name for name in reply.heavy if name.startswith("torch."))
    calls, ns = reply.facts.get("settled_calls"), reply.facts.get("settled_ns")
    if calls is not None and ns is not None:
        most_calls, most_ns = learned.warm_up.get(key, (0, 0))
        learned.warm_up[key] = max(calls, most_calls), max(ns, most_ns)


def closed(context: PairContext, paired: PairedCase, side: str, reply: Closed) -> None:
    """Take down what a side tells of a case at its end."""
    paired.facts[side] |= {**reply.facts, "no_clock": reply.no_clock}
    if reply.facts.get("seconds", {}).get("prepare_again", 0.0) > CHEAP_S:
        context.learned.dear_to_prepare.add(paired.compared.case.key)
