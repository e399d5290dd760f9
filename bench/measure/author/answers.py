"""Judges the answers of a case: by the author's check, within the tolerance of the number format that it declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from bench.measure.author.handed_away import late, pending
from bench.measure.author.reduced_precision import advice, narrower
from bench.measure.author.tolerance import format_of, tolerance_of
from bench.measure.devices.device import Device
from bench.records import Value
from bench.workload import Prepared


class WrongAnswer(Exception):  # noqa: N818  # an outcome, named as the glossary names it
    """The output of the timed step is wrong; its text says by how much."""


@dataclass(frozen=True)
class Judge:
    """Judges what a workload answers, in the dtype and mode of its case."""

    dtype: torch.dtype
    device: Device
    mode: str
    axes: Mapping[str, Value] = field(default_factory=dict)
    """The values of the workload's own axes."""

    def error(self, prepared: Prepared, output: Any) -> float:
        """The relative error of `output`. Raises `WrongAnswer` above the tolerance, and for what is no answer yet."""
        if handed_over := pending(output):
            raise WrongAnswer(handed_over)
        error, tolerance = float(prepared.check(output)), tolerance_of(self.dtype, prepared.compute_dtype)
        if error <= tolerance:  # so that a NaN is wrong
            return error
        of = format_of(prepared.compute_dtype) or format_of(self.dtype)
        said = f"relative error {error:.3g} is above the tolerance {tolerance:.3g} of {of}"
        raise WrongAnswer(said + (late(prepared.check, output, tolerance) or self.what_to_declare(prepared, error)))

    def what_to_declare(self, prepared: Prepared, error: float) -> str:
        """What explains a wrong answer, if a narrower number format does. One more call tells, of an eager step."""
        if self.mode != "eager" or prepared.compute_dtype is not None:
            return ""
        if prepared.reset is not None:
            prepared.reset()
        return advice(narrower(prepared.step, self.dtype, self.device.torch_device), error, self.dtype, self.axes)
