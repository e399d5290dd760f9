import pytest
import torch

from bench.measure.modes import CapturedTensorError, Mode


def product(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.mm(a, b)


@pytest.fixture
def pair():
    return torch.randn(8, 8), torch.randn(8, 8)


@pytest.mark.parametrize("name", ["eager", "script", "trace"])
def test_every_mode_computes_the_same(name, pair):
    assert torch.allclose(Mode(name)(product, *pair)(), product(*pair))


@pytest.mark.parametrize("name", ["eager", "compile", "script", "trace"])
def test_a_function_without_inputs_is_refused(name):
    with pytest.raises(ValueError, match="needs the inputs"):
        Mode(name)(lambda: torch.ones(3))


def test_tracing_a_captured_tensor_is_refused(pair):
    a, b = pair
    with pytest.raises(CapturedTensorError, match=r"captured a tensor of shape \(8, 8\)"):
        Mode("trace")(lambda x: torch.mm(x, b), a)


def test_the_folded_graph_that_is_refused_would_have_given_the_right_answer(pair):
    # What makes the mistake dangerous: nothing but the time is wrong.
    a, b = pair
    folded = torch.jit.trace(lambda: torch.mm(a, b) + 0, ())
    assert torch.allclose(folded(), torch.mm(a, b))


def test_numbers_of_the_formula_are_no_captured_tensors():
    x = torch.randn(100)
    assert torch.allclose(Mode("trace")(lambda t: 2 * t**2 + 5, x)(), 2 * x**2 + 5)


def test_parameters_of_a_traced_module_are_no_captured_tensors():
    net = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU())
    x = torch.randn(2, 4)
    assert torch.allclose(Mode("trace")(net, x)(), net(x))


def test_scripting_a_builtin_says_what_to_write_instead(pair):
    with pytest.raises(ValueError, match="def product"):
        Mode("script")(torch.mm, *pair)


@pytest.mark.parametrize("kind", ["module", "function"])
def test_a_scripted_training_step_leaves_nothing_to_scripted_inference(kind):
    # torch would run the training graph under no_grad: right answer, wrong time.
    def of(net):
        if kind == "module":
            return Mode("script")(net, torch.randn(4, 4))
        return Mode("script")(product, torch.randn(4, 4), net[0].weight)

    def net():
        return torch.nn.Sequential(torch.nn.Linear(4, 4))

    training = of(net())
    for _ in range(4):
        training().sum().backward()
    inference = of(net())
    with torch.no_grad():
        outputs = [inference() for _ in range(4)]
    assert not any(output.requires_grad for output in outputs)


def test_a_scripted_module_trains_the_very_parameters_it_was_given():
    net = torch.nn.Linear(4, 1)
    Mode("script")(net, torch.randn(2, 4))().sum().backward()
    assert net.weight.grad is not None


def test_building_a_graph_is_timed_and_eager_builds_none(pair):
    traced, eager = Mode("trace"), Mode("eager")
    traced(product, *pair)
    eager(product, *pair)
    assert traced.build_ns > 0
    assert eager.build_ns is None


def test_an_unknown_mode_is_refused(pair):
    with pytest.raises(ValueError, match="no execution mode"):
        Mode("jit")(product, *pair)
