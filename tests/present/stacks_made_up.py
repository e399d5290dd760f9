"""Stacks as a sampler of Python finds them in a training step, and some that are hard to draw."""

from __future__ import annotations

from collections.abc import Sequence

Stack = tuple[tuple[str, ...], float]
"""Frames from the outermost in, and seconds."""

US = 1e-6

RUN = (
    "run_block (bench/measure/timing/blocks.py)",
    "call (bench/measure/clock.py)",
    "step (workloads/regression/train_step.py)",
)
CALL = ("_wrapped_call_impl (torch/nn/modules/module.py)", "_call_impl (torch/nn/modules/module.py)")
FORWARD = (
    *RUN,
    *CALL,
    "forward (workloads/_course/models.py)",
    *CALL,
    "forward (torch/nn/modules/container.py)",
    *CALL,
)
LOSS = (*RUN, *CALL, "forward (torch/nn/modules/loss.py)", "mse_loss (torch/nn/functional.py)")
BACKWARD = (
    *RUN, "backward (torch/_tensor.py)", "backward (torch/autograd/__init__.py)",
    "_engine_run_backward (torch/autograd/graph.py)",
)  # fmt: skip
OPTIMIZER = (
    *RUN, "wrapper (torch/optim/optimizer.py)", "_use_grad (torch/optim/optimizer.py)", "step (torch/optim/adam.py)",
    "_fallback (torch/optim/optimizer.py)", "adam (torch/optim/adam.py)",
)  # fmt: skip
ADAM = (*OPTIMIZER, "_single_tensor_adam (torch/optim/adam.py)")
ZERO = (
    *RUN,
    "_disable (torch/_compile.py)",
    "_fn (torch/_dynamo/eval_frame.py)",
    "zero_grad (torch/optim/optimizer.py)",
)
LINEAR = "forward (torch/nn/modules/linear.py)"
RELU = "forward (torch/nn/modules/activation.py)"

_STEP = (
    (FORWARD, 21),
    (FORWARD[:-1], 9),
    (FORWARD[:-2], 14),
    (FORWARD[:-3], 4),
    (FORWARD[:4], 3),
    (RUN, 31),
    (RUN[:2], 4),
    ((*FORWARD, LINEAR), 38),
    ((*FORWARD, LINEAR, "linear (torch/_C/_nn)"), 512),
    ((*FORWARD, LINEAR, "aten::addmm"), 131),
    ((*FORWARD, LINEAR, "__getattr__ (torch/nn/modules/module.py)"), 27),
    ((*FORWARD, RELU), 12),
    ((*FORWARD, RELU, "relu (torch/nn/functional.py)"), 96),
    ((*FORWARD, RELU, "__getattr__ (torch/nn/modules/module.py)"), 6),
    ((*FORWARD, "__iter__ (torch/nn/modules/container.py)"), 8),
    ((*FORWARD, "forward (torch/nn/modules/dropout.py)", "dropout (torch/nn/functional.py)"), 71),
    ((*FORWARD, "forward (torch/nn/modules/batchnorm.py)"), 18),
    ((*FORWARD, "forward (torch/nn/modules/batchnorm.py)", "batch_norm (torch/nn/functional.py)"), 143),
    ((*FORWARD, "forward (torch/nn/modules/batchnorm.py)", "_verify_batch_size (torch/nn/functional.py)"), 5),
    (LOSS, 62),
    ((*LOSS, "broadcast_tensors (torch/functional.py)"), 24),
    ((*LOSS, "get_enum (torch/nn/_reduction.py)"), 2),
    (BACKWARD, 1104),
    (BACKWARD[:-1], 9),
    (BACKWARD[:-2], 3),
    ((*BACKWARD[:-1], "_make_grads (torch/autograd/__init__.py)"), 33),
    ((*BACKWARD[:-1], "_tensor_or_tensors_to_tuple (torch/autograd/__init__.py)"), 2),
    ((*BACKWARD, "backward (workloads/_course/models.py)", "mul (torch/_tensor.py)"), 47),
    (ADAM, 221),
    ((*ADAM, "add_ (torch/_tensor.py)"), 43),
    ((*ADAM, "lerp_ (torch/_tensor.py)"), 61),
    ((*ADAM, "mul_ (torch/_tensor.py)"), 32),
    ((*ADAM, "addcmul_ (torch/_tensor.py)"), 48),
    ((*ADAM, "addcdiv_ (torch/_tensor.py)"), 57),
    ((*ADAM, "sqrt (torch/_tensor.py)"), 29),
    ((*ADAM, "_get_value (torch/optim/optimizer.py)"), 18),
    ((*ADAM, "_get_value (torch/optim/optimizer.py)", "item (torch/_tensor.py)"), 12),
    ((*ADAM, "is_compiling (torch/compiler/__init__.py)"), 9),
    ((*ADAM, "<listcomp> (torch/optim/adam.py)"), 7),
    (OPTIMIZER[:-2], 16),
    ((*OPTIMIZER[:-2], "_init_group (torch/optim/adam.py)"), 52),
    ((*OPTIMIZER[:-2], "_init_group (torch/optim/adam.py)", "is_complex (torch/_tensor.py)"), 11),
    ((*OPTIMIZER[:4], "__enter__ (torch/autograd/profiler.py)"), 17),
    ((*OPTIMIZER[:4], "format (string.py)"), 5),
    ((*OPTIMIZER[:5], "__enter__ (contextlib.py)"), 3),
    ((*OPTIMIZER[:5], "set_grad_enabled (torch/autograd/grad_mode.py)"), 9),
    (ZERO, 28),
    (ZERO[:-1], 6),
    ((*ZERO, "__enter__ (torch/autograd/profiler.py)"), 8),
    ((*ZERO, "setdefault (collections/__init__.py)"), 4),
    ((*RUN, "batch (workloads/regression/train_step.py)"), 22),
    ((*RUN, "batch (workloads/regression/train_step.py)", "__next__ (torch/utils/data/dataloader.py)"), 13),
    (
        (
            *RUN,
            "batch (workloads/regression/train_step.py)",
            "__next__ (torch/utils/data/dataloader.py)",
            "fetch (torch/utils/data/_utils/fetch.py)",
            "<listcomp> (torch/utils/data/_utils/fetch.py)",
        ),
        37,
    ),
    (
        (
            *RUN,
            "batch (workloads/regression/train_step.py)",
            "__next__ (torch/utils/data/dataloader.py)",
            "default_collate (torch/utils/data/_utils/collate.py)",
            "collate (torch/utils/data/_utils/collate.py)",
        ),
        64,
    ),
    ((*RUN, "batch (workloads/regression/train_step.py)", "asarray (numpy/core/numeric.py)"), 58),
    ((*RUN, "<lambda> (workloads/regression/train_step.py)"), 2.4),
    ((*RUN, "record (bench/measure/timing/blocks.py)"), 1.2),
    ((RUN[0], "perf_counter_ns (time)"), 2),
)

TRAIN_STEP = [(frames, microseconds * US) for frames, microseconds in _STEP]
"""A training step of 3.4 ms, as seconds per step."""

HOSTILE = (
    "<lambda> (<stdin>)",
    "a & b (x.py)",
    "quo\"ted' (q.py)",
    "naïve Größe (ü.py)",
    "数え上げる関数 (模型/線形層.py)",
    "]]> (c.py)",
    "</title><script>alert(1)</script> (s.py)",
    "x" * 400 + " (long.py)",
    "bell\a and\nnew line (n.py)",
    "",
    "</style> (t.py)",
    "🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥 (f.py)",
    "⸻⸻⸻⸻⸻⸻ (wide.py)",
    "حدود السماء البعيدة (a.py)",
    "\ud800 (lone.py)",
)
"""Texts of frames that would break a picture which took them as they are."""

ODD = [((text,), 1.0 + place / 100) for place, text in enumerate(HOSTILE)]


def replaced(stacks: Sequence[Stack], frame: str, factor: float) -> list[Stack]:
    """The stacks, those through a frame with so many times their seconds."""
    return [(frames, weight * (factor if frame in frames else 1.0)) for frames, weight in stacks]


def deep(depth: int) -> list[Stack]:
    """One stack of so many frames, which narrows a little with each."""
    frames = tuple(f"level_{place} (workloads/deep/case.py)" for place in range(depth))
    return [(frames[: place + 1], 1.0 * US) for place in range(depth)]


def wide(nodes: int) -> list[Stack]:
    """Stacks of about so many frames in all, every one wide enough to be drawn: chains of three side by side."""
    return [
        (
            tuple(f"{kind}_{place:04d} (torch/nn/modules/module_{place % 40:02d}.py)" for kind in ("a", "b", "c")),
            1.0 * US,
        )
        for place in range(nodes // 3)
    ]
