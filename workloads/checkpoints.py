"""Saving and loading the classifier: five things that can be kept of it, and what each costs to write and to read.

The weights of a small net are some kilobytes, so that its time is the format's: a zip file of many small records, a
pickle, a graph as text. A format decides more than that: what must be there to read it, and whether reading may run the
code of whoever wrote it. `torch.load` of a whole model may; here it reads only files of our own making so.
"""

from __future__ import annotations

import copy
import io
import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import torch
from torch import nn, optim

from bench.workload import Context, Prepared, Work, workload
from workloads._course import MOONS_WEIGHTS, Classifier, Training, classifier, in_float64
from workloads._data import moons

EPOCH = 1
"""Epochs that the saved net was trained for: one gives Adam its moments."""

PREDICTIONS = "predictions"

Target = str | io.BytesIO
"""Where something is written, or read from."""


class Kind(NamedTuple):
    """A thing that can be kept: the name of its file, how it is written, and how it is made again from that."""

    file: str
    write: Callable[[Target], None]
    read: Callable[[Target], Any]


class Resumed(NamedTuple):
    """What a checkpoint gives back: all that training goes on with."""

    model: nn.Module
    optimizer: optim.Optimizer
    epoch: int
    loss: torch.Tensor


class Fetched(Mapping[str, Any]):
    """What a step left in a file or a model, by name; fetched when it is looked at, so that no step pays for it."""

    def __init__(self, fetch: Callable[[], Mapping[str, Any]]) -> None:
        self._fetch = fetch

    @cached_property
    def _found(self) -> Mapping[str, Any]:
        return self._fetch()

    def __getitem__(self, name: str) -> Any:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return repr(dict(self._found))


@workload(
    lesson="Saving and loading models",
    axes={
        "what": ("state_dict", "whole_model", "checkpoint", "torchscript", "exported"),
        "medium": ("file", "memory"),
    },
    quick={"what": ("state_dict", "whole_model", "checkpoint"), "medium": "file"},
)
def save(ctx: Context, what: str, medium: str) -> Prepared:
    """Write the net 2-32-16-1 after one step of Adam: its weights, all of it, or all that training goes on with.

    `medium=file` writes a file in a temporary folder, over that of the step before; `memory` writes to a buffer, and
    what it takes less is the file's. As in the course, nothing is synced (no fsync): the bytes need not have reached a
    disk. Scripting and exporting the net are preparation, untimed.

    Course:
        save the weights; save the whole model; save a checkpoint
    Answer:
        What was written is read again: weights equal to the bit; of a checkpoint also Adam's moments and step counts,
        epoch and loss; of all else its predictions for the 200 test rows against float64. Reading removes the file, so
        that every check sees what the last step wrote.
    Work:
        641 weights, of a checkpoint three times as many numbers (Adam's two moments), each read and written once; one
        item a model.
    Expect:
        The time is the format's: 2.5 kB are copied in less than a microsecond. Measured on one CPU, a buffer takes the
        weights in 0.4 ms, a file in three times that. Each tensor is a record of its own in a zip file, so that a
        checkpoint, with 25 in place of 6, takes some three times as long; the whole model, whose settings are pickled
        beside its weights, twice. An exported program takes tens of milliseconds: its graph is written out as text.
    Since:
        torch 2.13: `torch.jit.save` is deprecated and says so by a `DeprecationWarning`, which Python shows in a
        script alone; the cure is `torch.export.save`.

        torch 2.14 and newer: `torch.jit.save` is deprecated and says so by a `FutureWarning`; on Python 3.14 it is
        "not supported". The cure is `torch.export.save`.
    """
    example = Example(ctx, what)

    def step() -> Fetched:
        target = example.file if medium == "file" else io.BytesIO()
        example.kind.write(target)
        return Fetched(partial(example.read_back, target))

    return Prepared(step=step, check=example.error, work=example.work, close=example.folder.cleanup)


@workload(
    lesson="Saving and loading models",
    axes={
        "what": ("state_dict", "whole_model", "checkpoint", "torchscript", "exported"),
        "medium": ("file", "memory"),
    },
    quick={"what": ("state_dict", "whole_model", "checkpoint"), "medium": "file"},
)
def load(ctx: Context, what: str, medium: str) -> Prepared:
    """Make the net 2-32-16-1 again from what `checkpoints/save` wrote, ready to answer, or a checkpoint to go on.

    Building the net, and for a checkpoint its Adam, is part of the step, as in the course; a whole model, a scripted
    and an exported one bring their own. Tensors go back to the device they were saved from.

    Course:
        load the weights; load a checkpoint
    Answer:
        As for `checkpoints/save`: weights, moments, step counts, epoch and loss equal to the bit; predictions for the
        200 test rows against float64, which a net still in training mode, with its dropout, misses.
    Work:
        641 weights, of a checkpoint three times as many numbers (Adam's two moments), each read and written once; one
        item a model.
    Expect:
        More than saving. Measured on one CPU, the weights take 1.4 ms, of which building the net that they overwrite is
        0.2. Safety costs: the unpickler that takes tensors alone (`weights_only=True`) is written in Python and needs
        twice the time of the one that runs anything, so that a whole model, read by the latter, is there in half the
        time of its weights. A scripted model takes six times the weights and an exported one eighty times, to parse
        their graphs; torch keeps the source of each graph that was exported (7 kB a load, 2.13).
    Since:
        The course saves a whole model and never loads it: `torch.load('complete_model.pth')` raises
        `pickle.UnpicklingError` from torch 2.6 on, where `weights_only=True` became the default. The cure is
        `weights_only=False`, for a file one trusts, or to keep the weights.

        torch 2.13: `torch.jit.load` is deprecated and says so by a `DeprecationWarning`, which Python shows in a
        script alone; the cure is `torch.export.load`.

        torch 2.14 and newer: `torch.jit.load` is deprecated and says so by a `FutureWarning`; on Python 3.14 it is
        "not supported". The cure is `torch.export.load`.
    """
    example = Example(ctx, what)
    buffer = io.BytesIO()
    example.kind.write(example.file if medium == "file" else buffer)
    written = buffer.getvalue()

    def step() -> Fetched:
        source = example.file if medium == "file" else io.BytesIO(written)
        return Fetched(partial(example.contents, example.kind.read(source)))

    return Prepared(step=step, check=example.error, work=example.work, close=example.folder.cleanup)


class Example:
    """A net after one step of Adam, and how one of the five things that can be kept of it is written and read."""

    def __init__(self, ctx: Context, what: str) -> None:
        self._ctx = ctx
        data = moons(ctx)
        self._rows = data.x_test
        self._training = Training(classifier(ctx), nn.BCELoss())
        torch.manual_seed(ctx.seed)  # for the masks of dropout
        self._loss = self._training.update(self._training.model(data.x_train), data.y_train)
        self.kind = self._kind(what)
        # It lives as long as this object, which whoever may still want to read the file holds.
        self.folder = TemporaryDirectory(prefix="checkpoints-")
        self.file = str(Path(self.folder.name, self.kind.file))
        model, optimizer = self._training.model, self._training.optimizer
        kept = self.contents(Resumed(model, optimizer, EPOCH, self._loss) if what == "checkpoint" else model)
        self._expected = {name: bits(value) for name, value in kept.items() if name != PREDICTIONS}
        with torch.no_grad():
            self._exact = in_float64(copy.deepcopy(model)).eval()(in_float64(data.x_test))
        numbers = (3 if what == "checkpoint" else 1) * MOONS_WEIGHTS
        self.work = Work(bytes=2 * numbers * ctx.dtype.itemsize, items=1, unit="model")

    def _kind(self, what: str) -> Kind:
        """How `what` is written and read; the course's own lines, where it has them."""
        model, optimizer = self._training.model, self._training.optimizer
        match what:
            case "state_dict":

                def read_weights(source: Target) -> nn.Module:
                    net = self._unlike()
                    net.load_state_dict(torch.load(source, weights_only=True))
                    return net.eval()

                return Kind("model_weights.pth", lambda target: torch.save(model.state_dict(), target), read_weights)
            case "whole_model":
                return Kind(
                    "complete_model.pth",
                    lambda target: torch.save(model, target),
                    # a file of our own making: unpickling anything but tensors runs whatever the file says
                    lambda source: torch.load(source, weights_only=False).eval(),
                )
            case "checkpoint":

                def write_checkpoint(target: Target) -> None:
                    checkpoint = {
                        "epoch": EPOCH,
                        "model_state_dict": model.state_dict(),
                        "optimizer_state_dict": optimizer.state_dict(),
                        "loss": self._loss,
                    }
                    torch.save(checkpoint, target)

                def read_checkpoint(source: Target) -> Resumed:
                    net = self._unlike()
                    adam = optim.Adam(net.parameters(), lr=0.001)
                    checkpoint = torch.load(source, weights_only=True)
                    net.load_state_dict(checkpoint["model_state_dict"])
                    adam.load_state_dict(checkpoint["optimizer_state_dict"])
                    return Resumed(net, adam, checkpoint["epoch"], checkpoint["loss"])

                return Kind("checkpoint.pth", write_checkpoint, read_checkpoint)
            case "torchscript":
                scripted = torch.jit.script(copy.deepcopy(model).eval())
                return Kind(
                    "scripted_model.pt",
                    lambda target: torch.jit.save(scripted, target),
                    torch.jit.load,
                )
            case "exported":
                program = torch.export.export(copy.deepcopy(model).eval(), (self._rows,), strict=False)
                return Kind(
                    "exported_model.pt2",
                    lambda target: torch.export.save(program, target),
                    lambda source: torch.export.load(source).module(),
                )
        raise AssertionError(what)

    def _unlike(self) -> nn.Module:
        """A net of the same class with weights of its own, to be loaded into."""
        return Classifier().to(self._ctx.device, self._ctx.dtype)

    def contents(self, made: nn.Module | Resumed) -> dict[str, Any]:
        """By name all that is held, of a net or of what training goes on with."""
        if isinstance(made, Resumed):
            moments = {
                f"{name} of {index}": value
                for index, state in made.optimizer.state_dict()["state"].items()
                for name, value in state.items()
            }
            return {**made.model.state_dict(), **moments, "epoch": made.epoch, "loss": made.loss}
        with torch.no_grad():
            return {**made.state_dict(), PREDICTIONS: made(self._rows)}

    def read_back(self, target: Target) -> dict[str, Any]:
        """By name all that was written to `target`, which is gone then; nothing where there is no such file."""
        if isinstance(target, io.BytesIO):
            target.seek(0)
            return self.contents(self.kind.read(target))
        if not Path(target).exists():
            return {}
        found = self.contents(self.kind.read(target))
        Path(target).unlink()
        return found

    def error(self, out: Mapping[str, Any]) -> float:
        """Infinite where a single bit differs; else the error of the predictions, where there are any."""
        found = {name: bits(value) for name, value in out.items() if name != PREDICTIONS}
        if found != self._expected:
            return math.inf
        return self._ctx.relative_error(out[PREDICTIONS], self._exact) if PREDICTIONS in out else 0.0


def bits(value: Any) -> Any:
    """A tensor as its dtype, shape and bytes; anything else as itself."""
    if not isinstance(value, torch.Tensor):
        return value
    return value.dtype, value.shape, value.detach().cpu().numpy().tobytes()
