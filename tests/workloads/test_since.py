"""What broke since the course was written: each claim of a `Since:` section, held against the installed torch.

A claim that becomes false names the docstring to mend, from which the lesson page is made. The last tests hold the
other side: what no section mentions still runs, without a warning.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import nn, optim
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR

from bench.plan.catalog import find
from bench.plan.since_claims import TESTED, Release, claims_of, release_of, said_of

SINCE = {item.name: item.sections["Since"] for item in find().values() if "Since" in item.sections}
ROWS = torch.ones(3, 2)
RELEASE = release_of(torch.__version__)


class Claim(NamedTuple):
    """What sections say by `words`: held where `holds` ends without an error."""

    words: str
    workloads: tuple[str, ...]
    holds: Callable[[Path], None]
    oldest: Release = TESTED[0]
    newest: Release | None = None
    """The releases of torch of which it is said; None for all newer ones too."""


class Net(nn.Module):
    """At the top level of the module, as pickle asks."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.line(x)


def adam(net: nn.Module) -> optim.Adam:
    return optim.Adam(net.parameters(), lr=0.001)


def warned(call: Callable[[], Any]) -> set[type[Warning]]:
    """The kinds of warning a call gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return {each.category for each in caught}


@contextmanager
def no_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def plateau_takes_no_verbose(folder: Path) -> None:
    with pytest.raises(TypeError, match="verbose"):
        ReduceLROnPlateau(adam(Net()), mode="min", factor=0.5, patience=10, verbose=True)
    with no_warning():  # the cure
        scheduler = ReduceLROnPlateau(adam(Net()), mode="min", factor=0.5, patience=10)
    assert scheduler.get_last_lr() == [0.001]


def a_whole_model_is_refused(folder: Path) -> None:
    net = Net()
    torch.save(net, folder / "whole.pth")
    with pytest.raises(pickle.UnpicklingError, match="weights_only"):
        torch.load(folder / "whole.pth")
    with no_warning():  # the cure
        again = torch.load(folder / "whole.pth", weights_only=False)
    assert torch.equal(again.line.weight, net.line.weight)


Warned = type[Warning]


def script_gives(kind: Warned, folder: Path) -> None:
    assert kind in warned(lambda: torch.jit.script(Net()))


def trace_gives(kind: Warned, folder: Path) -> None:
    assert kind in warned(lambda: torch.jit.trace(Net(), ROWS))


def freeze_gives(kind: Warned, folder: Path) -> None:
    program = silent(lambda: torch.jit.script(Net().eval()))
    assert kind in warned(lambda: torch.jit.freeze(program))


def saving_a_program_gives(kind: Warned, folder: Path) -> None:
    program = silent(lambda: torch.jit.script(Net()))
    assert kind in warned(lambda: torch.jit.save(program, folder / "program.pt"))
    export_is_not(folder)


def loading_a_program_gives(kind: Warned, folder: Path) -> None:
    silent(lambda: torch.jit.save(torch.jit.script(Net()), folder / "program.pt"))
    assert kind in warned(lambda: torch.jit.load(folder / "program.pt"))
    export_is_not(folder)


def export_is_not(folder: Path) -> None:
    """The cure: an exported program is saved and loaded without a warning, and answers as the net does."""
    net = Net()
    with no_warning():
        torch.export.save(torch.export.export(net, (ROWS,)), folder / "program.pt2")
        again = torch.export.load(folder / "program.pt2")
    torch.testing.assert_close(again.module()(ROWS), net(ROWS))


def silent(call: Callable[[], Any]) -> Any:
    """What the call returns; its warnings are not asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call()


TORCHSCRIPT = ("torchscript/inference",)
LOADING, SAVING = ("checkpoints/load",), ("checkpoints/save",)
DEPRECATED: dict[str, tuple[tuple[str, ...], Callable[[Warned, Path], None]]] = {
    "torch.jit.script": (TORCHSCRIPT, script_gives),
    "torch.jit.trace": (TORCHSCRIPT, trace_gives),
    "torch.jit.freeze": (TORCHSCRIPT, freeze_gives),
    "torch.jit.save": (SAVING, saving_a_program_gives),
    "torch.jit.load": (LOADING, loading_a_program_gives),
}
"""By name what is deprecated, who says so, and how a warning of some kind is seen."""


def deprecations(kind: Warned, oldest: Release, newest: Release | None) -> dict[str, Claim]:
    """The claims that each of `DEPRECATED` gives that kind of warning on those releases."""
    return {
        f"{name} gives a {kind.__name__}": Claim(name, workloads, partial(gives, kind), oldest, newest)
        for name, (workloads, gives) in DEPRECATED.items()
    }


CLAIMS = {
    "ReduceLROnPlateau refuses verbose": Claim("verbose", ("schedulers/step",), plateau_takes_no_verbose),
    "torch.load refuses a whole model": Claim("weights_only=False", LOADING, a_whole_model_is_refused),
    **deprecations(DeprecationWarning, (2, 13), (2, 13)),
    **deprecations(FutureWarning, (2, 14), None),
}


def hold(name: str, claim: Claim, folder: Path) -> None:
    """Fails where the claim is not so on the installed torch, and says what to mend; skips where it is of others."""
    if claim.oldest > RELEASE or (claim.newest is not None and claim.newest < RELEASE):
        last = ".".join(map(str, claim.newest)) if claim.newest else "newer"
        pytest.skip(f"of torch {'.'.join(map(str, claim.oldest))} to {last}, not of {torch.__version__}: {name}")
    try:
        claim.holds(folder)
    except (Exception, pytest.fail.Exception) as error:
        pages = " and ".join(sorted({f"docs/lessons/{each.partition('/')[0]}.md" for each in claim.workloads}))
        pytest.fail(
            f"with torch {torch.__version__} it is not so that {name} ({error!r}): mend the section 'Since:' of "
            f"{' and '.join(claim.workloads)}, then run make lessons, which writes {pages}"
        )


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_holds_on_the_installed_torch(name: str, tmp_path: Path) -> None:
    hold(name, CLAIMS[name], tmp_path)


@pytest.mark.parametrize(("name", "workload"), [(name, each) for name in CLAIMS for each in CLAIMS[name].workloads])
def test_the_section_of_a_workload_tells_the_claim_of_its_releases(name: str, workload: str) -> None:
    claim = CLAIMS[name]
    for release in TESTED:
        told = [text for text in said_of(SINCE.get(workload, "no section"), release) if claim.words in text]
        ours = claim.oldest <= release and (claim.newest is None or release <= claim.newest)
        if "Warning" not in name:
            assert bool(told) is ours
        else:
            assert bool([text for text in told if name.split()[-1] in text]) is ours


@pytest.mark.parametrize("workload", SINCE)
def test_every_paragraph_of_a_section_is_held_by_a_claim_of_the_same_releases(workload: str) -> None:
    held = [claim for claim in CLAIMS.values() if workload in claim.workloads]
    for said in claims_of(SINCE[workload]):
        assert [each for each in held if each.words in said.text and each[3:] == (said.oldest, said.newest)]


def test_a_claim_that_became_false_names_the_section_and_the_page_to_mend(tmp_path: Path) -> None:
    claim = Claim("", ("checkpoints/load",), lambda folder: pytest.fail("it did not raise"))
    with pytest.raises(
        pytest.fail.Exception, match=r"it did not raise.*of checkpoints/load, .*docs/lessons/checkpoints\.md"
    ):
        hold("it raises", claim, tmp_path)


@pytest.mark.parametrize(("oldest", "newest"), [((99, 0), None), ((1, 0), (1, 13))])
def test_a_claim_about_another_torch_is_skipped_by_name(
    tmp_path: Path, oldest: Release, newest: Release | None
) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"of torch \d+.* to .*: it raises"):
        hold("it raises", Claim("", ("checkpoints/load",), lambda folder: None, oldest, newest), tmp_path)


# --- what no section mentions ---------------------------------------------------------------------------------------


def tensors(folder: Path) -> None:
    made = [torch.tensor([1, 2, 3]), torch.zeros(3, 4), torch.ones(2, 3), torch.randn(2, 3)]
    assert [each.dtype for each in made] == [torch.int64, *[torch.float32] * 3]
    assert torch.from_numpy(np.array([1, 2, 3])).numpy().tolist() == [1, 2, 3]
    assert torch.mm(made[2].T, made[3]).view(-1, 1).shape == (9, 1)
    assert torch.sin(torch.randn(3, device=torch.device("cpu"))).to("cpu").shape == (3,)


def plot_of_a_derivative(folder: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    x = torch.linspace(-5, 5, 100, requires_grad=True)
    y = torch.sin(x) + x**2 / 10
    y.sum().backward()
    pyplot.figure(figsize=(12, 5))
    pyplot.subplot(1, 2, 2)
    assert x.grad is not None
    pyplot.plot(x.detach().numpy(), x.grad.numpy())
    pyplot.title("f'(x)")
    pyplot.close()


def regression(folder: Path) -> None:
    from sklearn.model_selection import train_test_split

    grid = np.linspace(-5, 5, 40).reshape(-1, 2)
    parts = train_test_split(torch.FloatTensor(grid), torch.FloatTensor(grid[:, :1]), test_size=0.2, random_state=42)
    assert [type(part) for part in parts] == [torch.Tensor] * 4
    net = Net()
    optimizer = adam(net)
    loss = nn.MSELoss()(net(parts[0]), parts[2])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    assert np.isfinite(loss.item())
    assert "Linear" in str(net.eval())


def classification(folder: Path) -> None:
    from sklearn.datasets import make_moons
    from sklearn.metrics import classification_report, confusion_matrix
    from sklearn.preprocessing import StandardScaler

    x, y = make_moons(n_samples=40, noise=0.1, random_state=42)
    rows = torch.FloatTensor(StandardScaler().fit_transform(x))
    targets = torch.FloatTensor(y).view(-1, 1)
    chances = nn.Sequential(Net(), nn.Dropout(0.3), nn.Sigmoid())(rows)
    nn.BCELoss()(chances, targets).backward()
    found = (chances > 0.5).float().numpy()  # a column of numbers each, as the course hands them over
    assert confusion_matrix(targets.numpy(), found).shape == (2, 2)
    assert "recall" in classification_report(targets.numpy(), targets.numpy())


def batches(folder: Path) -> None:
    from torch.utils.data import DataLoader, TensorDataset

    rows = TensorDataset(torch.randn(40, 2), torch.randn(40, 1))
    assert len([x for x, _ in DataLoader(rows, batch_size=32, shuffle=True)]) == 2


def rate_by_steps(folder: Path) -> None:
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = StepLR(optimizer, step_size=30, gamma=0.1)
    for _ in range(31):
        optimizer.step()
        scheduler.step()
    assert scheduler.get_last_lr() == pytest.approx([0.01])


def weights_and_checkpoint(folder: Path) -> None:
    net = Net()
    optimizer = adam(net)
    loss = net(torch.ones(3, 2)).sum()
    loss.backward()
    optimizer.step()
    torch.save(net.state_dict(), folder / "weights.pth")
    net.load_state_dict(torch.load(folder / "weights.pth"))
    both = {"model": net.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({"epoch": 1, "loss": loss, **both}, folder / "checkpoint.pth")
    checkpoint = torch.load(folder / "checkpoint.pth")
    optimizer.load_state_dict(checkpoint["optimizer"])
    assert checkpoint["loss"].item() == loss.item()


@pytest.mark.parametrize(
    "lines",
    [tensors, plot_of_a_derivative, regression, classification, batches, rate_by_steps, weights_and_checkpoint],
    ids=lambda lines: lines.__name__,
)
def test_the_other_lines_of_the_course_run_without_a_warning(lines: Callable[[Path], None], tmp_path: Path) -> None:
    # Where one fails on a newer torch, that is something more that broke: a section and a claim are missing.
    with no_warning():
        lines(tmp_path)
