"""Timing: clocks, blocks, warm-up, and what disturbs them."""
