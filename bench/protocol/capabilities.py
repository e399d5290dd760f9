"""Names of capabilities that other rooms know: their lack has an advice of its own."""

from __future__ import annotations

GPU_STATE = "state of the GPU"
"""All four readings of NVML: clock rate, temperature, power, event reasons."""
