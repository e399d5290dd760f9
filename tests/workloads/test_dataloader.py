"""dataloader: three loaders, one order, one answer."""

from __future__ import annotations

from itertools import chain

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from workloads import dataloader

LOADERS = ("dataloader", "sliced", "device_resident")
X = torch.arange(800.0).reshape(-1, 1)


def rows_of(loader_class, batch: int = 32, seed: int = 0) -> list[list[float]]:
    """The rows of each batch of one epoch."""
    loader = loader_class(X, 2 * X, batch, torch.Generator().manual_seed(seed))
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


def test_all_loaders_train_to_the_same_loss(opened):
    losses = {opened(dataloader.epoch, loader=loader, batch=32).run().item() for loader in LOADERS}
    assert len(losses) == 1


@pytest.mark.parametrize("batch", [32, 128, 800])
def test_every_batch_size_of_the_course_trains_right(opened, batch):
    case = opened(dataloader.epoch, loader="sliced", batch=batch)
    assert case.error(case.run()) <= 1


def planted(opened, monkeypatch, twist):
    """The error of an epoch whose order of rows went through `twist`."""
    case = opened(dataloader.epoch, loader="sliced", batch=32)
    honest = torch.randperm
    monkeypatch.setattr(torch, "randperm", lambda *args, **kwargs: twist(honest(*args, **kwargs)))
    return case.error(case.run())


def test_the_plant_itself_does_no_harm(opened, monkeypatch):
    assert planted(opened, monkeypatch, lambda order: order) <= 1


def test_an_epoch_that_sees_a_row_twice_is_refused(opened, monkeypatch):
    assert planted(opened, monkeypatch, lambda order: torch.cat([order[:-1], order[:1]])) > 1


def test_an_epoch_that_misses_a_row_is_refused(opened, monkeypatch):
    assert planted(opened, monkeypatch, lambda order: order[:-1]) > 1


def test_an_epoch_that_does_not_shuffle_is_refused(opened, monkeypatch):
    assert planted(opened, monkeypatch, lambda order: order.sort().values) > 1


def test_a_loader_that_reshuffles_without_reset_is_refused(opened):
    case = opened(dataloader.epoch, loader="dataloader", batch=32)
    case.run()
    assert case.error(case.prepared.step()) > 1
