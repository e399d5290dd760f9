"""transfer: the very bytes, on the other side, in memory of their own."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch

from bench.measure.author.context import CaseContext, Skip
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


# --- overlap --------------------------------------------------------------------------------------------------------


class Stream:
    """Writes down who waits for whom; work itself is done at once."""

    def __init__(self, log=None, name="compute"):
        self.log, self.name = log if log is not None else [], name

    def wait_stream(self, other):
        self.log.append((self.name, other.name))


@pytest.fixture
def streams(monkeypatch, pinning):
    """Streams of a device that the CPU plays, and the log of their waits."""
    log = []
    compute, copies = Stream(log), Stream(log, "copies")
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: compute)
    monkeypatch.setattr(torch.cuda, "Stream", lambda: copies)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: nullcontext())
    return log


@pytest.mark.parametrize("how", ["sequential", "overlapped"])
def test_each_chunk_is_multiplied_after_it_has_arrived(opened, streams, how):
    case = opened(transfer.overlap, how=how, size=16)
    out = case.run()
    assert case.error(out) < 1
    mine = "copies" if how == "overlapped" else "compute"
    # A step's copies wait for the products before, and each product for the copies before it.
    assert streams[: 1 + transfer.CHUNKS] == [(mine, "compute")] + [("compute", mine)] * transfer.CHUNKS


def test_a_chunk_that_did_not_travel_is_refused(opened, streams):
    case = opened(transfer.overlap, how="sequential", size=16)
    assert case.error(case.run()) < 1
    out = case.run()
    out[-1].fill_(float("nan"))
    assert case.error(out) > 1


def test_a_cpu_has_nothing_to_copy_meanwhile(context):
    with pytest.raises(Skip, match="device=cpu is none"):
        transfer.overlap(context(), "overlapped", 16)


# --- reread ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cache", ["warm", "flushed"])
def test_the_sum_is_that_of_the_numbers(opened, cache):
    case = opened(transfer.reread, cache=cache, size=10**4)
    out = case.run()
    assert case.error(out) < 1
    assert case.error(out + 1) > 1


def test_what_is_flushed_is_read_more_slowly_than_what_was_just_read(opened):
    """Compared within the test, by the quickest of many single steps of each in turns."""
    from time import perf_counter_ns

    cases = [opened(transfer.reread, cache=cache, size=10**5).prepared for cache in ("warm", "flushed")]
    times = [[], []]
    for _ in range(30):
        for case, seen in zip(cases, times, strict=True):
            case.reset()
            started = perf_counter_ns()
            case.step()
            seen.append(perf_counter_ns() - started)
    assert min(times[1]) > 1.2 * min(times[0])
