"""dataloader: three loaders, one order, one answer; trainings, test passes and datasets that go through them."""

from __future__ import annotations

import multiprocessing
from itertools import chain

import numpy as np
import pytest
import torch
from sklearn.datasets import make_moons
from sklearn.metrics import accuracy_score, log_loss
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset

from bench.measure.author.context import Skip
from workloads import dataloader
from workloads._course import Classifier, classifier
from workloads._data import moons

LOADERS = ("dataloader", "sliced", "device_resident")
X = torch.arange(800.0).reshape(-1, 1)


@pytest.fixture
def epoch(opened):
    """An epoch, of the course's loader where nothing else is said."""

    def open_epoch(loader="dataloader", batch=32, workers=0, pin=False, **options):
        return opened(dataloader.epoch, loader=loader, batch=batch, workers=workers, pin=pin, **options)

    return open_epoch


def rows_of(loader_class, batch: int = 32, seed: int = 0, **options) -> list[list[float]]:
    """The rows of each batch of one epoch."""
    loader = loader_class(X, 2 * X, batch, torch.Generator().manual_seed(seed), **options)
    return [x.flatten().tolist() for x, _ in loader]


both = pytest.mark.parametrize("loader_class", [dataloader.course_loader, dataloader.Slices])


@both
def test_an_epoch_sees_every_row_once(loader_class):
    assert sorted(chain.from_iterable(rows_of(loader_class))) == X.flatten().tolist()


@both
def test_rows_keep_their_targets(loader_class):
    assert all(torch.equal(2 * x, y) for x, y in loader_class(X, 2 * X, 32, torch.Generator()))


@both
@pytest.mark.parametrize(("batch", "last"), [(32, 32), (128, 32), (800, 800)])
def test_batches_are_full_but_for_the_last(loader_class, batch, last):
    *full, rest = rows_of(loader_class, batch)
    assert {len(rows) for rows in full} <= {batch}
    assert len(rest) == last


@both
def test_another_seed_gives_another_order(loader_class):
    assert rows_of(loader_class, seed=1) != rows_of(loader_class, seed=2)


@both
def test_the_next_epoch_has_another_order(loader_class):
    loader = loader_class(X, X, 800, torch.Generator().manual_seed(0))
    (first, _), (second, _) = next(iter(loader)), next(iter(loader))
    assert not torch.equal(first, second)


def test_both_loaders_give_the_same_order():
    assert rows_of(dataloader.course_loader) == rows_of(dataloader.Slices)


def test_the_loader_is_what_the_course_builds():
    course = DataLoader(TensorDataset(X, X), batch_size=32, shuffle=True)
    ours = dataloader.course_loader(X, X, 32, torch.Generator())
    for fact in ("batch_size", "num_workers", "drop_last", "pin_memory", "collate_fn"):
        assert getattr(ours, fact) == getattr(course, fact)
    assert type(ours.sampler) is type(course.sampler)


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing_but_who_fetches(workers):
    assert rows_of(dataloader.course_loader, workers=workers) == rows_of(dataloader.course_loader)


def test_a_loader_draws_nothing_from_the_global_generator():
    torch.manual_seed(0)
    rows_of(dataloader.course_loader)
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(torch.rand(1), drawn)


def test_all_loaders_train_to_the_same_loss(epoch):
    losses = {epoch(loader).run().item() for loader in LOADERS}
    assert len(losses) == 1


@pytest.mark.parametrize("batch", [32, 128, 800])
def test_every_batch_size_of_the_course_trains_right(epoch, batch):
    case = epoch("sliced", batch)
    assert case.error(case.run()) <= 1


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_train_right_epoch_after_epoch(epoch, workers):
    case = epoch(workers=workers)
    assert max(case.error(case.run()) for _ in range(3)) <= 1


def test_no_process_is_left_when_an_epoch_is_over(epoch):
    epoch(workers=2).run()
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(
    ("axes", "reason"),
    [
        ({"loader": "sliced", "workers": 2}, "options of the DataLoader"),
        ({"loader": "device_resident", "pin": True}, "options of the DataLoader"),
        ({"pin": True}, "stays on the CPU"),
    ],
)
def test_what_makes_no_sense_is_skipped_before_anything_is_built(epoch, monkeypatch, axes, reason):
    monkeypatch.delattr(dataloader, "regression_data")
    with pytest.raises(Skip, match=reason):
        epoch(**axes)


def planted(epoch, monkeypatch, twist):
    """The error of an epoch whose order of rows went through `twist`."""
    case = epoch("sliced")
    honest = torch.randperm
    monkeypatch.setattr(torch, "randperm", lambda *args, **kwargs: twist(honest(*args, **kwargs)))
    return case.error(case.run())


def test_the_plant_itself_does_no_harm(epoch, monkeypatch):
    assert planted(epoch, monkeypatch, lambda order: order) <= 1


def test_an_epoch_that_sees_a_row_twice_is_refused(epoch, monkeypatch):
    assert planted(epoch, monkeypatch, lambda order: torch.cat([order[:-1], order[:1]])) > 1


def test_an_epoch_that_misses_a_row_is_refused(epoch, monkeypatch):
    assert planted(epoch, monkeypatch, lambda order: order[:-1]) > 1


def test_an_epoch_that_does_not_shuffle_is_refused(epoch, monkeypatch):
    assert planted(epoch, monkeypatch, lambda order: order.sort().values) > 1


def test_a_loader_that_reshuffles_without_reset_is_refused(epoch):
    case = epoch()
    case.run()
    assert case.error(case.prepared.step()) > 1


# --- time to accuracy -----------------------------------------------------------------------------------------------


@pytest.fixture
def training(opened):
    """A training to the target, in batches of 128 where nothing else is said."""

    def open_training(loader="sliced", batch=128, draw=0, **options):
        return opened(dataloader.time_to_accuracy, loader=loader, batch=batch, draw=draw, **options)

    return open_training


def by_hand(ctx, batch: int, epochs: int, draw: int = 0) -> list[tuple[float, float]]:
    """Test accuracy and last loss of each epoch of the course's loop, written out."""
    data, model = moons(ctx), classifier(ctx, draw)
    criterion, optimizer = torch.nn.BCELoss(), torch.optim.Adam(model.parameters(), lr=0.001)
    torch.manual_seed(ctx.seed + draw)
    found = []
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(800, generator=torch.Generator().manual_seed(ctx.seed + draw + epoch))
        for first in range(0, 800, batch):
            rows = order[first : first + batch]
            loss = criterion(model(data.x_train[rows]), data.y_train[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        predictions = (model(data.x_test) > 0.5).to(ctx.dtype)
        found.append((accuracy_score(data.y_test.numpy(), predictions.numpy()), loss.item()))
    return found


@pytest.mark.parametrize(("batch", "draw"), [(32, 0), (128, 0), (32, 2)])
def test_a_training_is_the_courses_loop_epoch_by_epoch(training, context, batch, draw):
    accuracies, losses = training("dataloader", batch, draw, dtype=torch.float64).run()
    expected = by_hand(context(dtype=torch.float64), batch, len(losses), draw)
    assert accuracies == [accuracy for accuracy, _ in expected]
    assert [loss.item() for loss in losses] == pytest.approx([loss for _, loss in expected], rel=1e-10)


def test_a_training_ends_with_the_first_epoch_at_the_target(training):
    *before, last = training().run()[0]
    assert last >= 0.9
    assert max(before) < 0.9


def test_draws_are_of_other_luck_and_tell_their_course(training):
    cases = [training(batch=32, draw=draw) for draw in (0, 1)]
    courses = [case.run()[0] for case in cases]
    assert courses[0] != courses[1]
    for case, course in zip(cases, courses, strict=True):
        told = case.prepared.quality()
        assert [told[f"test_accuracy_after_{n}"] for n in range(1, len(course) + 1)] == course


def test_all_loaders_take_the_same_way_to_the_target(training):
    ways = [training(loader).run() for loader in LOADERS]
    assert len({tuple(accuracies) for accuracies, _ in ways}) == 1
    assert len({tuple(loss.item() for loss in losses) for _, losses in ways}) == 1


def test_a_second_training_starts_anew_with_the_same_masks(training):
    case = training()
    assert case.error(case.run()) == case.error(case.run()) == 0


def test_a_training_whose_loader_shifts_the_masks_is_refused(training, monkeypatch):
    def careless(*args, **options):
        loader = dataloader.course.course_loader(*args, **options)
        loader.generator = None
        return loader

    monkeypatch.setattr(dataloader, "course_loader", careless)
    case = training("dataloader")
    assert case.error(case.run()) > 1


def test_a_training_whose_net_keeps_its_dropout_in_the_test_is_refused(training, monkeypatch):
    case = training()
    monkeypatch.setattr(Classifier, "train", lambda self, mode=True: self)
    assert case.error(case.run()) > 1


def test_a_training_that_is_an_epoch_short_is_refused(training):
    case = training()
    accuracies, losses = case.run()
    assert case.error((accuracies[:-1], losses[:-1])) > 1


def test_a_training_that_never_reaches_the_target_is_refused(training, monkeypatch):
    monkeypatch.setattr(dataloader, "MOST_EPOCHS", 2)
    case = training()
    found = case.run()
    assert len(found[0]) == 2
    assert case.error(found) > 1


def test_work_is_that_of_the_epochs_it_takes(training):
    case = training(batch=800)
    epochs = len(case.run()[0])
    work = case.prepared.work
    assert work.kernels == 11 * epochs
    assert work.flops == epochs * 2 * ((3 * 592 - 64) * 800 + 592 * 200)
    assert case.prepared.quality()["epochs"] == epochs


# --- the test loader ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [32, 8, 200])
def test_a_test_pass_is_what_scikit_learn_says_of_the_trained_net(opened, context, batch):
    ctx = context(dtype=torch.float64)
    data, model = moons(ctx), classifier(ctx)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    torch.manual_seed(ctx.seed)
    for _ in range(100):
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy(model(data.x_train), data.y_train).backward()
        optimizer.step()
    answers, moon = model.eval()(data.x_test).detach().numpy(), data.y_test.numpy()
    loss, accuracy = opened(dataloader.test_pass, dtype=torch.float64, batch=batch).run()
    assert loss.item() == pytest.approx(log_loss(moon, answers), rel=1e-9)
    assert accuracy.item() == pytest.approx(accuracy_score(moon, answers > 0.5), rel=1e-12)


def test_the_test_loader_is_what_the_course_builds(opened, monkeypatch):
    built = []

    def loader(*args, **options):
        built.append(DataLoader(*args, **options))
        return built[-1]

    monkeypatch.setattr(dataloader, "DataLoader", loader)
    opened(dataloader.test_pass, batch=32)
    assert [len(x) for x, _ in built[0]] == [32] * 6 + [8]
    assert isinstance(built[0].sampler, torch.utils.data.SequentialSampler)


def test_a_test_pass_that_drops_the_last_batch_is_refused(opened, monkeypatch):
    monkeypatch.setattr(dataloader, "DataLoader", lambda *args, **options: DataLoader(*args, drop_last=True, **options))
    case = opened(dataloader.test_pass, batch=32)
    assert case.error(case.run()) > 1


def test_a_test_pass_with_dropout_is_refused(opened, monkeypatch):
    case = opened(dataloader.test_pass, batch=32)
    monkeypatch.setattr(torch.nn.Dropout, "forward", lambda self, x: torch.nn.functional.dropout(x, self.p))
    assert case.error(case.run()) > 1


def test_a_test_pass_records_no_graph(opened):
    assert not any(number.requires_grad for number in opened(dataloader.test_pass, batch=32).run())


def test_a_test_accuracy_out_of_its_range_is_refused(opened, monkeypatch):
    case = opened(dataloader.test_pass, batch=32)
    monkeypatch.setattr(dataloader, "TEST_ACCURACY", (0.95, 1.0))
    assert case.error(case.run()) > 1


# --- a dataset of one's own -----------------------------------------------------------------------------------------

forms = pytest.mark.parametrize("form", ["per_row", "batched"])


def test_both_forms_give_the_same_batches(opened):
    one, other = (opened(dataloader.custom_dataset, form=form, batch=32).run() for form in ("per_row", "batched"))
    for (x, y), (same_x, same_y) in zip(one, other, strict=True):
        assert torch.equal(x, same_x)
        assert torch.equal(y, same_y)


@forms
@pytest.mark.parametrize("batch", [32, 800])
def test_batches_of_transformed_rows_are_full_and_of_the_cases_dtype(opened, form, batch):
    batches = opened(dataloader.custom_dataset, form=form, batch=batch).run()
    assert {(x.shape, y.shape) for x, y in batches} == {((batch, 2), (batch, 1))}
    assert {part.dtype for pair in batches for part in pair} == {torch.float32}


@forms
def test_every_point_comes_once_scaled_as_scikit_learn_scales_and_with_fresh_noise(opened, form):
    raw, moon = make_moons(n_samples=800, noise=0.1, random_state=42)
    batches = opened(dataloader.custom_dataset, form=form, batch=32, dtype=torch.float64, seed=5).run()
    x, y = (torch.cat(parts).numpy() for parts in zip(*batches, strict=True))
    order = torch.randperm(800, generator=torch.Generator().manual_seed(5)).numpy()
    noise = (x - StandardScaler().fit_transform(raw)[order]) / 0.05
    np.testing.assert_array_equal(y.flatten(), moon[order])
    np.testing.assert_allclose(noise.flatten(), np.random.default_rng(5).standard_normal(1600), atol=1e-9)


@pytest.mark.parametrize(("form", "fetches"), [("per_row", 800), ("batched", 25)])
def test_a_batch_is_fetched_by_row_or_at_once(opened, monkeypatch, form, fetches):
    case = opened(dataloader.custom_dataset, form=form, batch=32)
    honest, seen = dataloader.Moons.__getitem__, []
    monkeypatch.setattr(dataloader.Moons, "__getitem__", lambda self, rows: seen.append(rows) or honest(self, rows))
    case.run()
    assert len(seen) == fetches


def test_the_next_pass_has_another_order_and_other_noise_and_is_refused_without_reset(opened):
    case = opened(dataloader.custom_dataset, form="per_row", batch=32)
    case.run()
    assert case.error(case.prepared.step()) > 1


@forms
def test_transforms_in_the_wrong_order_are_refused(opened, monkeypatch, form):
    honest = dataloader.Moons.__init__
    monkeypatch.setattr(
        dataloader.Moons, "__init__", lambda self, x, y, scale, jitter, last: honest(self, x, y, jitter, scale, last)
    )
    case = opened(dataloader.custom_dataset, form=form, batch=32)
    assert case.error(case.run()) > 1


def test_targets_of_other_rows_are_refused(opened):
    case = opened(dataloader.custom_dataset, form="per_row", batch=800)
    ((x, y),) = case.run()
    assert case.error([(x, y.flip(0))]) > 1


def test_a_pass_that_misses_a_batch_is_refused(opened):
    case = opened(dataloader.custom_dataset, form="batched", batch=32)
    assert case.error(case.run()[:-1]) > 1
