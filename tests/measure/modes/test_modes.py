import subprocess
import sys

import pytest
import torch

from bench.measure.author.context import CaseContext, Skip
from bench.measure.counting.dynamo_counters import compiled_graphs
from bench.measure.modes import Mode
from bench.measure.modes.graphs import CapturedTensorError, UnsuitedError


def product(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.mm(a, b)


@pytest.fixture
def pair():
    return torch.randn(8, 8), torch.randn(8, 8)


@pytest.fixture
def net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1)).eval()


@pytest.mark.parametrize("name", ["eager", "script", "trace", "export"])
def test_every_mode_computes_the_same(name, pair):
    assert torch.allclose(Mode(name)(product, *pair)(), product(*pair))


@pytest.mark.parametrize("name", ["eager", "script", "trace", "frozen", "export"])
def test_every_mode_computes_the_same_of_a_module(name, net):
    x = torch.randn(5, 4)
    assert torch.allclose(Mode(name)(net, x)(), net(x))


@pytest.mark.parametrize("name", ["eager", "compile", "script", "trace", "frozen", "export", "aoti"])
def test_a_function_without_inputs_is_refused(name):
    with pytest.raises(ValueError, match="needs the inputs"):
        Mode(name)(lambda: torch.ones(3))


@pytest.mark.parametrize("name", ["trace", "export", "aoti"])
def test_tracing_a_captured_tensor_is_refused(name, pair):
    a, b = pair
    with pytest.raises(CapturedTensorError, match=r"captured a tensor of shape \(8, 8\)"):
        Mode(name)(lambda x: torch.mm(x, b), a)


@pytest.mark.parametrize("name", ["export", "aoti"])
def test_exporting_a_function_around_a_module_is_refused_for_its_weights(name, net):
    with pytest.raises(CapturedTensorError, match=r"captured a tensor of shape \(8, 4\)"):
        Mode(name)(lambda x: net(x), torch.randn(5, 4))


def test_the_folded_graph_that_is_refused_would_have_given_the_right_answer(pair):
    # What makes the mistake dangerous: nothing but the time is wrong.
    a, b = pair
    folded = torch.jit.trace(lambda: torch.mm(a, b) + 0, ())
    assert torch.allclose(folded(), torch.mm(a, b))


@pytest.mark.parametrize("name", ["trace", "export"])
def test_numbers_of_the_formula_are_no_captured_tensors(name):
    x = torch.randn(100)
    assert torch.allclose(Mode(name)(lambda t: 2 * t**2 + 5, x)(), 2 * x**2 + 5)


class Shifted(torch.nn.Module):
    """Holds a tensor in each of the ways torch knows of."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(4))
        self.register_buffer("kept", torch.randn(4))
        self.register_buffer("left", torch.randn(4), persistent=False)

    def forward(self, x):
        return self.weight * x + self.kept + self.left


class Furtive(torch.nn.Module):
    """Holds one that torch does not know of: a captured tensor in the clothes of a module."""

    def __init__(self):
        super().__init__()
        self.plain = torch.randn(4)

    def forward(self, x):
        return x + self.plain


@pytest.mark.parametrize("name", ["trace", "export"])
@pytest.mark.parametrize("outer", [lambda inner: inner, torch.nn.Sequential], ids=["itself", "inside another"])
def test_tensors_of_a_module_are_no_captured_tensors(name, outer):
    module, x = outer(Shifted()), torch.randn(2, 4)
    assert torch.allclose(Mode(name)(module, x)(), module(x))


@pytest.mark.parametrize("name", ["trace", "export"])
def test_a_tensor_that_is_neither_parameter_nor_buffer_is_a_captured_one(name):
    with pytest.raises(CapturedTensorError, match=r"shape \(4,\)"):
        Mode(name)(Furtive(), torch.randn(2, 4))


def test_freezing_a_function_is_skipped_since_it_has_no_weights(pair):
    with pytest.raises(UnsuitedError, match="a plain function has none"):
        Mode("frozen")(product, *pair)


def test_freezing_a_module_in_training_is_skipped(net):
    with pytest.raises(UnsuitedError, match="eval mode"):
        Mode("frozen")(net.train(), torch.randn(5, 4))


def test_a_mode_that_is_none_for_the_function_ends_the_case_as_skipped(pair):
    context = CaseContext(torch.device("cpu"), torch.float32, "frozen", 0, "family/workload[]")
    with pytest.raises(Skip, match="mode=frozen makes constants of a module's weights"):
        context.mode(product, *pair)


def test_a_frozen_module_holds_its_weights_as_constants(net):
    x = torch.randn(5, 4)
    call = Mode("frozen")(net, x)
    assert list(call.func.parameters()) == []
    assert "prim::GetAttr" not in str(call.func.graph)
    assert not call().requires_grad  # nor does any gradient reach them


def test_an_exported_program_takes_the_shapes_it_was_exported_for_alone(net):
    call = Mode("export")(net, torch.randn(5, 4))
    with pytest.raises(Exception, match=r"(?i)guard|shape|size"):
        call.func(torch.randn(6, 4))


def test_exporting_has_no_part_in_the_counts_of_dynamo(net):
    before = compiled_graphs()
    Mode("export")(net, torch.randn(5, 4))()
    assert compiled_graphs() == before


def test_the_first_graph_of_a_process_imports_nothing_that_a_rehearsal_has_not():
    # In a process of its own: this one has imported all there is.
    code = """
import sys, torch
from bench.measure.modes import graphs
for name in ("trace", "export"):
    graphs.rehearse(name)
    before = set(sys.modules)
    graphs.build(name, torch.nn.Linear(2, 3).eval(), (torch.zeros(1, 2),))
    print(len(set(sys.modules) - before))
"""
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.split() == ["0", "0"]


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
