"""transfer: the very bytes, on the other side, in memory of their own."""

from __future__ import annotations

import pytest
import torch

from bench.measure.context import CaseContext, Skip
from workloads import transfer

BOTH = pytest.mark.parametrize("make", [transfer.h2d, transfer.d2h])
MEMORIES = ("pageable", "pinned", "non_blocking")


@pytest.fixture
def pinning(monkeypatch):
    """As if the CPU were a device to pin memory for: what is timed can then be followed without one."""
    full = torch.full
    monkeypatch.setattr(transfer, "need_gpu", lambda ctx, memory: None)
    monkeypatch.setattr(torch.Tensor, "pin_memory", torch.Tensor.clone)
    monkeypatch.setattr(torch, "full", lambda *args, pin_memory, **rest: full(*args, **rest))


@BOTH
def test_on_the_cpu_the_bytes_are_really_copied(opened, make):
    case = opened(make, memory="pageable", size=32)
    first, second = case.run(), case.run()
    assert torch.equal(first, second)
    assert first.data_ptr() != second.data_ptr()


@BOTH
def test_a_transfer_that_hands_the_same_tensor_back_is_refused(opened, monkeypatch, make):
    monkeypatch.setattr(torch.Tensor, "to", lambda self, *_, **__: self)
    case = opened(make, memory="pageable", size=32)
    assert case.error(case.run()) > 1


@BOTH
@pytest.mark.parametrize("memory", MEMORIES)
def test_one_wrong_bit_is_refused(opened, pinning, make, memory):
    case = opened(make, memory=memory, size=32)
    out = case.run().clone()
    assert case.error(out) == 0
    out.view(torch.int32)[31, 31] ^= 1
    assert case.error(out) > 1


@BOTH
def test_another_dtype_and_another_shape_are_refused(opened, make):
    case = opened(make, memory="pageable", size=32)
    assert case.error(case.run().double()) > 1
    assert case.error(case.run()[:31]) > 1


@BOTH
@pytest.mark.parametrize("memory", ["pinned", "non_blocking"])
def test_without_a_gpu_there_is_nothing_to_pin_memory_for(context, make, memory):
    with pytest.raises(Skip, match=f"memory={memory} .* device=cpu is none"):
        make(context(), memory, 32)


@pytest.mark.parametrize("memory", ["pinned", "non_blocking"])
def test_one_buffer_is_filled_in_every_step(opened, pinning, memory):
    case = opened(transfer.d2h, memory=memory, size=32)
    first, second = case.run(), case.run()
    assert first is second
    assert case.error(second) == 0


@pytest.mark.parametrize("memory", ["pinned", "non_blocking"])
def test_a_step_that_moves_nothing_is_refused_even_after_one_that_did(opened, pinning, memory):
    case = opened(transfer.d2h, memory=memory, size=32)
    buffer = case.run()
    assert case.error(buffer) == 0
    assert case.error(buffer) > 1


@BOTH
def test_the_bytes_that_are_moved_are_the_work(opened, make):
    work = opened(make, memory="pageable", size=1000, dtype=torch.float64).prepared.work
    assert (work.bytes, work.items, work.unit) == (8_000_000, 8_000_000, "byte")


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("memory", MEMORIES)
@BOTH
def test_on_a_gpu_the_bytes_arrive_on_the_other_side(make, memory):
    ctx = CaseContext(torch.device("cuda", 0), torch.float32, "eager", 0, "transfer/any[device=cuda]")
    prepared = make(ctx, memory, 1000)
    for _ in range(3):
        out = prepared.step()
        torch.cuda.synchronize()
        assert out.is_cuda is (make is transfer.h2d)
        assert prepared.check(out) == 0
    if make is transfer.d2h:
        assert out.is_pinned() is (memory != "pageable")
