"""The events of a profile, summed up: tables, totals, and what each nanosecond went to."""

from __future__ import annotations

from typing import Any

from bench.measure.profiling import event_tables, events, timeline
from bench.protocol.rows import OperatorCalls, OwnedTime


class EventSummary:
    """The events of a profile, summed up."""

    def __init__(self, seen: list[events.Event], region: str, on_device: bool) -> None:
        """region: name of the region of the steps; on_device: the case runs on a device."""
        self._blocks = events.windows(seen, region)
        self._inside = events.within(seen, self._blocks)
        self._host, self._device, self._memory = event_tables.parted(self._inside)
        self._tree = timeline.nested(self._host, _main_thread(seen, region))
        self._on_device = on_device
        self._owned = timeline.attributed(self._tree, self._device, self._blocks, on_device)

    def facts(self) -> dict[str, Any]:
        """Tables and totals, as the folder of a profile keeps them."""
        calls = [event for event in self._host if event.kind == events.CALL]
        return {
            "blocks": len(self._blocks),
            "events": len(self._inside),
            "split_ns": timeline.split(self._owned),
            "operators": event_tables.operators(self._tree, self._device, self._memory),
            "kernels": event_tables.kernels(self._device),
            "device": event_tables.device_facts(self._device, calls, self._blocks) if self._on_device else None,
            "waits": event_tables.synchronisations(self._tree),
        }

    def owned(self) -> list[OwnedTime]:
        """The time of the blocks, split by what it went to."""
        return [OwnedTime(owner.part, owner.name, owner.dtypes, ns) for owner, ns in sorted(self._owned.items())]

    def calls(self) -> list[OperatorCalls]:
        """Calls of each operator."""
        return event_tables.calls(self._tree)


def _main_thread(seen: list[events.Event], region: str) -> int:
    return next((event.thread for event in seen if event.kind == events.ANNOTATION and event.name == region), 0)
