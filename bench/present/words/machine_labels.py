"""Short names of machines, `16-core Xeon + H200`, and of the processors in them, `H200` or `16-core Xeon`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_MAKERS = re.compile(r"\b(?:NVIDIA|Intel|AMD|GeForce|Tesla)\b ?")
_VARIANT = re.compile(r" (?:\d+ ?GB|HBM\w*|PCIe|SXM\w*)\b")
"""The part that tells cards of one name apart; left out unless it is needed for that."""


def labels(parts: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """A label for each (machine, device), no two alike: short if that is enough, else with all that is known.

    machine: as `bench.store` names it, `2-core Intel Xeon`, `16-core Intel Xeon + NVIDIA H200 (torch 2.8.0)`.
    """
    wanted = list(dict.fromkeys(parts))
    for label in (_short, _long):
        made = {part: label(*part) for part in wanted}
        if len(set(made.values())) == len(wanted):
            return made
    return {(machine, device): f"{device} of {machine}" for machine, device in wanted}


def whole(names: Sequence[str]) -> list[str]:
    """A short name for each machine, no two alike: `16-core Xeon + H200`."""
    made = [_MAKERS.sub("", _VARIANT.sub("", name)).strip() for name in names]
    return made if len(set(made)) == len(names) else list(names)


def _short(machine: str, device: str) -> str:
    return _MAKERS.sub("", _VARIANT.sub("", _long(machine, device))).strip() or _long(machine, device)


def _long(machine: str, device: str) -> str:
    """The processor of a machine, with all that tells it from others of the same name."""
    name, bracket, more = machine.partition(" (")
    host, plus, card = name.partition(" + ")
    own = host if device == "cpu" else card if plus else f"{device} of {host}"
    return f"{own}{bracket}{more}"
