"""checkpoints: save and load."""

from __future__ import annotations

import io
import math
import pickle
from pathlib import Path

import pytest
import torch
from torch import nn, optim

from workloads import checkpoints
from workloads._course import MOONS_WEIGHTS, Classifier, classifier
from workloads._data import moons

EVERY = pytest.mark.parametrize("what", ["state_dict", "whole_model", "checkpoint", "torchscript", "exported"])
BOTH = pytest.mark.parametrize("make", [checkpoints.save, checkpoints.load], ids=["save", "load"])
MEDIA = pytest.mark.parametrize("medium", ["file", "memory"])


@pytest.fixture
def folder(monkeypatch, tmp_path) -> Path:
    """Where temporary folders are made."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


# --- each of them, written and read ---------------------------------------------------------------------------------


@EVERY
@BOTH
@MEDIA
def test_every_weight_is_found_again(opened, make, what, medium):
    case = opened(make, what=what, medium=medium)
    out = case.run()
    assert case.error(out) <= 1
    assert sum(value.numel() for name, value in out.items() if name.startswith("fc")) == MOONS_WEIGHTS


@EVERY
@BOTH
def test_it_holds_in_double_precision(opened, make, what):
    case = opened(make, what=what, medium="memory", dtype=torch.float64)
    out = case.run()
    assert case.error(out) <= 1
    assert out["fc1.weight"].dtype == torch.float64


@BOTH
def test_it_holds_over_seeds(opened, make):
    errors = []
    for seed in range(20):
        case = opened(make, what="whole_model", medium="memory", seed=seed)
        errors.append(case.error(case.run()))
    assert max(errors) < 0.1


def test_the_weights_are_those_of_one_step_of_adam_by_hand(opened, context):
    ctx = context()
    data, net = moons(ctx), classifier(ctx)
    before = net.fc3.bias.item()
    torch.manual_seed(0)
    nn.BCELoss()(net(data.x_train), data.y_train).backward()
    # the first step of Adam is lr times the sign of the gradient
    after = before - 0.001 * math.copysign(1, net.fc3.bias.grad.item())
    out = opened(checkpoints.save, what="state_dict", medium="memory").run()
    assert out["fc3.bias"].item() == pytest.approx(after, rel=1e-6)


@BOTH
def test_a_checkpoint_has_what_training_goes_on_with(opened, make):
    out = opened(make, what="checkpoint", medium="memory").run()
    moments = [out[f"{name} of {index}"] for name in ("exp_avg", "exp_avg_sq") for index in range(6)]
    assert sum(moment.numel() for moment in moments) == 2 * MOONS_WEIGHTS
    assert all(moment.any() for moment in moments)
    assert {out[f"step of {index}"].item() for index in range(6)} == {1}
    assert out["epoch"] == 1
    assert 0.6 < out["loss"].item() < 0.8  # an untrained net guesses: log 2


def test_training_that_goes_on_from_a_checkpoint_takes_the_step_it_would_have_taken(context):
    ctx = context()
    example = checkpoints.Example(ctx, "checkpoint")
    target = io.BytesIO()
    example.kind.write(target)
    target.seek(0)
    resumed = example.kind.read(target)
    data = moons(ctx)
    weights = []
    for model, optimizer in (
        (example._training.model, example._training.optimizer),
        (resumed.model, resumed.optimizer),
    ):
        torch.manual_seed(5)
        loss = nn.BCELoss()(model(data.x_train), data.y_train)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        weights.append(nn.utils.parameters_to_vector(model.parameters()))
    assert torch.equal(*weights)


@EVERY
def test_what_a_step_costs_has_no_fetching_in_it(opened, what):
    out = opened(checkpoints.load, what=what, medium="memory").run()
    assert "_found" not in vars(out)
    len(out)
    assert "_found" in vars(out)


def test_the_stated_work_is_each_number_read_and_written(opened):
    sizes = [opened(checkpoints.save, what=what, medium="memory") for what in ("state_dict", "checkpoint")]
    assert [case.prepared.work.bytes for case in sizes] == [2 * 4 * MOONS_WEIGHTS, 3 * 2 * 4 * MOONS_WEIGHTS]


def test_a_file_is_no_smaller_than_half_the_stated_work(opened, folder):
    for what in ("state_dict", "checkpoint"):
        case = opened(checkpoints.save, what=what, medium="file")
        case.run()
        (file,) = folder.rglob("*.pth")
        assert file.stat().st_size >= case.prepared.work.bytes / 2
        file.unlink()


# --- files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("state_dict", "model_weights.pth"),
        ("whole_model", "complete_model.pth"),
        ("checkpoint", "checkpoint.pth"),
    ],
)
def test_files_have_the_names_of_the_course(opened, folder, what, name):
    case = opened(checkpoints.save, what=what, medium="file")
    case.run()
    assert [path.name for path in folder.rglob("*.*") if path.is_file()] == [name]


@BOTH
@MEDIA
def test_closing_leaves_no_file(opened, folder, make, medium):
    case = opened(make, what="state_dict", medium=medium)
    case.run()
    case.prepared.close()
    assert list(folder.iterdir()) == []


def test_what_was_written_can_be_looked_at_when_the_case_is_gone(opened, folder):
    case = opened(checkpoints.save, what="state_dict", medium="file")
    out = case.run()
    del case
    assert len(out) > 0


def test_memory_writes_no_file(opened, folder):
    opened(checkpoints.save, what="state_dict", medium="memory").run()
    assert [path for path in folder.rglob("*") if path.is_file()] == []


# --- mistakes -------------------------------------------------------------------------------------------------------


@EVERY
@BOTH
def test_a_weight_that_differs_by_its_last_bit_is_refused(opened, make, what):
    case = opened(make, what=what, medium="memory")
    out = dict(case.run())
    bias = out["fc3.bias"]
    assert case.error(out) <= 1
    assert case.error({**out, "fc3.bias": torch.nextafter(bias, bias + 1)}) == math.inf


@pytest.mark.parametrize("name", ["exp_avg of 0", "exp_avg_sq of 5", "step of 3", "epoch", "loss"])
def test_anything_else_of_a_checkpoint_that_differs_is_refused(opened, name):
    case = opened(checkpoints.load, what="checkpoint", medium="memory")
    out = dict(case.run())
    assert case.error({**out, name: out[name] + 1}) == math.inf
    del out[name]
    assert case.error(out) == math.inf


def test_weights_of_another_type_are_refused_though_their_values_are_equal(opened):
    case = opened(checkpoints.load, what="state_dict", medium="memory")
    out = dict(case.run())
    assert case.error({**out, "fc1.weight": out["fc1.weight"].double()}) == math.inf


def test_weights_of_another_shape_are_refused_though_their_bytes_are_equal(opened):
    case = opened(checkpoints.load, what="state_dict", medium="memory")
    out = dict(case.run())
    assert case.error({**out, "fc1.weight": out["fc1.weight"].reshape(2, 32)}) == math.inf


@pytest.mark.parametrize("what", ["state_dict", "whole_model"])
def test_a_net_that_was_left_in_training_mode_is_refused(opened, monkeypatch, what):
    case = opened(checkpoints.load, what=what, medium="memory")
    monkeypatch.setattr(Classifier, "eval", Classifier.train)
    assert case.error(case.run()) > 1


def test_a_net_whose_weights_were_never_loaded_is_refused(opened, monkeypatch):
    case = opened(checkpoints.load, what="state_dict", medium="memory")
    monkeypatch.setattr(Classifier, "load_state_dict", lambda self, state: None)
    assert case.error(case.run()) == math.inf


def test_an_adam_whose_state_was_never_loaded_is_refused(opened, monkeypatch):
    case = opened(checkpoints.load, what="checkpoint", medium="memory")
    monkeypatch.setattr(optim.Adam, "load_state_dict", lambda self, state: None)
    assert case.error(case.run()) == math.inf


def test_a_step_that_writes_nothing_is_refused_though_an_earlier_one_wrote(opened, monkeypatch):
    case = opened(checkpoints.save, what="state_dict", medium="file")
    assert case.error(case.run()) <= 1
    monkeypatch.setattr(torch, "save", lambda value, target: None)
    assert case.error(case.run()) == math.inf


# --- what broke since -----------------------------------------------------------------------------------------------


def test_loading_a_whole_model_raises_unless_it_is_trusted(tmp_path):
    file = tmp_path / "complete_model.pth"
    torch.save(Classifier(), file)
    with pytest.raises(pickle.UnpicklingError, match="weights_only"):
        torch.load(file)
    assert isinstance(torch.load(file, weights_only=False), Classifier)


def test_the_lines_of_the_course_that_load_still_run(tmp_path):
    model = Classifier()
    optimizer = optim.Adam(model.parameters())
    loss = nn.BCELoss()(model(torch.randn(4, 2)), torch.ones(4, 1))
    loss.backward()
    optimizer.step()
    checkpoint = {
        "epoch": 1,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "loss": loss,
    }
    torch.save(model.state_dict(), tmp_path / "model_weights.pth")
    torch.save(checkpoint, tmp_path / "checkpoint.pth")
    model.load_state_dict(torch.load(tmp_path / "model_weights.pth"))
    checkpoint = torch.load(tmp_path / "checkpoint.pth")
    model.load_state_dict(checkpoint["model_state_dict"])
    optimizer.load_state_dict(checkpoint["optimizer_state_dict"])
    assert checkpoint["loss"].item() == loss.item()
