"""matmul: the product, the sampled check, and the way to the device and back."""

from __future__ import annotations

import pytest
import torch

from workloads import matmul


def test_the_product_is_that_of_the_whole_matrices(context):
    ctx = context()
    a, b = ctx.randn(64, 64), ctx.randn(64, 64)
    assert torch.allclose(matmul.square(context(), 64).step().double(), a.double() @ b.double(), atol=1e-4)


def test_the_check_samples_64_different_rows(context):
    a, b = torch.eye(1000), torch.eye(1000)
    check = matmul.sampled_rows(context(), a, b)
    noticed = 0
    for row in range(1000):
        wrong = torch.eye(1000)
        wrong[row] = 0
        noticed += check(wrong) > 0
    assert noticed == 64


def test_a_product_in_the_wrong_order_is_refused(context):
    ctx = context()
    a, b = ctx.randn(64, 64), ctx.randn(64, 64)
    assert matmul.sampled_rows(ctx, a, b)(b @ a) > 0.1


def test_the_work_of_the_courses_product_is_two_gigaflop(context):
    work = matmul.square(context(), 1000).work
    assert (work.flops, work.bytes) == (2e9, 12e6)


def test_the_round_trip_ends_on_the_host(opened):
    assert opened(matmul.round_trip, size=64).run().device.type == "cpu"


def test_the_phases_in_a_row_are_the_round_trip(opened):
    case = opened(matmul.round_trip, size=64)
    phases = case.prepared.phases
    assert list(phases) == ["to_device", "compute", "to_host"]
    assert torch.equal(torch.mm(*phases["to_device"]()), phases["compute"]())
    assert torch.equal(phases["to_host"](), case.run())


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_on_a_gpu_the_phases_move_what_they_say():
    from bench.measure.author.context import CaseContext

    ctx = CaseContext(torch.device("cuda"), torch.float32, "eager", 0, "matmul/round_trip[device=cuda]")
    phases = matmul.round_trip(ctx, 64).phases
    assert all(factor.is_cuda for factor in phases["to_device"]())
    assert phases["compute"]().is_cuda
    assert not phases["to_host"]().is_cuda


def created(opened, where="device", size=64, **rest):
    return opened(matmul.create_on_device, where=where, size=size, **rest)


def test_drawn_there_or_here_they_are_the_same_numbers_on_the_cpu(opened):
    assert torch.equal(created(opened, "device").run(), created(opened, "host").run())


def test_created_numbers_are_the_same_in_every_step_and_follow_the_seed(opened):
    case = created(opened)
    first = case.run()
    assert torch.equal(case.run(), first)
    assert not torch.equal(created(opened, seed=1).run(), first)


@pytest.mark.parametrize("where", ["device", "host"])
def test_a_generator_that_runs_on_is_refused(opened, where):
    case = created(opened, where)
    assert case.error(case.run()) <= 1
    assert case.error(case.prepared.phases["draw"]()) > 1


def test_one_wrong_number_of_a_draw_is_refused(opened):
    case = created(opened)
    out = case.run()
    out[63, 63] += 0.1
    assert case.error(out) > 1


@pytest.mark.parametrize("twist", [lambda draw: draw + 0.2, lambda draw: 1.2 * draw], ids=["shifted", "stretched"])
def test_numbers_that_are_not_standard_normal_are_refused_even_if_both_generators_agree(opened, monkeypatch, twist):
    randn = torch.randn
    monkeypatch.setattr(torch, "randn", lambda *args, **rest: twist(randn(*args, **rest)))
    case = created(opened)
    assert case.error(case.run()) > 1


def test_the_way_to_the_device_is_a_phase_where_there_is_one(opened):
    assert list(created(opened, "device").prepared.phases) == ["draw"]
    assert list(created(opened, "host").prepared.phases) == ["draw", "to_device"]


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("where", ["device", "host"])
def test_on_a_gpu_the_numbers_end_there(where):
    from bench.measure.author.context import CaseContext

    ctx = CaseContext(torch.device("cuda"), torch.float32, "eager", 0, "matmul/create_on_device[device=cuda]")
    prepared = matmul.create_on_device(ctx, where, 64)
    for _ in range(3):
        out = prepared.step()
        assert out.is_cuda
        assert prepared.check(out) <= 5e-5
    assert prepared.check(out.cpu()) > 1
