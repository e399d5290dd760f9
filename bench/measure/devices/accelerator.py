"""What an Apple and an Intel GPU have in common: the clocks of a queue, without a sleep and without graphs.

The device is held by products of matrices, since torch has no kernel for it that only waits. A device time is refused
with its reason where events cannot tell it: of a step below 50 µs, where what lies between two kernels would be timed
too and there is no graph to replay, and of a reset step that is shorter than the events of the device are exact.
"""

from __future__ import annotations

import torch

from bench.measure.devices.device import NoClockError
from bench.measure.devices.queued import GAPS_BELOW_NS, Event, QueuedDevice
from bench.measure.timing.blocks import Step, nothing
from bench.measure.timing.clocks import Clock

HELD_SIDE = 1024
"""Side of the matrices whose products hold the device: 2 GFLOP, 0.1 to 1 ms on GPUs of 2 to 20 TFLOPS."""

FIRST_HOLD, LONGEST_HOLD = 4, 4096
"""Products that hold the device at first, and at most: about half a second, as long as a GPU of NVIDIA sleeps."""

MOST_PROBED = 4096
"""Most calls of the block that shows how long a step is."""


class Accelerator(QueuedDevice):
    """One device of the accelerator that this torch is built for."""

    first_hold, longest_hold = FIRST_HOLD, LONGEST_HOLD
    shortest_block_ns: int
    """Events do not tell a block that is shorter: their own error would be more than 2 % of it."""

    def __init__(self, device: torch.device, clock: Clock) -> None:
        super().__init__(clock)
        self.torch_device = device
        self._told: set[Step] = set()
        """Steps that events can tell."""
        self.enter()
        self._busy = self._wake()

    def enter(self) -> None:
        """Make this the current device."""
        raise NotImplementedError

    def _wake(self) -> Step:
        """Load the library of products once, forward and backward, and return a step that keeps the device busy.

        What it allocates stays, and is charged to no case.
        """
        a = torch.ones(HELD_SIDE, HELD_SIDE, device=self.torch_device, requires_grad=True)
        torch.mm(a, a).sum().backward()
        factor, product = a.detach(), torch.empty_like(a)
        self.drain()
        return lambda: torch.mm(factor, factor, out=product)

    def drain(self) -> None:
        """Wait for every stream of the device."""
        torch.accelerator.synchronize(self.torch_device)

    def _occupy(self, amount: int) -> None:
        for _ in range(amount):
            self._busy()

    def _between_ns(self, started: Event, ended: Event) -> int:
        try:
            return super()._between_ns(started, ended)
        except RuntimeError as error:  # an older driver has no times, and of MPS an end may seem to come first
            reason = (str(error).strip().splitlines() or ["no reason given"])[0]
            raise NoClockError(f"events of {self.torch_device} have no times here: {reason}") from None

    def _device_ns(self, step: Step, steps: int, before: Step) -> int:
        if before is nothing:
            self._refuse_short(step)
        total = self._time_on_device(step, steps, before)
        if before is not nothing and total < self.shortest_block_ns:  # such a block cannot be made longer
            kind = self.torch_device.type
            raise NoClockError(f"a block of {total / 1e3:.0f} us is shorter than events of {kind} are exact")
        return total

    def _refuse_short(self, step: Step) -> None:
        """Raise `NoClockError` for a step that events cannot tell, by a block that is long enough; looked at once."""
        if step in self._told:
            return
        calls, total = 1, self._time_on_device(step, 1, nothing)
        while total < self.shortest_block_ns and calls < MOST_PROBED:
            calls *= 4
            total = self._time_on_device(step, calls, nothing)
        if total < GAPS_BELOW_NS * calls:
            raise NoClockError(
                f"a step below {GAPS_BELOW_NS / 1e3:.0f} us is too short for events, which would time what lies "
                f"between two kernels too; torch replays no graph on {self.torch_device.type} in their place"
            )
        self._told.add(step)
