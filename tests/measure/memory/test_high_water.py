"""memory: the heap, as the C library counts it."""

import pytest
import torch

from bench.measure.memory.high_water import heap_bytes


@pytest.mark.skipif(heap_bytes() is None, reason="this C library does not tell what is in use (glibc 2.33 does)")
def test_a_tensor_counts_while_it_lives_and_not_after():
    before = heap_bytes()
    tensor = torch.ones(10**7)
    with_it = heap_bytes() - before
    del tensor
    assert with_it == pytest.approx(4e7, rel=0.01)
    assert heap_bytes() - before < 1e5
