"""A device that works through a queue while the host goes on, and its three clocks, all kept, never mixed.

`wall`     synchronise at both ends of a block: throughput, launches overlap. The default of tables.
`latency`  synchronise after every step: what one call makes its user wait.
`device`   events around a queue that was filled while the device was held busy, so that launch cost is hidden
           (the blocking kernel of nvbench).
"""

from __future__ import annotations

from typing import Any, Protocol

import torch

from bench.measure.devices.device import NoClockError
from bench.measure.timing.blocks import Step, time_block, time_latency_block
from bench.measure.timing.clocks import Clock

GAPS_BELOW_NS = 50_000
"""Below this device time a step, what lies between two kernels of a queue is no longer small beside them."""

LEFT_BEHIND_NS, LEFT_BEHIND = 20_000, 0.02
"""Longest time from the last event of a block until the device rests, beyond an idle wait: 20 µs, or 2 % of the block.
A step that takes longer has left work on another stream, which events of this one do not see."""


class Event(Protocol):
    """A mark in the queue: `torch.cuda.Event`, `torch.mps.Event`, `torch.xpu.Event`."""

    def record(self) -> None:
        """Put the mark behind what was launched so far."""

    def query(self) -> bool:
        """Has the device passed the mark?"""

    def synchronize(self) -> None:
        """Wait until it has."""

    def elapsed_time(self, end_event: Any, /) -> float:
        """Milliseconds from this mark to a later one of the same class."""


class QueuedDevice:
    """What a device with a queue does, whoever makes it. A subclass says how it is drained, marked and held."""

    clocks: tuple[str, ...] = ("wall", "latency", "device")
    torch_device: torch.device
    first_hold: int
    """How long the device is held busy at first, in units of the subclass."""
    longest_hold: int
    """The longest hold: a step whose queue is not filled by then synchronises itself."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hold = self.first_hold
        self._joined: set[Step] = set()

    def drain(self) -> None:
        """Wait for every stream of the device, so that work on a side stream is joined too."""
        raise NotImplementedError

    def _event(self, timing: bool) -> Event:
        """A new event in the current stream. timing: `elapsed_time` will be asked."""
        raise NotImplementedError

    def _occupy(self, amount: int) -> None:
        """Launch work that keeps the device busy for some units of `first_hold`."""
        raise NotImplementedError

    def time(self, clock: str, step: Step, steps: int, before: Step) -> int:
        """Total ns of a block of `steps` on `clock`, after `before`. Raises `NoClockError` for `device` alone."""
        if clock == "device":
            self._refuse_other_streams(step, steps, before)
            return self._device_ns(step, steps, before)
        before()
        if clock == "latency":
            return time_latency_block(self._clock, step, steps, self.drain)
        return time_block(self._clock, step, steps, self.drain)

    def _device_ns(self, step: Step, steps: int, before: Step) -> int:
        """Device time of a block whose work stays in one stream."""
        return self._time_on_device(step, steps, before)

    def _time_on_device(self, step: Step, steps: int, before: Step) -> int:
        """Event time of a queue of `steps`, filled while the device was held.

        The hold is doubled until the queue is full before it ends: only then no launch delays the work.
        """
        while self._hold <= self.longest_hold:
            started, ended = self._event(timing=True), self._event(timing=True)
            before()
            self.drain()
            self._occupy(self._hold)
            started.record()
            for _ in range(steps):
                step()
            ended.record()
            filled_in_time = not started.query()
            self.drain()
            if filled_in_time:
                return self._between_ns(started, ended)
            self._hold *= 2
        self._hold = self.first_hold
        raise NoClockError(
            "the queue could not be filled while the device slept: the step synchronises, or launches more than fits"
        )

    def _between_ns(self, started: Event, ended: Event) -> int:
        """Device time between two events, in ns. Raises `NoClockError` where they have none."""
        return int(started.elapsed_time(ended) * 1e6)

    def _refuse_other_streams(self, step: Step, steps: int, before: Step) -> None:
        """Raise `NoClockError` where the device still works when the last event of a block has passed.

        This is checked once a step, while nothing holds the device: other streams would work through a hold.
        """
        if step in self._joined:
            return
        before()
        self.drain()
        started, ended = self._clock(), self._event(timing=False)
        for _ in range(steps):
            step()
        ended.record()
        ended.synchronize()
        passed = self._clock()
        self.drain()
        at_rest = self._clock()
        self.drain()
        waited, idle = at_rest - passed, self._clock() - at_rest
        if waited - idle > max(LEFT_BEHIND_NS, LEFT_BEHIND * (passed - started)):
            raise NoClockError(
                f"the step left {(waited - idle) / 1e3:.0f} us of work on another stream, which its events do not see: "
                "let the current stream wait for it"
            )
        self._joined.add(step)
