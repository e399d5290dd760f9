"""The nets as ONNX Runtime answers them, exported from torch."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import onnxruntime
import torch
from torch import nn

from workloads._frameworks.problem import Problem


class OnnxNet:
    """A session of the exported `model`, fed NumPy and answering NumPy, for any number of rows."""

    def __init__(self, model: nn.Module, problem: Problem) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = problem.threads
        options.inter_op_num_threads = 1
        # a thread that spins while it waits takes the core of whoever else computes: so torch's wait passively, too
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            exported(model, torch.from_numpy(problem.x)), options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name

    def place(self, x: np.ndarray) -> np.ndarray:
        """`x` itself."""
        return x

    def predict(self, x: np.ndarray) -> np.ndarray:
        """(rows, features) → (rows, 1)."""
        return self._session.run(None, {self._input: x})[0]


_EXPORTED: dict[bytes, bytes] = {}
"""What was exported in this process, by the net's weights: an export takes seconds, and each batch has the same net."""


def exported(model: nn.Module, x: torch.Tensor) -> bytes:
    """`model` as ONNX, for as many rows like those of `x` as will come; it is written to no file."""
    weights = b"".join(weight.detach().numpy().tobytes() for weight in model.parameters())
    if weights not in _EXPORTED:
        rows = torch.export.Dim("rows")
        with quiet():
            program = torch.onnx.export(model.eval(), (x,), dynamic_shapes=({0: rows},), dynamo=True, verbose=False)
        _EXPORTED[weights] = program.model_proto.SerializeToString()  # type: ignore[union-attr]  # None without dynamo
    return _EXPORTED[weights]


@contextmanager
def quiet() -> Iterator[None]:
    """The exporter warns of its own internals, and tells of torchvision that is not there."""
    log = logging.getLogger("torch.onnx")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)
