"""optimisation: 100 steps of SGD towards a minimum, by each implementation torch has."""

from __future__ import annotations

from importlib import import_module

import pytest
import torch
from torch import optim

from workloads import optimisation

SGD_MODULE = import_module("torch.optim.sgd")  # torch.optim hides it behind the class

every_implementation = pytest.mark.parametrize("implementation", ["for_loop", "foreach", "fused"])


def by_hand() -> list[tuple[float, float]]:
    """The course's loop without torch: x after each step, and f(x) before it."""
    x, course = 0.0, []
    for _ in range(100):
        value = (x - 3) ** 2 + 5
        x -= 0.1 * 2 * (x - 3)
        course.append((x, value))
    return course


@every_implementation
def test_x_ends_where_the_course_says(opened, implementation):
    out = opened(optimisation.minimise, implementation=implementation, parameters=1).run()
    assert out["x"].item() == pytest.approx(3, abs=1e-5)


@every_implementation
def test_the_way_there_is_that_of_the_loop_by_hand(opened, implementation):
    out = opened(optimisation.minimise, implementation=implementation, parameters=1, dtype=torch.float64).run()
    course = by_hand()
    assert out["x"].item() == pytest.approx(course[-1][0], rel=1e-14)
    assert out["shown"].flatten().tolist() == pytest.approx([value for _, value in course[::20]], rel=1e-14)


def test_the_known_answer_is_that_of_the_course():
    assert by_hand()[-1][0] == pytest.approx(3 * (1 - 0.8**100), rel=1e-14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("parameters", [1, 100])
@every_implementation
def test_every_implementation_is_right_time_and_again(opened, implementation, parameters, dtype):
    case = opened(optimisation.minimise, implementation=implementation, parameters=parameters, dtype=dtype)
    assert max(case.error(case.run()) for _ in range(2)) <= 1


def test_every_parameter_has_a_minimum_of_its_own(opened):
    x = opened(optimisation.minimise, implementation="foreach", parameters=100).run()["x"]
    assert torch.allclose(x, 3 + torch.arange(100) / 100)


@pytest.mark.parametrize(
    ("implementation", "kernel"), [("for_loop", "_single_tensor_sgd"), ("foreach", "_multi_tensor_sgd")]
)
def test_the_implementation_is_the_one_that_is_asked_for(opened, monkeypatch, implementation, kernel):
    called = []
    for name in ("_single_tensor_sgd", "_multi_tensor_sgd", "_fused_sgd"):
        honest = getattr(SGD_MODULE, name)
        monkeypatch.setattr(
            SGD_MODULE,
            name,
            lambda *args, name=name, honest=honest, **kwargs: called.append(name) or honest(*args, **kwargs),
        )
    opened(optimisation.minimise, implementation=implementation, parameters=1).run()
    assert set(called) == {kernel}


def test_unasked_torch_takes_the_loop_on_the_cpu(monkeypatch):
    called = []
    monkeypatch.setattr(SGD_MODULE, "_single_tensor_sgd", lambda *_, **__: called.append("loop"))
    x = torch.zeros(1, requires_grad=True)
    optimizer = optim.SGD([x], lr=0.1)
    x.sum().backward()
    optimizer.step()
    assert called == ["loop"]


@pytest.mark.parametrize("name", ["x", "shown"])
def test_x_and_the_values_are_each_held(opened, name):
    case = opened(optimisation.minimise, implementation="for_loop", parameters=1)
    out = case.run()
    out[name] = out[name] * (1 + 10 * case.tolerance)
    assert case.error(out) > 1


def test_a_single_parameter_that_stays_behind_is_refused(opened):
    case = opened(optimisation.minimise, implementation="for_loop", parameters=100)
    out = case.run()
    out["x"][7] = 3.0
    assert case.error(out) > 1


def test_another_learning_rate_is_refused(opened, monkeypatch):
    honest = optim.SGD
    monkeypatch.setattr(optim, "SGD", lambda points, lr, **kwargs: honest(points, lr=0.11, **kwargs))
    case = opened(optimisation.minimise, implementation="for_loop", parameters=1)
    assert case.error(case.run()) > 1


def test_gradients_that_are_not_cleared_are_refused(opened, monkeypatch):
    monkeypatch.setattr(optim.SGD, "zero_grad", lambda *_: None)
    case = opened(optimisation.minimise, implementation="for_loop", parameters=1)
    assert case.error(case.run()) > 1


def test_a_step_that_starts_where_the_last_one_ended_is_refused(opened):
    case = opened(optimisation.minimise, implementation="for_loop", parameters=1)
    case.run()
    assert case.error(case.prepared.step()) > 1


@every_implementation
def test_compiled_steps_are_right_and_compile_once(opened, implementation):
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    case = opened(optimisation.minimise, mode="compile", implementation=implementation, parameters=1)
    assert case.error(case.run()) <= 1
    graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    assert graphs == (1 if implementation == "fused" else 2)
    assert max(case.error(case.run()) for _ in range(3)) <= 1
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == graphs
